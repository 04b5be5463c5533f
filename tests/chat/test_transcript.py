"""The path through a conversation: what a model is sent of it, what is saved, and what is made good later."""
from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.scripted import BreakableHistory
from localthink.chat.transcript import TITLE, Entry, Transcript, title_of
from localthink.chat.turn import Turn
from localthink.errors import HistoryError
from localthink.history import History, StoredMessage
from localthink.records import Event, Message

FULL = "the disk is full: make room"


def event(text: str, thought: int = -1) -> Event:
    return Event(1, 0, 7, text, "answer" if thought < 0 else "thinking", thought, False, -0.1, -0.1, 0)


@pytest.fixture
def store(tmp_path):
    with BreakableHistory(tmp_path / "history.sqlite") as opened:
        yield opened


@pytest.fixture
def talk(store):
    return Transcript(store)


def write(talk: Transcript, text: str, thinking: str = "So.", state="stop") -> Entry:
    """An answer from its beginning to its end."""
    entry = talk.begin_answer(Turn(7), {"seed": 7})
    entry.turn.take([event(thinking, 0), event(text)], 1.0)
    entry.turn.end(state)
    talk.finish(entry)
    return entry


def exchange(talk: Transcript, question: str, answer: str) -> tuple[Entry, Entry]:
    return talk.add_question(question), write(talk, answer)


def kept(store: History, conversation: int = 1) -> list[tuple[str, str, str]]:
    """What another program finds: role, text, thinking."""
    return [(one.role, one.content, one.thinking) for one in path(store, conversation)]


def path(store: History, conversation: int = 1) -> list[StoredMessage]:
    with History(store._database.path) as other:
        return other.path(conversation)


# what is sent


def test_old_thinking_is_not_sent_and_the_system_prompt_comes_first(talk):
    exchange(talk, "one?", "1")
    exchange(talk, "two?", "2")
    assert talk.messages("Be brief.") == [Message("system", "Be brief."), Message("user", "one?"),
                                          Message("assistant", "1"), Message("user", "two?"), Message("assistant", "2")]
    assert talk.messages("") == talk.messages("Be brief.")[1:]


def test_what_is_left_out_or_comes_later_is_not_sent(talk):
    exchange(talk, "one?", "1")
    exchange(talk, "two?", "2")
    assert [message.content for message in talk.messages("S", 2)] == ["S", "two?", "2"]
    assert [message.content for message in talk.messages("", 2, 3)] == ["two?"]
    assert talk.messages("", 0, 0) == []


# what is saved


def test_questions_and_answers_are_saved_as_they_come(store, talk):
    question, answer = exchange(talk, "one?", "1")
    assert kept(store) == [("user", "one?", ""), ("assistant", "1", "So.")]
    assert (question.id, answer.id, talk.conversation) == (1, 2, 1) and talk.complete
    found = path(store)[1]
    assert found.parent == 1 and found.state == "stop" and found.details["seed"] == 7
    assert found.details["statistics"]["tokens"] == 2
    assert store.conversation(1).title == talk.title == "one?"


def test_an_empty_conversation_is_not_kept(store, talk):
    talk.catch_up()
    assert talk.complete and store.conversations() == []


def test_progress_is_saved_piece_by_piece_and_also_that_there_is_none(store, talk):
    talk.add_question("one?")
    entry = talk.begin_answer(Turn(7), {})
    entry.turn.take([event("So", 0)], 1.0)
    talk.save_progress(entry)
    assert kept(store)[1] == ("assistant", "", "So")
    beats = []
    append, store.append = store.append, lambda number, pieces, run, details: beats.append(
        (number, pieces, run.ids, details))
    talk.save_progress(entry)
    assert beats == [(2, [], (), None)]
    store.append = append
    entry.turn.take([event(" it is", 0), event("1")], 2.0)
    talk.save_progress(entry)
    assert kept(store)[1] == ("assistant", "1", "So it is") and path(store)[1].state == "writing"


def test_an_answer_that_goes_on_is_added_to_what_was_saved(store, talk):
    talk.add_question("one?")
    entry = write(talk, "One.\n", state="cancelled")
    assert path(store)[1].state == "cancelled" and path(store)[1].content == "One.\n"
    entry.turn.resume(5.0)
    entry.turn.take([event("Two.")], 6.0)
    talk.save_progress(entry)
    assert (path(store)[1].state, path(store)[1].content) == ("writing", "One.\nTwo.")
    entry.turn.end("stop")
    talk.finish(entry)
    assert (path(store)[1].state, path(store)[1].content) == ("stop", "One.\nTwo.")


def test_an_answer_that_turns_out_to_be_thinking_is_saved_as_that(store, talk):
    talk.add_question("one?")
    entry = talk.begin_answer(Turn(7), {})
    entry.turn.take([event("So it"), event(" is")], 1.0)
    talk.save_progress(entry)
    entry.turn.take([event(" so"), replace(event(""), part="thinking", recasts=True), event("1")], 2.0)
    talk.save_progress(entry)
    assert kept(store)[1] == ("assistant", "1", "So it is so") and path(store)[1].state == "writing"
    entry.turn.take([event("2")], 3.0)
    talk.save_progress(entry)
    found = path(store)[1]
    assert (found.content, found.thinking, found.token_ids) == ("12", "So it is so", (7,) * 6)


def test_blank_lines_between_thinking_and_answer_are_left_out_also_after_a_kill(store, talk):
    talk.add_question("one?")
    entry = talk.begin_answer(Turn(7), {})
    entry.turn.take([replace(event("", 0), thought=-1)], 1.0)  # the tag of a block with nothing in it
    talk.save_progress(entry)
    again = Transcript(store)
    again.open(1)
    turn = again.entries[1].turn
    turn.resume(2.0)
    turn.take([event("\n\n"), event("1")], 3.0)
    assert turn.answer == "1" and turn.token_ids == [7, 7, 7]


def test_without_a_store_everything_works_and_nothing_is_kept():
    talk = Transcript(None)
    question, answer = exchange(talk, "one?", "1")
    talk.save_progress(answer)
    talk.catch_up()
    talk.rename("other")
    assert (question.id, answer.id, talk.title, talk.trouble) == (None, None, "other", "")
    assert not talk.choose(answer, -1) and answer.place == (1, 1)


# branches


def test_what_is_asked_in_the_place_of_another_stands_beside_it(store, talk):
    first, _ = exchange(talk, "one?", "1")
    talk.cut(0)
    second, answer = exchange(talk, "two?", "2")
    assert (first.siblings, second.siblings) == ((first.id,), (first.id, second.id))
    assert second.place == (2, 2) and answer.place == (1, 1)
    assert kept(store)[0][1] == "two?" and len(store.messages(1)) == 4
    assert talk.title == "one?"


def test_siblings_are_turned_to_with_all_that_follows_them(talk):
    exchange(talk, "one?", "1")
    talk.cut(1)
    again = write(talk, "uno")
    exchange(talk, "more?", "2")
    assert [entry.message().content for entry in talk.entries] == ["one?", "uno", "more?", "2"]
    assert talk.choose(again, -1)
    assert [entry.message().content for entry in talk.entries] == ["one?", "1"]
    assert talk.entries[1].place == (1, 2)
    assert not talk.choose(talk.entries[1], -1)
    assert talk.choose(talk.entries[1], 1)
    assert [entry.message().content for entry in talk.entries] == ["one?", "uno", "more?", "2"]
    assert not talk.choose(talk.entries[1], 1)


def test_an_entry_that_is_not_saved_has_no_siblings(talk):
    assert Entry("user", "x").place == Entry("user", "x", id=3, siblings=(1, 2)).place == (1, 1)


def test_a_conversation_is_opened_as_it_was_left(store, talk):
    exchange(talk, "one?", "1")
    other = Transcript(store)
    other.open(1)
    assert (other.title, other.conversation, other.complete) == ("one?", 1, True)
    assert [entry.message() for entry in other.entries] == [entry.message() for entry in talk.entries]
    assert other.entries[1].turn.thinking == "So." and other.entries[1].details["seed"] == 7


def test_what_is_not_there_cannot_be_opened_and_changes_nothing(store, talk):
    exchange(talk, "one?", "1")
    entries = list(talk.entries)
    with pytest.raises(HistoryError, match="conversation 99"):
        talk.open(99)
    store.trouble, store.reads = FULL, False
    with pytest.raises(HistoryError, match="full"):
        talk.open(1)
    assert talk.entries == entries and talk.conversation == 1


# where the store fails


def test_what_could_not_be_saved_is_saved_in_order_once_it_can(store, talk):
    exchange(talk, "one?", "1")
    store.trouble = FULL
    exchange(talk, "two?", "2")
    assert talk.trouble == FULL and not talk.complete
    exchange(talk, "three?", "3")
    talk.catch_up()
    assert talk.trouble == FULL and [entry.id for entry in talk.entries] == [1, 2, None, None, None, None]
    store.trouble = ""
    talk.catch_up()
    assert talk.complete and talk.trouble == ""
    assert [entry[1] for entry in kept(store)] == ["one?", "1", "two?", "2", "three?", "3"]
    assert [one.state for one in path(store)] == ["stop"] * 6
    assert path(store)[5].details["statistics"]["tokens"] == 2


def test_a_conversation_that_began_without_the_store_is_saved_whole(store, talk):
    store.trouble = FULL
    exchange(talk, "one?", "1")
    assert talk.conversation is None
    store.trouble = ""
    talk.catch_up()
    assert [entry[1] for entry in kept(store)] == ["one?", "1"] and len(store.conversations()) == 1


def test_an_answer_that_began_without_the_store_is_saved_while_it_is_written(store, talk):
    store.trouble = FULL
    talk.add_question("one?")
    entry = talk.begin_answer(Turn(7), {})
    entry.turn.take([event("So", 0)], 1.0)
    talk.save_progress(entry)
    store.trouble = ""
    talk.catch_up()
    talk.save_progress(entry)
    assert kept(store)[1] == ("assistant", "", "So") and path(store)[1].state == "writing"


def test_progress_that_could_not_be_saved_leaves_no_hole(store, talk):
    talk.add_question("one?")
    entry = talk.begin_answer(Turn(7), {})
    for place, text in enumerate(("So", " it", " is", " so")):
        entry.turn.take([event(text, 0)], float(place))
        store.trouble = FULL if place in (1, 2) else ""
        talk.save_progress(entry)
    assert kept(store)[1][2] == "So it is so"


def test_an_end_that_could_not_be_saved_is_saved_later_and_others_are_left_alone(store, talk):
    exchange(talk, "one?", "1")
    talk.add_question("two?")
    entry = talk.begin_answer(Turn(7), {})
    store.trouble = FULL
    entry.turn.take([event("2")], 1.0)
    entry.turn.end("stop")
    talk.finish(entry)
    assert not talk.complete
    store.trouble = ""
    finished, finish = [], store.finish
    store.finish = lambda number, *rest: (finished.append(number), finish(number, *rest))
    talk.catch_up()
    talk.catch_up()
    assert finished == [entry.id] and talk.complete
    assert path(store)[3].state == "stop" and path(store)[3].content == "2"


def test_what_was_left_before_it_was_saved_is_saved_too_and_is_not_what_is_seen(store, talk):
    exchange(talk, "one?", "1")
    talk.add_question("two?")
    entry = talk.begin_answer(Turn(7), {})
    store.trouble = FULL
    entry.turn.end("stop")
    talk.finish(entry)
    talk.cut(2)
    exchange(talk, "three?", "3")
    talk.cut(2)
    talk.catch_up()
    store.trouble = ""
    exchange(talk, "four?", "4")
    assert not talk.complete
    talk.catch_up()
    assert talk.complete and talk.trouble == ""
    assert [entry[1] for entry in kept(store)] == ["one?", "1", "four?", "4"]
    assert sorted(one.content for one in store.messages(1)) == ["", "1", "3", "4", "four?", "one?", "three?", "two?"]
    assert all(one.state == "stop" for one in store.messages(1))
    assert [one.parent for one in store.messages(1) if one.content in ("two?", "three?", "four?")] == [2, 2, 2]


def test_without_a_store_nothing_that_was_left_is_remembered():
    talk = Transcript(None)
    exchange(talk, "one?", "1")
    talk.cut(0)
    assert talk._cut == []


def test_a_name_that_could_not_be_saved_is_saved_later(store, talk):
    exchange(talk, "one?", "1")
    store.trouble = FULL
    talk.rename("numbers")
    assert talk.title == "numbers" and not talk.complete and talk.trouble == FULL
    store.trouble = ""
    talk.catch_up()
    assert store.conversation(1).title == "numbers" and talk.complete


def test_nobody_turns_to_a_sibling_as_long_as_something_is_not_saved(store, talk):
    exchange(talk, "one?", "1")
    talk.cut(1)
    again = write(talk, "uno")
    store.trouble = FULL
    exchange(talk, "more?", "2")
    assert not talk.choose(again, -1)
    assert [entry.message().content for entry in talk.entries] == ["one?", "uno", "more?", "2"]
    store.trouble = ""
    assert talk.choose(again, -1)
    assert talk.choose(talk.entries[1], 1)
    assert [entry.message().content for entry in talk.entries] == ["one?", "uno", "more?", "2"]


def test_so_it_is_where_only_what_is_new_cannot_be_saved(store, talk):
    exchange(talk, "one?", "1")
    talk.cut(1)
    again = write(talk, "uno")
    store.add_message = store._fail
    talk.add_question("more?")
    assert not talk.choose(again, -1)
    assert [entry.message().content for entry in talk.entries] == ["one?", "uno", "more?"]


def test_a_sibling_that_cannot_be_read_leaves_everything_as_it_is(store, talk):
    exchange(talk, "one?", "1")
    talk.cut(1)
    again = write(talk, "uno")
    store.trouble, store.reads = "it is damaged", False
    assert not talk.choose(again, -1)
    assert talk.entries[1] is again and talk.trouble == "it is damaged"


def test_siblings_that_could_not_be_read_do_not_keep_an_entry_from_being_saved(store, talk):
    talk.add_question("one?")
    store.siblings, siblings = store._fail, store.siblings
    entry = write(talk, "1")
    assert entry.id == 2 and entry.siblings == (2,)
    store.siblings = siblings
    talk.catch_up()
    assert talk.complete and path(store)[1].state == "stop"


@given(st.lists(st.booleans(), min_size=12, max_size=12))
def test_however_the_store_fails_in_the_end_everything_is_there(tmp_path_factory, fails):
    with BreakableHistory(tmp_path_factory.mktemp("store") / "history.sqlite") as store:
        talk, trouble = Transcript(store), iter(fails)

        def perhaps() -> None:
            store.trouble = FULL if next(trouble) else ""

        for place in range(2):
            perhaps()
            talk.add_question(f"q{place}")
            perhaps()
            entry = talk.begin_answer(Turn(7), {})
            for text in ("a", "b"):
                entry.turn.take([event(text, 0), event(text)], 1.0)
                perhaps()
                talk.catch_up()
                talk.save_progress(entry)
            perhaps()
            entry.turn.end("stop")
            talk.finish(entry)
            perhaps()
            talk.catch_up()
        store.trouble = ""
        talk.catch_up()
        assert talk.complete
        assert kept(store) == [("user", "q0", ""), ("assistant", "ab", "ab"), ("user", "q1", ""),
                               ("assistant", "ab", "ab")]
        assert [one.state for one in path(store)] == ["stop"] * 4


# titles


@pytest.mark.parametrize(("text", "title"), [
    ("What is 2 + 2?", "What is 2 + 2?"), ("\n\n  first \nsecond", "first"), ("", ""), ("  \n ", ""),
    ("x" * TITLE, "x" * TITLE), ("x" * 61, "x" * 59 + "…"),
    ("word " * 20, "word " * 11 + "word…")])
def test_the_first_line_of_the_first_question_is_the_title(text, title):
    assert title_of(text) == title


@given(st.text(max_size=200))
def test_a_title_is_one_line_and_not_long(text):
    title = title_of(text)
    assert len(title) <= TITLE and len(title.splitlines()) <= 1
