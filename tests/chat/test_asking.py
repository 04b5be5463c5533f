"""One engine behind conversations: opening, asking, steering, counting, and what its news make of it."""
from __future__ import annotations

import math

import pytest

from chat.scripted import DIED, END_THINK, Refusal, Reply, ScriptedClient, demo_script
from localthink.chat.asking import ALTERNATIVES, AT_ONCE, SLOTS, Asker, ModelState, Opening
from localthink.chat.settings import ChatSettings
from localthink.chat.turn import Turn
from localthink.engine.messages import (
    Ask,
    Cancel,
    Count,
    Counted,
    Finished,
    Loading,
    Reading,
    Refused,
    Steer,
    Throughput,
    Written,
)
from localthink.offload import Offload
from localthink.records import Adjustment, Generation, Message, Sampling, Tip, Trace

QUESTION = (Message("user", "How many?"),)
ENDED = Trace(0, 1, 3, (), "", "", "stop", (), 0, 0.0, Sampling(), Tip(), 1.0, 0.0, 0.0)


class Stage:
    """An asker over a scripted client, one answer at a time."""

    def __init__(self, *replies: Reply | Refusal, opened: bool = True, **options) -> None:
        self.client = ScriptedClient(replies, **options)
        self.asker = Asker(self.client, self.client.clock)
        self.ends: list[tuple[Turn, Trace | None]] = []
        self.counts: list[tuple[int | None, str]] = []
        if opened:
            self.asker.load(Opening("toy"))
            self.asker.pump()

    def ask(self, settings: ChatSettings | None = None, seed: int = 7, turn: Turn | None = None) -> tuple[int, Turn]:
        turn = turn or Turn(seed, started=self.client.clock())
        return self.asker.ask(QUESTION, settings or ChatSettings(), seed, turn,
                              lambda ended, trace: self.ends.append((ended, trace))), turn

    def count(self) -> None:
        self.asker.count(QUESTION, lambda tokens, reason: self.counts.append((tokens, reason)))

    def advance(self, steps: int) -> None:
        self.client.advance(steps)
        self.asker.pump()

    def finish(self) -> None:
        self.client.finish()
        self.asker.pump()


# the model


def test_a_model_is_none_then_loading_then_ready_and_none_again():
    stage = Stage(opened=False, loading=(0.25, 0.5), loads=False)
    assert stage.asker.model == ModelState() and stage.asker.model.longest == 0
    stage.asker.load(Opening("toy", 2048, "q8_0", 3, Offload(5)))
    assert stage.asker.model == ModelState("loading")
    assert stage.asker.pump()
    assert stage.asker.model == ModelState("loading", 0.5)
    stage.client.open()
    stage.asker.pump()
    model = stage.asker.model
    assert (model.phase, model.share, model.loaded.name, model.longest) == ("ready", 1.0, "scripted", 2048)
    assert not stage.asker.pump()
    stage.asker.eject()
    assert stage.asker.model == ModelState() and not stage.client.running


def test_an_opening_says_all_that_the_engine_is_told():
    stage = Stage(opened=False)
    stage.asker.load(Opening("toy", 2048, "q8_0", 3, Offload(5)))
    assert stage.client.orders == [
        Loading("toy", SLOTS, 2048, cache="q8_0", threads=3, offload=Offload(5), watched=True,
                at_once=AT_ONCE)]
    assert stage.asker.opening == Opening("toy", 2048, "q8_0", 3, Offload(5))


def test_a_model_that_cannot_be_opened_says_why_and_the_next_one_can():
    stage = Stage(opened=False, loads=False)
    stage.asker.load(Opening("toy"))
    stage.client.die("the file is damaged", lasting=True)
    stage.asker.pump()
    assert (stage.asker.model.phase, stage.asker.model.reason) == ("failed", "the file is damaged")
    assert not stage.client.running
    stage.client.loads = True
    stage.asker.load(Opening("other"))
    stage.asker.pump()
    assert stage.asker.model.phase == "ready" and stage.asker.model.reason == ""


def test_loading_that_is_given_up_never_becomes_ready():
    stage = Stage(opened=False, loading=(0.5,), loads=False)
    stage.asker.load(Opening("toy"))
    stage.client.open()
    stage.asker.eject()
    assert not stage.asker.pump()
    assert stage.asker.model == ModelState()


def test_a_model_in_place_of_another_ends_what_that_one_wrote():
    stage = Stage()
    _, turn = stage.ask()
    stage.advance(20)
    stage.asker.load(Opening("other"))
    assert stage.asker.model.phase == "loading" and stage.client.starts == 2
    assert (turn.state, turn.reason) == ("interrupted", "the model was ejected")
    assert stage.ends == [(turn, None)] and not stage.asker.busy


# answers


def test_an_answer_is_asked_for_with_everything_that_decides_it():
    stage = Stage()
    settings = ChatSettings(Generation(Sampling(0.7, 0.9), Tip(2.0, 50), max_thinking=80, max_tokens=300))
    number, turn = stage.ask(settings, seed=11)
    assert stage.client.orders[-1] == Ask(
        number, QUESTION, settings.generation, 11, alternatives=ALTERNATIVES, watched=True)
    assert stage.asker.busy and turn.phase == "waiting"


def test_news_go_to_their_own_answer_and_the_end_is_told_once():
    stage = Stage()
    (_, one), (_, other) = stage.ask(seed=1), stage.ask(ChatSettings(Generation(max_tokens=5)), seed=2)
    stage.advance(2)
    assert one.phase == other.phase == "reading" and 0 < one.prompt_read < one.prompt_tokens
    stage.advance(8)
    assert other.state == "length" and other.tokens == 5 and one.running
    assert [turn for turn, _ in stage.ends] == [other]
    stage.finish()
    assert [turn for turn, _ in stage.ends] == [other, one]
    assert stage.ends[1][1].token_ids == tuple(one.token_ids)
    assert one.answer.endswith("\\]") and not stage.asker.busy


def test_the_figures_of_the_end_are_the_engines():
    stage = Stage()
    _, turn = stage.ask()
    stage.finish()
    trace = stage.ends[0][1]
    assert (turn.speed, turn.prompt_speed) == (trace.tokens_per_second, trace.prompt_tokens_per_second)
    assert (turn.prompt_tokens, turn.prompt_read) == (trace.prompt_tokens, trace.prompt_tokens)


def test_a_stop_keeps_what_there_is():
    stage = Stage()
    number, turn = stage.ask()
    stage.advance(30)
    stage.asker.cancel(number)
    assert turn.running, "until the engine says so"
    stage.asker.pump()
    assert turn.state == "cancelled" and turn.tokens == 27
    assert stage.ends[0][1].token_ids == tuple(turn.token_ids)


def test_what_is_refused_ends_with_the_reason():
    stage = Stage(Refusal("the template refuses it"), Reply("4"))
    _, turn = stage.ask()
    stage.asker.pump()
    assert (turn.state, turn.reason, turn.phase) == ("interrupted", "the template refuses it", "done")
    assert stage.ends == [(turn, None)]
    stage.ask()
    stage.finish()
    assert stage.ends[1][0].answer == "4"


def test_a_death_ends_everything_says_why_and_remembers_the_model():
    stage = Stage()
    (_, one), (_, other) = stage.ask(seed=1), stage.ask(seed=2)
    stage.count()
    stage.advance(10)
    stage.client.die()
    stage.count()
    stage.asker.pump()
    state = stage.asker.model
    assert (state.phase, state.reason, state.loaded.name) == ("died", DIED, "scripted")
    assert [(turn.state, turn.reason) for turn in (one, other)] == [("interrupted", DIED)] * 2
    assert len(stage.ends) == 2 and not stage.asker.busy
    assert stage.counts == [(6, ""), (None, DIED)]


def test_what_is_forgotten_is_not_heard_of_again():
    stage = Stage()
    number, turn = stage.ask()
    stage.advance(10)
    seen = turn.tokens
    stage.asker.forget(number)
    stage.finish()
    assert turn.tokens == seen and turn.running and stage.ends == []


@pytest.mark.parametrize("news", [
    Written(99, ()), Reading(99, 1, 2), Finished(99, ENDED), Refused(99, "no"), Counted(99, 5), Throughput(1, 0.0, 1)])
def test_news_of_what_nobody_asked_for_are_passed_over(news):
    stage = Stage()
    _, turn = stage.ask()
    stage.advance(5)
    before = turn.tokens, turn.phase, stage.asker.model
    stage.client._news.append(news)
    assert stage.asker.pump()
    assert (turn.tokens, turn.phase, stage.asker.model) == before and stage.ends == [] and stage.counts == []


# going on


@pytest.mark.parametrize("steps", [4, 5, 60, 150, 223])
def test_an_answer_that_goes_on_is_the_one_that_would_have_been(steps):
    stage = Stage()
    _, whole = stage.ask()
    stage.finish()
    number, turn = stage.ask()
    stage.client._answered = 0  # the same reply
    stage.advance(steps)
    stage.asker.cancel(number)
    stage.asker.pump()
    ids = tuple(turn.token_ids)
    assert 0 < len(ids) < len(whole.token_ids)
    turn.resume(stage.client.clock())
    number, _ = stage.ask(turn=turn)
    assert stage.client.asks[-1].prefix.tokens == ids
    stage.finish()
    assert turn.token_ids == whole.token_ids and turn.state == "stop"
    assert (turn.thinking, turn.answer, turn.tokens) == (whole.thinking, whole.answer, whole.tokens)
    assert [one.text for one in turn.thoughts] == [one.text for one in whole.thoughts]
    assert turn.held == pytest.approx(whole.held) and turn.prompt_tokens == whole.prompt_tokens


def test_blanks_at_the_end_of_what_goes_on_are_part_of_it():
    stage = Stage(Reply("One.\n\nTwo.", ("So.",)))
    number, turn = stage.ask()
    while not turn.answer.endswith("\n"):
        stage.advance(1)
    stage.asker.cancel(number)
    stage.asker.pump()
    turn.resume(stage.client.clock())
    stage.ask(turn=turn)
    assert turn.answer == "One.\n\n"
    stage.finish()
    assert turn.answer == "One.\n\nTwo."


def test_what_was_turned_while_it_had_stopped_is_recorded_where_it_goes_on():
    stage = Stage()
    number, turn = stage.ask()
    stage.asker.steer(number, tip=Tip(1.0, 10))
    stage.advance(30)
    stage.asker.cancel(number)
    stage.asker.pump()
    assert turn.steered == (Adjustment(0, 1.0, 10, "free"),)
    turn.resume(stage.client.clock())
    stage.ask(ChatSettings(Generation(tip=Tip(math.inf, 20))), turn=turn)
    assert (turn.alpha, turn.beta) == (math.inf, 20)
    stage.advance(3 + 10)
    stage.asker.steer(stage.client.asks[-1].number, wish="answer")
    stage.finish()
    assert turn.steered == (Adjustment(0, 1.0, 10, "free"), Adjustment(27, math.inf, 20, "free"),
                            Adjustment(37, math.inf, 20, "answer"))


# steering


def test_what_is_turned_reaches_the_engine_and_shows_at_once():
    stage = Stage()
    number, turn = stage.ask()
    stage.advance(10)
    stage.asker.steer(number, tip=Tip(1.5, 40))
    stage.asker.steer(number, wish="think")
    assert stage.client.steers == [Steer(number, Tip(1.5, 40), None), Steer(number, None, "think")]
    assert (turn.alpha, turn.beta, turn.wish) == (1.5, 40, "think")
    stage.finish()
    assert turn.steered == (Adjustment(7, 1.5, 40, "free"), Adjustment(7, 1.5, 40, "think"))


def test_answering_now_closes_after_the_sentence_and_thinking_on_adds_a_thought():
    def closed(wish) -> tuple[Turn, int]:
        stage = Stage()
        number, turn = stage.ask()
        stage.advance(10)
        if wish:
            stage.asker.steer(number, wish=wish)
        stage.advance(240)
        if wish == "think":
            stage.asker.steer(number, wish="free")
        stage.finish()
        return turn, turn.token_ids.index(END_THINK)

    (free, place), (soon, early), (more, late) = closed(None), closed("answer"), closed("think")
    assert early < place < late
    assert soon.thinking.endswith("33 of them.") and soon.answer == free.answer == more.answer
    assert len(more.thoughts) > len(free.thoughts) == 4
    assert more.thoughts[4].text.startswith("Wait")


def test_a_penalty_that_is_turned_off_holds_nothing_any_more():
    stage = Stage()
    number, turn = stage.ask()
    stage.asker.steer(number, tip=Tip(0.0))
    stage.finish()
    assert turn.held == 0.0 and turn.ticks == 0


def test_steering_and_stopping_what_has_ended_do_nothing():
    stage = Stage()
    number, turn = stage.ask()
    stage.finish()
    stage.asker.steer(number, Tip(1.0), "think")
    stage.asker.steer(12345, Tip(1.0), "think")
    stage.asker.cancel(number)
    stage.asker.forget(number)
    stage.asker.pump()
    assert (turn.state, turn.wish, turn.alpha) == ("stop", "free", 3.0) and len(stage.ends) == 1


# counting


def test_a_prompt_is_measured():
    stage = Stage()
    stage.count()
    assert stage.counts == []
    stage.asker.pump()
    assert stage.counts == [(6, "")]
    assert isinstance(stage.client.orders[-1], Count) and stage.client.orders[-1].messages == QUESTION


def test_a_prompt_that_cannot_be_is_said_why():
    stage = Stage()
    stage.client.count_refusal = "the template refuses it"
    stage.count()
    stage.asker.pump()
    assert stage.counts == [(None, "the template refuses it")]


@pytest.mark.parametrize("phase", ["none", "loading", "died"])
def test_without_a_model_nothing_can_be_measured(phase):
    stage = Stage(opened=False, loads=False)
    if phase != "none":
        stage.asker.load(Opening())
    if phase == "died":
        stage.client.die()
        stage.asker.pump()
    stage.count()
    assert stage.counts == [(None, "no model is loaded")]
    assert not any(isinstance(order, Count) for order in stage.client.orders)


def test_what_was_being_measured_ends_with_the_engine():
    stage = Stage()
    stage.count()
    stage.asker.eject()
    assert stage.counts == [(None, "the model was ejected")]


# the stage itself: what is said here must be what an engine says


@pytest.mark.parametrize("rate", [50.0, 200.0, 333.0])
def test_a_client_by_the_clock_writes_at_its_rate_and_the_same_text(rate):
    by_hand = Stage()
    _, wanted = by_hand.ask()
    by_hand.finish()
    stage = Stage(rate=rate)
    _, turn = stage.ask()
    clock, begun = stage.client.clock, stage.client.clock()
    while turn.running:
        clock.wait(0.083)
        stage.asker.pump()
        steps = int((clock() - begun) * rate)
        assert not turn.running or abs(turn.tokens + 3 - steps) <= 1
    assert turn.token_ids == wanted.token_ids
    assert turn.speed == pytest.approx(rate, rel=0.02)


def test_a_scripted_answer_reads_thinks_holds_and_has_alternatives():
    stage = Stage(loading=(0.5,))
    number, turn = stage.ask()
    stage.finish()
    assert len(turn.thoughts) == 4 and turn.ticks >= 4 and turn.held > 2
    assert "\\boxed{46}" in turn.answer and "**" in turn.answer
    assert any(len(event.alternatives) > 2 for event in turn.recent)
    assert all(len(event.alternatives) <= ALTERNATIVES for event in turn.recent)
    assert [event.opens_thought for event in turn.recent].count(True) == 3 == stage.ends[0][1].switches
    assert [order for order in stage.client.orders if isinstance(order, Cancel)] == []
    assert number == 1 and demo_script()[0].reading == 3
