"""A conversation under way: everything that a person does, against a scripted engine and a real store."""
from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.scripted import (
    DIED,
    END_THINK,
    BreakableHistory,
    Refusal,
    Reply,
    ScriptedClient,
    advance,
    answered,
    ask,
    client_of,
    count_tokens,
    demo_script,
    finish,
    session,
)
from history.stores import sql
from localthink.chat.asking import Opening
from localthink.chat.session import LEAST_ANSWER, SAVE_SECONDS, Overflow, Session, new_seed
from localthink.chat.settings import ChatSettings
from localthink.engine.messages import Cancel, Loading, Written
from localthink.errors import HistoryError, UsageError
from localthink.history import History
from localthink.records import Generation, Message, Sampling, Tip

FULL = "the disk is full: make room"
NUMBERED = [Reply(f"answer {number}", (f"thought of {number}.",)) for number in range(1, 10)]


@pytest.fixture
def talk(tmp_path) -> Session:
    """Answers are `answer 1`, `answer 2` and so on."""
    return session(tmp_path, ScriptedClient(NUMBERED))


@pytest.fixture
def demo(tmp_path) -> Session:
    """Answers are long, and thought about."""
    return session(tmp_path)


@pytest.fixture
def frail(tmp_path):
    """A store that can be made to fail, and a conversation over it."""
    store = BreakableHistory(tmp_path / "history.sqlite")
    return store, session(None, ScriptedClient(NUMBERED), history=store)


def contents(talk: Session) -> list[str]:
    return [entry.message().content for entry in talk.entries]


def sent(talk: Session) -> list[str]:
    """What the latest Ask had in its messages."""
    return [message.content for message in client_of(talk).asks[-1].messages]


def stored(talk: Session, conversation: int | None = None) -> list:
    """What another program reads in the store."""
    with History(talk.transcript.history._database.path) as other:
        return other.path(conversation or talk.transcript.conversation)


def second_later(talk: Session) -> None:
    client_of(talk).clock.wait(SAVE_SECONDS)
    talk.pump()


# asking


def test_a_question_is_measured_then_asked_then_answered(talk):
    talk.send("one?")
    assert talk.busy and talk.live is None and talk.entries == []
    talk.pump()
    assert contents(talk) == ["one?", ""] and talk.live is talk.entries[1]
    assert talk.prompt_tokens == count_tokens([Message("user", "one?")])
    finish(talk)
    assert contents(talk) == ["one?", "answer 1"] and not talk.busy and talk.live is None
    assert talk.prompt_tokens is None, "what would be sent now is something else"
    assert talk.said == [] and talk.resumable is None


def test_what_is_sent_is_the_conversation_without_its_thinking(talk):
    answered(talk, "one?")
    answered(talk, "two?")
    assert sent(talk) == ["one?", "answer 1", "two?"]


def test_the_system_prompt_goes_before_every_conversation(tmp_path):
    talk = session(tmp_path, ScriptedClient(NUMBERED), settings=ChatSettings(system="Be brief."))
    answered(talk, "one?")
    assert client_of(talk).asks[0].messages == (Message("system", "Be brief."), Message("user", "one?"))
    talk.change(ChatSettings())
    answered(talk, "two?")
    assert sent(talk) == ["one?", "answer 1", "two?"]
    assert [message.role for message in stored(talk)] == ["user", "assistant"] * 2
    assert stored(talk)[1].details["settings"]["system"] == "Be brief."


def test_an_answer_is_asked_for_as_the_settings_say(tmp_path):
    settings = ChatSettings(Generation(Sampling(0.8, 0.9), Tip(1.5, 40), max_thinking=60, max_tokens=200), seed=99)
    talk = session(tmp_path, settings=settings)
    ask(talk, "one?")
    asked = client_of(talk).asks[0]
    assert (asked.generation, asked.seed) == (
        Generation(Sampling(0.8, 0.9), Tip(1.5, 40), max_thinking=60, max_tokens=200), 99)
    finish(talk)
    details = stored(talk)[1].details
    assert details["settings"] == settings.as_object() and details["seed"] == 99 and details["left_out"] == 0
    assert (details["model"], details["quantization"]) == ("scripted", "Q8_0")
    assert talk.entries[1].turn.token_ids.index(END_THINK) <= 60


def test_a_seed_that_was_set_stays_and_else_every_answer_has_a_new_one(talk):
    answered(talk, "one?")
    answered(talk, "two?")
    talk.change(ChatSettings(seed=0))
    answered(talk, "three?")
    talk.regenerate()
    talk.pump()
    assert [asked.seed for asked in client_of(talk).asks] == [1, 2, 0, 0]
    assert [turn.seed for entry in talk.entries if (turn := entry.turn)] == [1, 2, 0]


def test_new_seeds_differ_and_are_small_enough_for_anybody():
    seeds = {new_seed() for _ in range(200)}
    assert len(seeds) > 190 and all(0 <= seed < 2**31 for seed in seeds)


def test_while_one_is_answered_nothing_else_is_asked(demo):
    ask(demo, "one?")
    advance(demo, 10)
    demo.send("two?")
    demo.regenerate()
    demo.edit(demo.entries[0], "other?")
    demo.go_on()
    demo.pump()
    finish(demo)
    assert len(client_of(demo).asks) == 1 and demo.entries[0].content == "one?"


@pytest.mark.parametrize("phase", ["none", "failed"])
def test_without_a_model_nothing_is_asked(tmp_path, phase):
    talk = session(tmp_path, ready=False)
    if phase == "failed":
        talk.load(Opening())
        client_of(talk).die("gone", lasting=True)
        talk.pump()
    assert talk.asker.model.phase == phase
    talk.send("one?")
    assert not talk.busy and talk.entries == [] and talk.returned == "one?"


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("what", ["send", "edit", "regenerate"])
def test_an_engine_that_died_idle_is_opened_again_by_the_next_question(talk, what, heard):
    talk.load(Opening("toy", 2048))
    talk.pump()
    answered(talk, "one?")
    client_of(talk).die()
    if heard:  # or else it is only heard of once the question waits to be measured
        talk.pump()
    {"send": lambda: talk.send("two?"), "edit": lambda: talk.edit(talk.entries[0], "two?"),
     "regenerate": talk.regenerate}[what]()
    for _ in range(3):
        talk.pump()
    finish(talk)
    loads = [order for order in client_of(talk).orders if isinstance(order, Loading)]
    assert loads[-1] == loads[-2] and loads[-1].model == "toy" and len(loads) == 3
    assert contents(talk)[-2:] == ["one?" if what == "regenerate" else "two?", "answer 2"]
    assert talk.said == [] and talk.returned == ""


@pytest.mark.parametrize("lasting", [True, False])
def test_a_question_comes_back_where_its_model_cannot_be_opened_again(talk, lasting):
    answered(talk, "one?")
    client_of(talk).die()
    talk.pump()
    client_of(talk).loads = False
    talk.send("two?")
    client_of(talk).die("the file is gone", lasting=lasting)
    for _ in range(3):
        talk.pump()
    assert not talk.busy and talk.returned == "two?" and client_of(talk).starts == 2
    assert talk.asker.model.reason == "the file is gone" and contents(talk) == ["one?", "answer 1"]


def test_what_the_engine_refuses_ends_with_its_reason_and_can_be_asked_again(tmp_path):
    talk = session(tmp_path, ScriptedClient([Refusal("the template refuses it"), *NUMBERED]))
    ask(talk, "one?")
    talk.pump()
    turn = talk.entries[1].turn
    assert (turn.state, turn.reason) == ("interrupted", "the template refuses it")
    assert stored(talk)[1].state == "interrupted"
    talk.regenerate()
    talk.pump()
    finish(talk)
    assert contents(talk) == ["one?", "answer 1"]


def test_a_question_that_cannot_be_measured_is_not_asked_and_it_is_said_why(talk):
    client_of(talk).count_refusal = "the template refuses it"
    ask(talk, "one?")
    assert talk.said == ["the template refuses it"] and not talk.busy and talk.entries == []
    assert talk.returned == "one?"


def test_a_question_that_is_taken_back_before_it_is_measured_is_not_asked(talk):
    talk.send("one?")
    assert talk.give_up() == "one?"
    assert talk.give_up() == "" and not talk.busy
    talk.pump()
    assert talk.entries == []


def test_another_question_is_not_taken_for_the_one_that_was_measured(tmp_path):
    talk = session(tmp_path, ScriptedClient(NUMBERED, longest=100))
    talk.send("short")
    talk.give_up()
    talk.send("long " * 90)
    talk.pump()
    assert talk.overflow == Overflow(94, 100) and talk.entries == []


# a model that is not there yet


def test_a_question_that_is_asked_while_a_model_loads_waits_for_it(tmp_path):
    talk = session(tmp_path, ScriptedClient(NUMBERED, loads=False))
    assert talk.asker.model.phase == "loading"
    ask(talk, "one?")
    assert talk.busy and talk.entries == [] and client_of(talk).asks == []
    client_of(talk).open()
    talk.pump()
    talk.pump()
    finish(talk)
    assert contents(talk) == ["one?", "answer 1"]


def test_it_waits_for_the_next_where_another_is_loaded_instead(tmp_path):
    talk = session(tmp_path, ScriptedClient(NUMBERED, loads=False))
    talk.send("one?")
    client_of(talk).loads = True
    talk.load(Opening("other"))
    talk.pump()
    talk.pump()
    finish(talk)
    assert contents(talk) == ["one?", "answer 1"]


@pytest.mark.parametrize("how", ["fails", "is ejected"])
def test_where_none_comes_it_is_not_asked_and_that_is_said(tmp_path, how):
    talk = session(tmp_path, ScriptedClient(NUMBERED, loads=False))
    talk.send("one?")
    if how == "fails":
        client_of(talk).die("the file is damaged", lasting=True)
    else:
        talk.eject()
    talk.pump()
    assert not talk.busy and talk.entries == [] and len(talk.said) == 1


def test_loading_that_fails_says_why_and_another_model_can_be_loaded(tmp_path):
    talk = session(tmp_path, ScriptedClient(NUMBERED, loads=False), ready=False)
    talk.load(Opening("toy"))
    client_of(talk).die("the file is damaged", lasting=True)
    talk.pump()
    assert (talk.asker.model.phase, talk.asker.model.reason) == ("failed", "the file is damaged")
    client_of(talk).loads = True
    talk.load(Opening("other"))
    talk.pump()
    answered(talk, "one?")
    assert contents(talk) == ["one?", "answer 1"]


def test_loading_that_is_cancelled_leaves_no_model(tmp_path):
    talk = session(tmp_path, ScriptedClient(NUMBERED, loading=(0.5,), loads=False))
    talk.eject()
    talk.pump()
    assert talk.asker.model.phase == "none" and not client_of(talk).running


# while it writes


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 50, 235])
def test_a_stop_stops_at_once_and_keeps_what_there_is(demo, steps):
    ask(demo, "one?")
    advance(demo, steps)
    turn = demo.live.turn
    before = turn.tokens
    demo.stop()
    demo.pump()
    assert not demo.busy and turn.state == "cancelled" and turn.tokens == before
    message = stored(demo)[1]
    assert (message.state, message.thinking, message.content) == ("cancelled", turn.thinking, turn.answer)
    assert demo.resumable is demo.entries[1]


def test_stopping_where_nothing_is_written_does_nothing(talk):
    talk.stop()
    answered(talk, "one?")
    talk.stop()
    talk.wish("answer")
    assert not any(isinstance(order, Cancel) for order in client_of(talk).orders)
    assert client_of(talk).steers == []


def test_a_wish_said_twice_is_taken_back(demo):
    ask(demo, "one?")
    advance(demo, 10)
    wishes = []
    for wish in ("answer", "answer", "think", "answer", "free"):
        demo.wish(wish)
        wishes.append(demo.live.turn.wish)
    assert wishes == ["answer", "free", "think", "answer", "free"]
    assert [steer.wish for steer in client_of(demo).steers] == wishes


def test_answer_now_answers_soon_and_think_on_thinks_on(demo):
    ask(demo, "one?")
    advance(demo, 10)
    demo.wish("answer")
    finish(demo)
    soon = demo.entries[1].turn
    assert soon.thinking.endswith("33 of them.") and "46" in soon.answer
    client_of(demo)._answered = 0
    demo.regenerate()
    demo.pump()
    advance(demo, 10)
    demo.wish("think")
    advance(demo, 300)
    assert demo.live.turn.phase == "thinking" and len(demo.live.turn.thoughts) > 4
    demo.wish("think")
    finish(demo)
    assert "46" in demo.entries[1].turn.answer
    assert [one["wish"] for one in stored(demo)[1].details["statistics"]["steered"]] == ["think", "free"]


def test_the_penalty_is_turned_while_it_writes_and_other_settings_hold_from_the_next_answer(demo):
    ask(demo, "one?")
    advance(demo, 10)
    demo.change(demo.settings.changed("alpha", math.inf))
    demo.change(ChatSettings(Generation(Sampling(0.9), demo.settings.tip, max_thinking=10), seed=5))
    [steer] = client_of(demo).steers
    assert steer.tip.alpha == math.inf and steer.wish is None
    assert demo.live.turn.alpha == math.inf
    finish(demo)
    turn = demo.entries[1].turn
    assert [(one.position, one.alpha) for one in turn.steered] == [(7, math.inf)] and len(turn.thoughts) == 4
    ask(demo, "two?")
    asked = client_of(demo).asks[-1]
    written = asked.generation
    assert (written.tip.alpha, written.sampling.temperature, written.max_thinking, asked.seed) == (math.inf, 0.9, 10, 5)


def test_settings_that_cannot_be_are_refused_by_name_and_value():
    with pytest.raises(UsageError, match="max-thinking is 0"):
        ChatSettings(Generation(max_thinking=0))
    with pytest.raises(UsageError, match="max-tokens is 0"):
        ChatSettings(Generation(max_tokens=0))
    with pytest.raises(UsageError, match="seed is -1"):
        ChatSettings(seed=-1)
    with pytest.raises(UsageError, match="alpha is -inf"):
        ChatSettings().changed("alpha", -math.inf)
    assert ChatSettings().changed("beta", 0).tip == Tip(beta=0)


def test_an_answer_ends_where_the_context_does(tmp_path):
    talk = session(tmp_path, ScriptedClient(longest=120))
    answered(talk, "one?")
    turn = talk.entries[1].turn
    assert turn.state == "length" and turn.prompt_tokens + turn.tokens == 120
    assert talk.resumable is None


# branches


def test_the_latest_answer_can_be_written_again_beside_the_one_there_is(talk):
    answered(talk, "one?")
    first = talk.entries[1]
    path = talk.path
    talk.regenerate()
    talk.pump()
    finish(talk)
    assert contents(talk) == ["one?", "answer 2"] and talk.entries[1].place == (2, 2) and talk.path > path
    assert first.id in talk.entries[1].siblings
    assert sent(talk) == ["one?"]


def test_a_question_can_be_asked_otherwise_in_its_place(talk):
    answered(talk, "one?")
    answered(talk, "two?")
    talk.edit(talk.entries[0], "uno?")
    talk.pump()
    finish(talk)
    assert contents(talk) == ["uno?", "answer 3"] and sent(talk) == ["uno?"]
    assert talk.entries[0].place == (2, 2)
    assert talk.show_sibling(talk.entries[0], -1)
    assert contents(talk) == ["one?", "answer 1", "two?", "answer 2"] and talk.entries[0].place == (1, 2)
    assert not talk.show_sibling(talk.entries[0], -1)
    answered(talk, "three?")
    assert sent(talk) == ["one?", "answer 1", "two?", "answer 2", "three?"]
    assert contents(talk)[-1] == "answer 4"


def test_no_sibling_is_shown_while_something_is_written(talk):
    answered(talk, "one?")
    talk.regenerate()
    talk.pump()
    assert not talk.show_sibling(talk.entries[1], -1)
    finish(talk)
    path = talk.path
    assert talk.show_sibling(talk.entries[1], -1) and talk.path > path
    assert contents(talk) == ["one?", "answer 1"]


def test_regenerating_nothing_does_nothing(talk):
    talk.regenerate()
    assert not talk.busy


# going on


@pytest.mark.parametrize("how", ["stop", "die"])
@pytest.mark.parametrize("steps", [4, 5, 30, 120, 226, 250])
def test_an_answer_that_ended_early_goes_on_in_its_place_with_the_tokens_it_has(demo, how, steps):
    client = client_of(demo)
    demo.change(ChatSettings(seed=5))
    answered(demo, "one?")
    whole = demo.entries[1].turn
    client._answered = 0
    demo.regenerate()
    demo.pump()
    advance(demo, steps)
    entry, ids = demo.entries[1], tuple(demo.entries[1].turn.token_ids)
    if how == "stop":
        demo.stop()
    else:
        client.die()
    demo.pump()
    assert entry.turn.state == ("cancelled" if how == "stop" else "interrupted")
    assert entry.turn.reason == ("" if how == "stop" else DIED)
    demo.go_on()
    demo.pump()
    assert demo.live is entry is demo.entries[1] and client.asks[-1].prefix.tokens == ids
    assert client.starts == (1 if how == "stop" else 2)
    finish(demo)
    turn = entry.turn
    assert (turn.token_ids, turn.thinking, turn.answer) == (whole.token_ids, whole.thinking, whole.answer)
    assert turn.state == "stop" and turn.reason == ""
    message = stored(demo)[1]
    assert (message.id, message.state, message.content) == (entry.id, "stop", whole.answer)
    assert message.thinking == whole.thinking and entry.place == (2, 2)


def test_going_on_waits_for_a_model_that_is_loading(demo):
    ask(demo, "one?")
    advance(demo, 30)
    client_of(demo).loads = False
    demo.load(Opening())
    demo.pump()
    demo.go_on()
    assert not demo.busy
    client_of(demo).open()
    demo.pump()
    assert demo.live is demo.entries[1] and len(client_of(demo).asks[-1].prefix.tokens) == 27


def test_a_model_that_cannot_be_opened_again_ends_the_wish_to_go_on(demo):
    ask(demo, "one?")
    advance(demo, 30)
    client_of(demo).die()
    client_of(demo).loads = False
    demo.pump()
    demo.go_on()
    client_of(demo).die("the file is gone", lasting=True)
    demo.pump()
    client_of(demo).loads = True
    demo.load(Opening())
    demo.pump()
    assert not demo.busy, "it was another wish"
    demo.go_on()
    assert demo.busy


@pytest.mark.parametrize("leave", ["new", "load", "eject"])
def test_nothing_goes_on_where_the_person_went_elsewhere(demo, leave):
    ask(demo, "one?")
    advance(demo, 30)
    client_of(demo).die()
    client_of(demo).loads = False
    demo.pump()
    demo.go_on()
    if leave == "new":
        demo.new()
        client_of(demo).open()
    else:
        client_of(demo).loads = True
        if leave == "eject":
            demo.eject()
        demo.load(Opening("other"))
    demo.pump()
    demo.pump()
    assert not demo.busy and len(client_of(demo).asks) == 1


def test_another_conversation_does_not_go_on_in_its_place(demo):
    ask(demo, "one?")
    advance(demo, 30)
    demo.stop()
    demo.pump()
    demo.new()
    ask(demo, "two?")
    advance(demo, 30)
    client_of(demo).die()
    client_of(demo).loads = False
    demo.pump()
    demo.go_on()
    demo.open(1)
    assert demo.resumable is not None
    client_of(demo).open()
    demo.pump()
    demo.pump()
    assert not demo.busy and len(client_of(demo).asks) == 2


def test_another_model_writes_the_answer_again_as_it_cannot_read_the_tokens(demo):
    client = client_of(demo)
    ask(demo, "one?")
    advance(demo, 30)
    demo.stop()
    demo.pump()
    client.name = "other"
    demo.load(Opening("other"))
    demo.pump()
    demo.go_on()
    demo.pump()
    assert client.asks[-1].prefix.tokens == () and demo.entries[1].place == (2, 2)
    assert demo.entries[1].details["model"] == "other"


@pytest.mark.parametrize("steps", [0, 3, 60, 240])
def test_an_answer_that_was_left_goes_on_in_a_later_run(tmp_path, steps):
    talk = session(tmp_path)
    ask(talk, "one?")
    advance(talk, steps)
    talk.close()
    later = session(tmp_path)
    later.open(1)
    assert later.resumable is later.entries[1] and not later.busy
    later.go_on()
    later.pump()
    assert client_of(later).asks[-1].prefix.tokens == tuple(talk.entries[1].turn.token_ids)
    assert later.entries[1].place == (1, 1)
    finish(later)
    assert "46" in contents(later)[1]


@pytest.mark.parametrize("change", ["DELETE FROM tokens", "UPDATE messages SET thinking = 'So. ' || thinking",
                                    "UPDATE tokens SET ids = '[1' WHERE start > 0", "DELETE FROM pieces WHERE id = 1",
                                    "DELETE FROM tokens WHERE start = 0", "DELETE FROM tokens WHERE start > 0",
                                    "DROP TABLE tokens"])
def test_tokens_that_do_not_belong_to_the_text_are_not_gone_on_with(tmp_path, change):
    talk = session(tmp_path)
    ask(talk, "one?")
    for _ in range(2):
        advance(talk, 60)
        second_later(talk)
    sql(tmp_path / "history.sqlite", change)
    if "DROP" in change:  # a file of the first version, which kept ids beside the text
        sql(tmp_path / "history.sqlite", "PRAGMA user_version = 1")
        sql(tmp_path / "history.sqlite", "UPDATE messages SET details = json_set(details, '$.token_ids', json('[7]'))")
    later = session(tmp_path)
    later.open(1)
    old = contents(later)[1], later.entries[1].turn.thinking
    later.go_on()
    later.pump()
    assert client_of(later).asks[-1].prefix.tokens == () and later.entries[1].place == (2, 2)
    [said] = later.said
    assert "do not belong to its text: it is written anew, and stays beside that" in said
    finish(later)
    assert "46" in contents(later)[1] and stored_as(later, 2) == old


def stored_as(talk: Session, number: int) -> tuple[str, str]:
    found = next(one for one in talk.transcript.history.messages(1) if one.id == number)
    return found.content, found.thinking


def test_what_is_asked_for_going_on_is_the_prompt_that_it_was_begun_with(demo):
    demo.change(ChatSettings(Generation(think="open"), system="Be brief."))
    ask(demo, "one?")
    advance(demo, 30)
    demo.stop()
    demo.pump()
    demo.change(ChatSettings(Generation(think="free"), system="Be long."))
    demo.go_on()
    first, second = client_of(demo).asks
    assert (first.messages, first.generation.think) == (second.messages, second.generation.think)
    assert first.messages[0].content == "Be brief."


STEPS = st.lists(st.tuples(st.sampled_from(["second", "look", "stop", "die", "kill", "kill"]), st.integers(0, 60)),
                 max_size=12)


@settings(max_examples=60)
@given(STEPS)
@example([("stop", 60), ("second", 40), ("kill", 20), ("second", 20), ("kill", 3)])
def test_however_it_is_cut_off_an_answer_that_goes_on_is_the_undisturbed_one(tmp_path_factory, steps):
    """Stopped, its engine killed, its program killed: in any order, at any token, also while it goes on."""
    folder = tmp_path_factory.mktemp("store")
    whole = session(None)
    answered(whole, "one?")
    talk = session(folder)
    ask(talk, "one?")
    for what, tokens in steps:
        client_of(talk).advance(tokens)
        if what in ("second", "look"):
            second_later(talk) if what == "second" else talk.pump()
            continue
        if what == "kill":
            talk.transcript.history.close()
            talk = session(folder)
            talk.open(1)
        elif what == "die":
            client_of(talk).die()
        else:
            talk.stop()
        talk.pump()
        talk.go_on()
        for _ in range(3):
            talk.pump()
        assert talk.said == [] and talk.entries[1].place == (1, 1)
    finish(talk)
    turn, wanted = talk.entries[1].turn, whole.entries[1].turn
    assert (turn.state, turn.token_ids or wanted.token_ids) == ("stop", wanted.token_ids)
    assert (turn.thinking, turn.answer, turn.tokens) == (wanted.thinking, wanted.answer, wanted.tokens)
    assert [(one.text, one.ticks) for one in turn.thoughts] == [(one.text, one.ticks) for one in wanted.thoughts]
    message = talk.transcript.history.path(1)[1]
    assert (message.content, message.thinking, message.state) == (wanted.answer, wanted.thinking, "stop")


def test_what_ended_by_itself_does_not_go_on(talk):
    talk.go_on()
    answered(talk, "one?")
    talk.go_on()
    assert not talk.busy and len(client_of(talk).asks) == 1


def test_the_next_question_can_be_asked_after_an_answer_that_ended_early(demo):
    ask(demo, "one?")
    advance(demo, 30)
    demo.stop()
    demo.pump()
    answered(demo, "two?")
    assert sent(demo) == ["one?", "", "two?"]
    assert demo.resumable is None


# what does not fit


@pytest.fixture
def tight(tmp_path) -> Session:
    """Three exchanges of 13 tokens, in a context of 150."""
    talk = session(tmp_path, ScriptedClient(NUMBERED, longest=150))
    for number in range(3):
        answered(talk, f"question number {number}")
    return talk


def test_a_question_that_does_not_fit_is_not_sent(tight):
    ask(tight, "word " * 60)
    assert tight.overflow == Overflow(3 * 13 + 64, 150)
    assert tight.busy and tight.live is None and len(tight.entries) == 6 and len(client_of(tight).asks) == 3


def test_it_is_refused_exactly_where_too_little_room_is_left(tight):
    room = 150 - LEAST_ANSWER - 3 * 13 - 4
    ask(tight, "word " * room)
    assert tight.overflow is None and tight.live is not None
    finish(tight)


def test_it_is_taken_back_whole(tight):
    text = "word " * 60
    ask(tight, text)
    assert tight.give_up() == text
    assert tight.overflow is None and not tight.busy and len(tight.entries) == 6
    answered(tight, "short?")
    assert contents(tight)[-1] == "answer 4"


def test_the_oldest_are_left_out_as_many_as_it_takes(tight):
    ask(tight, "word " * 60)
    assert tight.may_drop
    path = tight.path
    tight.drop_oldest()
    while tight.overflow is None and tight.live is None:
        tight.pump()
    assert tight.first == 4 and tight.overflow is None and tight.path > path
    assert sent(tight)[0] == "question number 2"
    finish(tight)
    assert len(tight.entries) == 8 and tight.entries[-1].details["left_out"] == 4
    tight.send("next?")
    tight.pump()
    assert sent(tight)[0] == "question number 2", "what was left out stays so"


def test_where_nothing_is_left_to_leave_out_it_still_does_not_fit(tight):
    ask(tight, "word " * 90)
    tight.drop_oldest()
    while tight.overflow is None:
        tight.pump()
    assert tight.first == 6 and not tight.may_drop and tight.overflow == Overflow(94, 150)
    tight.drop_oldest()
    assert tight.overflow is not None
    assert tight.give_up() == "word " * 90
    assert tight.first == 0, "nothing was sent without them"


def test_an_answer_is_written_again_without_the_oldest_too(tight):
    ask(tight, "word " * 40)
    finish(tight)
    client_of(tight).longest = 110
    tight.load(Opening("smaller"))
    tight.pump()
    tight.regenerate()
    tight.pump()
    assert tight.overflow is not None and tight.may_drop
    tight.drop_oldest()
    while tight.live is None:
        tight.pump()
    assert len(sent(tight)) < 7 and sent(tight)[-1] == "word " * 40
    assert tight.give_up() == ""


def test_dropping_without_a_model_takes_the_question_back(tight):
    ask(tight, "word " * 60)
    tight.eject()
    tight.drop_oldest()
    assert not tight.busy and tight.first == 0 and "no model is loaded" in tight.said
    assert tight.returned == "word " * 60
    tight.load(Opening())
    assert tight.returned == "word " * 60, "as long as nobody has given it back"


def test_a_place_before_what_was_left_out_is_asked_with_all_that_comes_before_it(tight):
    ask(tight, "word " * 60)
    tight.drop_oldest()
    while tight.live is None:
        tight.pump()
    finish(tight)
    assert tight.first == 4
    tight.edit(tight.entries[2], "other?")
    tight.pump()
    assert tight.first == 0 and sent(tight) == ["question number 0", "answer 1", "other?"]
    finish(tight)
    assert tight.show_sibling(tight.entries[2], -1)
    assert tight.first == 0


@pytest.mark.parametrize("where", ["new", "open", "sibling"])
def test_elsewhere_nothing_is_left_out(tight, where):
    tight.new()
    answered(tight, "other")
    tight.open(1)
    tight.regenerate()
    tight.pump()
    finish(tight)
    ask(tight, "word " * 60)
    tight.drop_oldest()
    while tight.live is None:
        tight.pump()
    finish(tight)
    assert tight.first == 4
    if where == "sibling":
        assert tight.show_sibling(tight.entries[5], -1)
    elif where == "open":
        tight.open(2)
    else:
        tight.new()
    assert tight.first == 0
    answered(tight, "next?")
    assert sent(tight)[0] == {"new": "next?", "open": "other", "sibling": "question number 0"}[where]


def test_a_larger_context_takes_the_question(tight):
    ask(tight, "word " * 60)
    text = tight.give_up()
    tight.load(Opening(context=300))
    tight.pump()
    ask(tight, text)
    assert tight.overflow is None and tight.live is not None


# measuring the draft


def test_the_draft_is_measured_with_what_goes_before_it(talk):
    answered(talk, "one?")
    talk.count("and two?")
    talk.pump()
    assert talk.prompt_tokens == count_tokens([Message("user", "one?"), Message("assistant", "answer 1"),
                                               Message("user", "and two?")])
    talk.count("  ")
    talk.pump()
    assert talk.prompt_tokens == 11


def test_an_empty_conversation_is_nothing_to_measure(talk):
    talk.count("")
    assert talk.prompt_tokens == 0


def test_a_measure_of_what_was_left_meanwhile_says_nothing(talk):
    answered(talk, "one?")
    talk.count("draft")
    talk.new()
    talk.pump()
    assert talk.prompt_tokens is None


def test_a_draft_that_cannot_be_measured_has_no_measure(talk):
    answered(talk, "one?")
    talk.prompt_tokens = 5
    client_of(talk).count_refusal = "no"
    talk.count("draft")
    talk.pump()
    assert talk.prompt_tokens is None and talk.said == []


# conversations


def test_a_new_conversation_leaves_the_old_one_in_the_store(talk):
    answered(talk, "one?")
    path = talk.path
    talk.new()
    assert talk.entries == [] and talk.path > path and talk.transcript.title == ""
    answered(talk, "two?")
    assert sent(talk) == ["two?"]
    talk.open(1)
    assert contents(talk) == ["one?", "answer 1"]
    answered(talk, "more?")
    assert sent(talk) == ["one?", "answer 1", "more?"]
    assert [message.content for message in stored(talk, 2)] == ["two?", "answer 2"]


@pytest.mark.parametrize("where", ["new", "open", "close"])
def test_leaving_while_it_writes_keeps_what_there_is(demo, where):
    answered(demo, "first")
    demo.new()
    ask(demo, "one?")
    advance(demo, 60)
    turn = demo.live.turn
    demo.open(1) if where == "open" else demo.new() if where == "new" else demo.close()
    message = stored(demo, 2)[1]
    assert (message.state, message.thinking) == ("cancelled", turn.thinking)
    assert message.details["statistics"]["tokens"] == 57
    finish(demo)
    assert turn.tokens == 57, "late news of it are passed over"
    assert len(demo.entries) == {"new": 0, "open": 2, "close": 2}[where]
    assert where == "close" or any(isinstance(order, Cancel) for order in client_of(demo).orders)


def test_leaving_takes_a_question_back_that_is_being_measured(talk):
    answered(talk, "one?")
    talk.send("two?")
    talk.new()
    talk.pump()
    assert talk.entries == [] and not talk.busy and talk.returned == "two?"


def test_a_conversation_that_cannot_be_opened_leaves_everything_as_it_is(demo):
    ask(demo, "one?")
    advance(demo, 60)
    with pytest.raises(HistoryError):
        demo.open(99)
    assert demo.live is not None
    finish(demo)
    assert "46" in contents(demo)[1]


def test_going_to_where_one_is_changes_nothing(demo):
    ask(demo, "one?")
    advance(demo, 60)
    demo.open(1)
    assert demo.live is not None


def test_what_was_done_to_a_conversation_elsewhere_is_seen(talk):
    talk.look_again()
    answered(talk, "one?")
    with History(talk.transcript.history._database.path) as other:
        other.rename(1, "numbers")
        talk.look_again()
        assert talk.transcript.title == "numbers" and contents(talk) == ["one?", "answer 1"]
        other.delete(1)
        talk.look_again()
        assert talk.entries == [] and talk.transcript.conversation is None
        answered(talk, "two?")
        assert [one.title for one in other.conversations()] == ["two?"]


def test_a_conversation_goes_on_in_another_session(tmp_path):
    one = session(tmp_path, ScriptedClient(NUMBERED))
    answered(one, "one?")
    one.close()
    other = session(tmp_path, ScriptedClient(NUMBERED[4:]))
    other.open(1)
    assert contents(other) == ["one?", "answer 1"] and other.transcript.title == "one?"
    answered(other, "two?")
    assert sent(other) == ["one?", "answer 1", "two?"]
    assert [message.content for message in stored(other)] == ["one?", "answer 1", "two?", "answer 5"]


def test_an_answer_that_another_window_is_writing_does_not_keep_this_one_busy(tmp_path):
    one = session(tmp_path)
    ask(one, "one?")
    advance(one, 60)
    second_later(one)
    other = session(tmp_path, ScriptedClient(NUMBERED))
    other.open(1)
    assert not other.busy and other.live is None
    assert other.entries[1].turn.thinking == one.entries[1].turn.thinking
    other.pump()
    second_later(other)
    assert stored(one)[1].state == "writing", "it is the other's to end"
    finish(one)
    assert stored(one)[1].state == "stop"


def test_without_a_store_nothing_is_kept_and_everything_else_works():
    talk = session(None, ScriptedClient(NUMBERED))
    answered(talk, "one?")
    talk.regenerate()
    talk.pump()
    finish(talk)
    assert contents(talk) == ["one?", "answer 2"] and not talk.show_sibling(talk.entries[1], -1)
    second_later(talk)
    talk.new()
    talk.close()
    assert talk.said == []


# saving


def test_what_is_written_is_saved_every_second_and_reads_the_same(demo):
    ask(demo, "one?")
    turn = demo.live.turn
    for _ in range(12):
        client_of(demo).advance(20)
        second_later(demo)
        if demo.live is None:
            break
        message = stored(demo)[1]
        assert message.state == "writing" and (message.thinking, message.content) == (turn.thinking, turn.answer)
        assert [(one.characters, one.tokens, one.ticks) for one in message.thoughts] == [
            (one.characters, one.tokens, one.ticks) for one in turn.spans()]
        assert [one.held for one in message.thoughts] == pytest.approx([one.held for one in turn.thoughts])
        assert [one.seconds for one in message.thoughts] == pytest.approx([one.seconds for one in turn.thoughts])
    assert turn.tokens > 220


def test_it_is_saved_no_more_often_than_that(demo):
    ask(demo, "one?")
    saved = []
    store = demo.transcript.history
    append = store.append
    store.append = lambda *what: (saved.append(client_of(demo).clock()), append(*what))
    for _ in range(200):
        advance(demo, 1)
    assert len(saved) in (3, 4, 5)
    assert all(b - a >= SAVE_SECONDS for a, b in pairwise(saved))


def test_while_a_long_prompt_is_read_the_store_hears_that_it_is_at_work(tmp_path):
    talk = session(tmp_path, ScriptedClient([Reply("4", reading=2_000)]))
    ask(talk, "one?")
    beats = []
    store = talk.transcript.history
    append = store.append
    store.append = lambda number, pieces, *more: (beats.append(list(pieces)), append(number, pieces, *more))
    for _ in range(5):
        client_of(talk).advance(10)
        second_later(talk)
    assert beats == [[]] * 5


def test_killed_without_a_word_it_loses_no_more_than_a_second(tmp_path):
    talk = session(tmp_path)
    ask(talk, "one?")
    client_of(talk).advance(100)
    second_later(talk)
    seen = talk.entries[1].turn.thinking
    advance(talk, 20)
    later = session(tmp_path)
    later.open(1)
    assert later.entries[1].turn.thinking == seen and seen
    assert later.entries[1].turn.state == "interrupted" and later.resumable is not None


def test_a_store_that_fails_is_told_of_once_and_the_chat_goes_on(frail):
    store, talk = frail
    answered(talk, "one?")
    store.trouble = FULL
    for question in ("two?", "three?"):
        answered(talk, question)
        second_later(talk)
        second_later(talk)
    assert talk.said == [f"not saved: {FULL}"]
    assert contents(talk) == ["one?", "answer 1", "two?", "answer 2", "three?", "answer 3"]
    store.trouble = ""
    second_later(talk)
    second_later(talk)
    assert talk.said == [f"not saved: {FULL}", "everything is saved again"]
    assert [message.content for message in stored(talk)] == contents(talk)
    assert [message.state for message in stored(talk)] == ["stop"] * 6


def test_a_conversation_that_was_left_unsaved_is_saved_later(frail):
    store, talk = frail
    store.trouble = FULL
    answered(talk, "one?")
    talk.new()
    answered(talk, "two?")
    second_later(talk)
    assert talk.said == [f"not saved: {FULL}"]
    store.trouble = ""
    second_later(talk)
    assert talk.said[1:] == ["everything is saved again"]
    assert [message.content for message in stored(talk, 1)] == ["one?", "answer 1"]
    assert [message.content for message in stored(talk, 2)] == ["two?", "answer 2"]


def test_an_answer_that_is_written_while_the_store_fails_is_saved_whole(tmp_path):
    store = BreakableHistory(tmp_path / "history.sqlite")
    talk = session(None, history=store)
    ask(talk, "one?")
    for place in range(12):
        store.trouble = FULL if place % 3 else ""
        client_of(talk).advance(15)
        second_later(talk)
    store.trouble = ""
    second_later(talk)
    assert stored(talk)[1].thinking == talk.entries[1].turn.thinking
    finish(talk)
    assert stored(talk)[1].content == contents(talk)[1]


def test_closing_saves_and_ends_the_engine(demo):
    ask(demo, "one?")
    advance(demo, 100)
    demo.close()
    assert not client_of(demo).running
    assert stored(demo)[1].thinking == demo.entries[1].turn.thinking != ""
    demo.close()


# ends of the engine


@pytest.mark.parametrize("steps", [0, 2, 60])
def test_ejecting_while_it_writes_ends_the_answer(demo, steps):
    ask(demo, "one?")
    advance(demo, steps)
    demo.eject()
    demo.pump()
    turn = demo.entries[1].turn
    assert (turn.state, turn.reason) == ("interrupted", "the model was ejected")
    assert demo.asker.model.phase == "none" and not demo.busy
    assert stored(demo)[1].state == "interrupted"


def test_a_death_while_nothing_is_written_is_only_a_state(talk):
    answered(talk, "one?")
    client_of(talk).die()
    talk.pump()
    assert (talk.asker.model.phase, talk.asker.model.reason) == ("died", DIED)
    assert talk.resumable is None and not talk.busy
    talk.load(talk.asker.opening)
    talk.pump()
    answered(talk, "two?")
    assert contents(talk)[-1] == "answer 2"


def test_late_news_of_an_answer_that_was_left_reach_nobody(demo):
    ask(demo, "one?")
    advance(demo, 60)
    [number] = [asked.number for asked in client_of(demo).asks]
    left = demo.live.turn
    events, tokens = tuple(left.recent), left.tokens
    demo.new()
    ask(demo, "two?")
    client_of(demo)._news.append(Written(number, events))
    demo.pump()
    assert demo.live.turn.tokens == 0 and contents(demo) == ["two?", ""]
    assert (left.tokens, left.phase) == (tokens, "done")


@pytest.mark.parametrize("leave", ["new", "close"])
def test_an_answer_that_was_left_takes_nothing_more_even_before_the_engine_has_stopped(demo, leave):
    ask(demo, "one?")
    client_of(demo).advance(60)
    demo.pump()
    left = demo.live.turn
    client_of(demo).advance(60)
    demo.new() if leave == "new" else demo.close()
    demo.pump()
    assert left.tokens == 57 and left.phase == "done" and stored(demo, 1)[1].thinking == left.thinking


def test_the_model_is_opened_as_it_was_when_it_died(demo):
    demo.load(Opening("toy", 2048, "q8_0", 2, 0))
    demo.pump()
    ask(demo, "one?")
    advance(demo, 30)
    client_of(demo).die()
    demo.pump()
    demo.go_on()
    loads = [order for order in client_of(demo).orders if isinstance(order, Loading)]
    assert loads[-1] == loads[-2] and loads[-1].model == "toy"


def test_the_demo_has_what_screens_need():
    [reply] = demo_script()
    assert len(reply.thoughts) == 4 and "\\boxed" in reply.answer
