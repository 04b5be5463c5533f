"""Conversations are trees in which nothing is lost: branches, answers under way, deletion, and any text at all."""
from __future__ import annotations

import math
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from history.stores import ANY_TEXT, ODD_TEXT, Clock, asked, contents, everything, piece, sql
from localthink.errors import HistoryError, LocalthinkError
from localthink.history import Conversation, History, Piece, StoredMessage, ThoughtSpan, TokenRun
from localthink.locations import history_file

DAY, HOUR = 86400, 3600
NUMBERS = st.floats() | st.integers(-2**70, 2**70)
JSON = st.recursive(st.none() | st.booleans() | NUMBERS | ANY_TEXT,
                    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner), max_leaves=10)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "down" / "history.sqlite"


@pytest.fixture
def store(file, clock):
    with History(file, clock) as store:
        yield store


def stored(text):
    """A text as it comes back: UTF-8 has no place for half a surrogate pair."""
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)


# conversations


def test_the_store_lies_in_the_home_folder(home):
    assert history_file() == home / "data" / "history.sqlite"


def test_a_new_store_is_empty_and_its_folder_is_made(store, file):
    assert file.is_file()
    assert store.conversations() == []
    assert store.latest() is None
    assert store.conversation(1) is None
    assert store.path(1) == store.messages(1) == store.siblings(1) == []


def test_a_conversation_has_its_title_its_times_and_a_count_of_questions(store, clock):
    first = store.create("first")
    started = clock.time
    clock.time += 10
    question = store.add_message(first, None, "user", "q")
    store.begin_answer(first, question, {})
    store.add_message(first, None, "user", "another")
    assert store.conversation(first) == Conversation(first, "first", started, clock.time, 2)
    assert store.conversations() == [store.conversation(first)]


def test_the_latest_updated_comes_first(store, clock):
    numbers = []
    for title in "abc":
        clock.time += 1
        numbers.append(asked(store, title=title)[0])
    assert [found.id for found in store.conversations()] == numbers[::-1]
    clock.time += 1
    answer = store.begin_answer(numbers[0], store.path(numbers[0])[0].id, {})
    assert store.latest() == store.conversation(numbers[0])
    clock.time += 1
    store.add_message(numbers[1], None, "user", "more")
    assert store.latest() == store.conversation(numbers[1])
    clock.time += 1
    store.finish(answer, "done", "", (), "stop", {})
    assert [found.id for found in store.conversations()] == [numbers[0], numbers[1], numbers[2]]
    assert [found.id for found in store.conversations(limit=1, offset=1)] == [numbers[1]]


def test_of_two_that_were_updated_at_once_the_newer_comes_first(store):
    numbers = [asked(store)[0] for _ in range(3)]
    assert [found.id for found in store.conversations()] == numbers[::-1]


def test_what_is_looked_at_renamed_or_chosen_is_not_updated(store, clock):
    conversation, question = asked(store)
    before = store.conversation(conversation)
    clock.time += 1
    store.path(conversation)
    store.choose(question)
    store.rename(conversation, "another title")
    assert store.conversation(conversation) == replace(before, title="another title")


def test_everything_is_there_when_the_store_is_opened_again(store, file, clock):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {"seed": 7})
    store.finish(answer, "because", "hm", [ThoughtSpan(2, 1, 0.5, 1.5, (0, 1))], "length", {"seed": 8})
    before = store.path(conversation)
    assert before[1] == StoredMessage(answer, conversation, question, "assistant", "because", "hm",
                                      (ThoughtSpan(2, 1, 0.5, 1.5, (0, 1)),), "length", clock.time, {"seed": 8})
    assert (before[0].role, before[0].content, before[0].state, before[0].details) == ("user", "why?", "stop", {})
    store.close()
    store.close()
    with History(file, clock) as again:
        assert again.path(conversation) == before


# trees


def test_editing_and_regenerating_add_siblings_and_overwrite_nothing(store):
    conversation, question = asked(store, "question")
    answers = [store.add_message(conversation, question, "assistant", text) for text in ("one", "two")]
    edited = store.add_message(conversation, None, "user", "edited")
    assert contents(store, conversation) == ["edited"]
    assert store.siblings(question) == store.siblings(edited) == [question, edited]
    assert store.siblings(answers[0]) == answers
    assert [message.content for message in store.messages(conversation)] == ["question", "one", "two", "edited"]
    assert [message.parent for message in store.messages(conversation)] == [None, question, question, None]


def test_choosing_a_message_chooses_all_that_it_answers_to_and_keeps_what_was_chosen_behind_it(store):
    conversation, question = asked(store, "q")
    first = store.add_message(conversation, question, "assistant", "first")
    store.add_message(conversation, first, "user", "behind first")
    store.add_message(conversation, question, "assistant", "second")
    store.add_message(conversation, None, "user", "other root")
    assert contents(store, conversation) == ["other root"]
    store.choose(first)
    assert contents(store, conversation) == ["q", "first", "behind first"]


def test_siblings_are_of_one_conversation(store):
    _, first = asked(store)
    asked(store)
    assert store.siblings(first) == [first]


@pytest.mark.parametrize("choice", [None, 999])
def test_where_the_choice_is_missing_the_newest_is_shown(store, file, choice):
    conversation, question = asked(store, "old root")
    root = store.add_message(conversation, None, "user", "root")
    for text in ("old", "new"):
        store.add_message(conversation, root, "assistant", text)
    store.choose(question)
    sql(file, "UPDATE conversations SET chosen = ?", choice)
    sql(file, "UPDATE messages SET chosen = ?", choice)
    assert contents(store, conversation) == ["root", "new"]


def test_a_conversation_may_be_longer_than_sqlite_can_recurse(store, file, clock):
    conversation, parent = asked(store, "0")
    for number in range(1, 1200):
        parent = store.add_message(conversation, parent, "user", str(number))
    store.choose(parent)
    assert contents(store, conversation) == [str(number) for number in range(1200)]
    store.delete(conversation)
    store.close()
    clock.time += 2 * DAY
    with History(file, clock) as again:
        assert again.messages(conversation) == []


def test_what_is_not_there_is_said_so_and_changes_nothing(store, file):
    conversation, question = asked(store)
    other, _ = asked(store)
    before = everything(file)
    for change in (lambda: store.rename(99, "x"), lambda: store.delete(99), lambda: store.restore(99),
                   lambda: store.add_message(99, None, "user", "x"), lambda: store.begin_answer(99, question, {}),
                   lambda: store.add_message(conversation, 99, "user", "x"), lambda: store.choose(99),
                   lambda: store.append(99, [piece("x")]), lambda: store.finish(99, "", "", (), "stop", {})):
        with pytest.raises(HistoryError, match=r"(conversation|message) 99 is not in the store any more"):
            change()
    with pytest.raises(HistoryError, match=f"message {question} is of another conversation than {other}"):
        store.add_message(other, question, "user", "x")
    with pytest.raises(HistoryError, match="too large"):
        store.rename(2**64, "x")
    assert everything(file) == before
    assert issubclass(HistoryError, LocalthinkError)
    assert HistoryError.exit_code == 1


class Trees(RuleBasedStateMachine):
    """Any course of questions, edits, choices and deletions, beside a model that is simple enough to be right."""

    @initialize()
    def open(self):
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.store = History(self.folder / "history.sqlite", self.clock)
        self.parents: dict[int, tuple[int, int | None]] = {}  # message: conversation and parent
        self.chosen: dict[tuple[int, int | None], int] = {}
        self.updated: dict[int, float] = {}
        self.deleted: set[int] = set()

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    def pick(self, data, numbers):
        return data.draw(st.sampled_from(sorted(numbers)))

    @rule()
    def create(self):
        self.clock.time += 1
        self.updated[self.store.create("title")] = self.clock.time

    @precondition(lambda self: self.updated)
    @rule(data=st.data(), answer=st.booleans())
    def add(self, data, answer):
        self.clock.time += 1
        conversation = self.pick(data, self.updated)
        places = [None, *(message for message, place in self.parents.items() if place[0] == conversation)]
        parent = data.draw(st.sampled_from(places))
        if answer and parent is not None:
            message = self.store.begin_answer(conversation, parent, {})
        else:
            message = self.store.add_message(conversation, parent, "user", "text")
        self.parents[message] = conversation, parent
        self.chosen[conversation, parent] = message
        self.updated[conversation] = self.clock.time
        self.deleted.discard(conversation)

    @precondition(lambda self: self.parents)
    @rule(data=st.data())
    def choose(self, data):
        message = self.pick(data, self.parents)
        self.store.choose(message)
        while message is not None:
            self.chosen[self.parents[message]] = message
            message = self.parents[message][1]

    @precondition(lambda self: self.updated)
    @rule(data=st.data(), back=st.booleans())
    def delete(self, data, back):
        conversation = self.pick(data, self.updated)
        (self.store.restore if back else self.store.delete)(conversation)
        (self.deleted.discard if back else self.deleted.add)(conversation)

    @rule(later=st.sampled_from([0.0, 2.0 * DAY]))
    def open_again(self, later):
        self.store.close()
        self.clock.time += later
        self.store = History(self.folder / "history.sqlite", self.clock)
        if later:
            for conversation in self.deleted:
                del self.updated[conversation]
            self.parents = {message: place for message, place in self.parents.items() if place[0] in self.updated}
            self.chosen = {place: message for place, message in self.chosen.items() if place[0] in self.updated}
            self.deleted.clear()

    @invariant()
    def every_path_and_list_is_as_the_model_has_it(self):
        shown = sorted(self.updated.keys() - self.deleted, key=self.updated.__getitem__, reverse=True)
        assert [found.id for found in self.store.conversations()] == shown
        for conversation in self.updated:
            path, message = [], self.chosen.get((conversation, None))
            while message is not None:
                path.append(message)
                message = self.chosen.get((conversation, message))
            assert [message.id for message in self.store.path(conversation)] == path
            assert [message.id for message in self.store.messages(conversation)] == [
                message for message, place in sorted(self.parents.items()) if place[0] == conversation]
        for message, place in self.parents.items():
            assert self.store.siblings(message) == sorted(m for m, other in self.parents.items() if other == place)


TestTrees = Trees.TestCase
TestTrees.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


# answers under way


def test_an_answer_under_way_is_read_from_its_pieces(store):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {"seed": 1})
    store.append(answer, [Piece(0, "one", 2, 0.5, 1.0, (0, 2))])
    store.append(answer, [Piece(0, " more", 1, 0.25, 0.5, (4,)), Piece(2, "three", 3, 0.0, 2.0), piece("so")])
    store.append(answer, [piece(" it is")])
    message = store.path(conversation)[-1]
    assert (message.state, message.thinking, message.content) == ("writing", "one morethree", "so it is")
    assert message.thoughts == (ThoughtSpan(8, 3, 0.75, 1.5, (0, 2, 4)), ThoughtSpan(0, 0, 0, 0),
                                ThoughtSpan(5, 3, 0.0, 2.0))
    assert message.details == {"seed": 1}
    assert store.messages(conversation)[-1] == message


@given(st.lists(st.lists(st.builds(
    Piece, st.integers(-1, 3), ANY_TEXT, st.integers(0, 9), st.sampled_from([0.0, 0.5]),
    st.sampled_from([0.0, 0.25]), st.lists(st.integers(0, 99), max_size=2).map(tuple)), max_size=3), max_size=5),
    st.data())
@settings(max_examples=40)
def test_pieces_make_the_same_texts_wherever_they_were_gathered(batches, data):
    """As begun, gathered after an hour at any place, and gone on with by an owner who had only been asleep."""
    asleep = data.draw(st.sets(st.integers(0, 5)))
    with tempfile.TemporaryDirectory() as folder:
        clock, file = Clock(), Path(folder) / "history.sqlite"
        with History(file, clock) as store:
            conversation, question = asked(store)
            answer = store.begin_answer(conversation, question, {})
            for number, batch in enumerate(batches):
                store.append(answer, batch)
                if number in asleep:
                    clock.time += 2 * HOUR
                    History(file, clock).close()
                    assert store.path(conversation)[-1].state == "interrupted"
            message = store.path(conversation)[-1]
            assert everything(file)
    pieces = [piece for batch in batches for piece in batch]
    last = max((piece.thought for piece in pieces), default=-1)
    thoughts = [[piece for piece in pieces if piece.thought == index] for index in range(last + 1)]
    assert message.content == stored("".join(piece.text for piece in pieces if piece.thought == -1))
    assert message.thinking == stored("".join(piece.text for thought in thoughts for piece in thought))
    assert message.thoughts == tuple(
        ThoughtSpan(sum(len(piece.text) for piece in thought), sum(piece.tokens for piece in thought),
                    sum(piece.held for piece in thought), sum(piece.seconds for piece in thought),
                    tuple(tick for piece in thought for tick in piece.ticks)) for thought in thoughts)


def test_finishing_replaces_the_pieces(store, file):
    conversation, question = asked(store)
    answer, other = (store.begin_answer(conversation, question, {"seed": 1}) for _ in range(2))
    for message in (answer, other):
        store.append(message, [piece("half"), piece("thought", 0)])
    store.finish(answer, "whole", "thoughts", [ThoughtSpan(8, 2, 0.5, 1.0, (3,))], "cancelled", {"seed": 2})
    message = next(message for message in store.messages(conversation) if message.id == answer)
    assert (message.content, message.thinking, message.state) == ("whole", "thoughts", "cancelled")
    assert message.thoughts == (ThoughtSpan(8, 2, 0.5, 1.0, (3,)),)
    assert message.details == {"seed": 2}
    assert {number for number, in sql(file, "SELECT message FROM pieces")} == {other}


def test_an_ended_answer_that_goes_on_keeps_what_it_had(store):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    spans = [ThoughtSpan(3, 1, 0.5, 1.0, (1,)), ThoughtSpan(4, 1, 0.0, 1.0)]
    store.finish(answer, "so", "one two", spans, "cancelled", {})
    store.append(answer, [Piece(0, "!", 1, 0.25, 0.5, (3,)), piece(" it is")])
    message = store.path(conversation)[-1]
    assert (message.state, message.thinking, message.content) == ("writing", "one! two", "so it is")
    assert message.thoughts == (ThoughtSpan(4, 2, 0.75, 1.5, (1, 3)), ThoughtSpan(4, 1, 0.0, 1.0))


@pytest.mark.parametrize("characters", [[], [2], [1, 99]])
def test_thinking_that_its_spans_do_not_cover_is_kept_all_the_same(store, characters):
    spans = [ThoughtSpan(count, 1, 0.0, 0.0) for count in characters]
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    store.finish(answer, "", "all of it", spans, "interrupted", {})
    assert store.path(conversation)[-1].thoughts == tuple(spans)
    store.append(answer, [piece("so")])
    message = store.path(conversation)[-1]
    assert (message.thinking, message.content) == ("all of it", "so")
    assert sum(span.characters for span in message.thoughts) == len("all of it")


@pytest.mark.parametrize("later", [15.001, 3 * HOUR, -15.001])
@pytest.mark.parametrize("begun", [False, True])
def test_an_answer_without_a_sign_of_life_is_read_as_interrupted_and_nothing_is_rewritten(
        store, file, clock, later, begun):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    if begun:
        clock.time += 100
        store.append(answer, [piece("half")])
    last = clock.time
    before = everything(file)
    for clock.time in (last, last + 15 * math.copysign(1, later)):
        assert store.path(conversation)[-1].state == store.messages(conversation)[-1].state == "writing"
    clock.time = last + later
    assert store.path(conversation)[-1].state == store.messages(conversation)[-1].state == "interrupted"
    assert store.path(conversation)[-1].content == ("half" if begun else "")
    assert everything(file) == before


def test_a_sign_of_life_is_enough(store, clock):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    for _ in range(3):
        clock.time += 14
        store.append(answer, [])
        assert store.path(conversation)[-1].state == "writing"


def test_what_has_ended_stays_as_it_ended(store, clock):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    store.finish(answer, "so", "", (), "length", {})
    clock.time += HOUR
    assert [message.state for message in store.path(conversation)] == ["stop", "length"]


@pytest.mark.parametrize("gathered", [False, True])
def test_an_owner_who_wakes_up_goes_on_and_has_the_last_word(store, file, clock, gathered):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    store.append(answer, [piece("half"), piece("thought", 0)])
    clock.time += 2 * HOUR
    if gathered:
        History(file, clock).close()
        assert sql(file, "SELECT content, state FROM messages WHERE id = ?", answer) == [("half", "interrupted")]
    store.append(answer, [piece(" and half")])
    message = store.path(conversation)[-1]
    assert (message.state, message.content, message.thinking) == ("writing", "half and half", "thought")
    store.finish(answer, "whole", "thoughts", [ThoughtSpan(8, 1, 0, 0)], "stop", {})
    message = store.path(conversation)[-1]
    assert (message.state, message.content, message.thinking) == ("stop", "whole", "thoughts")
    assert sql(file, "SELECT * FROM pieces") == []


def test_opening_gathers_only_what_has_shown_no_sign_of_life_for_an_hour(store, file, clock):
    conversation, question = asked(store)
    old = store.begin_answer(conversation, question, {"seed": 3})
    store.append(old, [Piece(0, "thought", 1, 0.5, 0.5, (2,))])
    clock.time += HOUR + 1
    young = store.begin_answer(conversation, question, {})
    store.append(young, [piece("young")])
    clock.time += HOUR
    before, updated = store.messages(conversation), store.latest()
    with History(file, clock) as again:
        assert again.messages(conversation) == before
        assert again.latest() == updated
    assert sql(file, "SELECT state FROM messages WHERE id IN (?, ?) ORDER BY id", old, young) == [
        ("interrupted",), ("writing",)]
    assert sql(file, "SELECT message FROM pieces") == [(young,)]


def test_saving_a_piece_costs_as_much_as_the_piece_however_long_the_answer_is(store, file):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    store.finish(answer, "", "x" * 2_000_000, [ThoughtSpan(2_000_000, 1, 0, 0)], "cancelled", {})
    store.append(answer, [piece("first")])
    sql(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    log = file.with_name(f"{file.name}-wal")
    for _ in range(10):
        store.append(answer, [piece("more")])
    assert 0 < log.stat().st_size < 500_000


# deletion


def test_a_deleted_conversation_can_be_had_back(store):
    conversation, _ = asked(store)
    other, _ = asked(store)
    before = store.conversations(), store.path(conversation)
    store.delete(conversation)
    assert [found.id for found in store.conversations()] == [other]
    assert store.conversation(conversation) is None
    store.restore(conversation)
    assert (store.conversations(), store.path(conversation)) == before


def test_what_was_deleted_over_a_day_ago_is_removed_for_good_when_the_store_is_opened(store, file, clock):
    kept, _ = asked(store, "a question that stays")
    conversation, question = asked(store, "vanishingquestion", "vanishingtitle")
    answers = [store.begin_answer(conversation, question, {"note": "vanishingdetail"}) for _ in range(2)]
    store.append(answers[0], [piece("vanishingpiece")], TokenRun(0, (7,), 5))
    store.finish(answers[1], "vanishinganswer", "vanishingthought", (), "stop", {})
    store.delete(conversation)
    clock.time += DAY
    store.close()
    with History(file, clock) as again:
        again.restore(conversation)
        assert len(again.messages(conversation)) == 3
        again.append(answers[0], [piece("vanishingmore")])
        again.delete(conversation)
        clock.time += DAY
        again.delete(conversation)  # once more changes nothing
    clock.time += 0.5
    assert b"vanishing" in file.read_bytes()
    with History(file, clock) as again:
        assert [found.id for found in again.conversations()] == [kept]
        assert again.messages(conversation) == []
        assert again.search("vanish") == []
        with pytest.raises(HistoryError, match="not in the store any more"):
            again.restore(conversation)
        with pytest.raises(HistoryError, match="not in the store any more"):
            again.append(answers[0], [piece("x")])
        assert again.create("new") > conversation
        assert again.add_message(kept, None, "user", "new") > max(answers)
    assert [len(rows) for rows in everything(file)] == [2, 2, 0, 0]
    assert b"vanishing" not in file.read_bytes()


def test_a_new_message_brings_a_deleted_conversation_back_and_what_was_begun_before_does_not(store):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    store.delete(conversation)
    store.append(answer, [piece("half")])
    store.finish(answer, "whole", "", (), "stop", {})
    assert store.conversations() == []
    store.add_message(conversation, answer, "user", "another window asks on")
    assert contents(store, conversation) == ["why?", "whole", "another window asks on"]
    assert store.latest() == store.conversation(conversation) is not None


# texts and numbers of any kind


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
@example(ODD_TEXT, ODD_TEXT, ODD_TEXT, ODD_TEXT)
@settings(max_examples=40)
def test_any_text_comes_back_but_for_halves_of_characters(title, question, content, thinking):
    with tempfile.TemporaryDirectory() as folder, History(Path(folder) / "history.sqlite") as store:
        conversation, number = asked(store, question, title)
        answer = store.begin_answer(conversation, number, {})
        store.append(answer, [piece(content), piece(thinking, 0)])
        texts = store.path(conversation)[1]
        assert (texts.content, texts.thinking) == (stored(content), stored(thinking))
        store.finish(answer, content, thinking, [ThoughtSpan(len(thinking), 1, 0, 0)], "stop", {})
        texts = store.path(conversation)[1]
        assert (texts.content, texts.thinking) == (stored(content), stored(thinking))
        assert contents(store, conversation)[0] == stored(question)
        assert store.conversation(conversation).title == stored(title)
        store.rename(conversation, question)
        assert store.conversation(conversation).title == stored(question)


def test_a_megabyte_of_thinking_comes_back(store):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    thinking = "Ein Gedanke — 思考\0 " * 60_000
    for start in range(0, len(thinking), 100_000):
        store.append(answer, [piece(thinking[start:start + 100_000], 0)])
    assert store.path(conversation)[-1].thinking == thinking
    store.finish(answer, "", thinking, [ThoughtSpan(len(thinking), 1, 0, 0)], "stop", {})
    assert store.path(conversation)[-1].thinking == thinking


@given(st.dictionaries(ANY_TEXT, JSON))
@example({ODD_TEXT: [ODD_TEXT, {"a": math.inf}, -math.inf, math.nan]})
@settings(max_examples=40)
def test_details_come_back_with_infinite_numbers_as_words_that_float_reads(details):
    def expected(value):
        if isinstance(value, float) and not math.isfinite(value):
            return {"inf": "inf", "-inf": "-inf", "nan": "nan"}[str(value)]
        if isinstance(value, dict):
            return {stored(key): expected(part) for key, part in value.items()}
        if isinstance(value, str):
            return stored(value)
        return [expected(part) for part in value] if isinstance(value, list) else value

    with tempfile.TemporaryDirectory() as folder, History(Path(folder) / "history.sqlite") as store:
        conversation, question = asked(store)
        answer = store.begin_answer(conversation, question, details)
        assert store.path(conversation)[1].details == expected(details)
        store.finish(answer, "", "", (), "stop", {"again": (details,)})
        assert store.path(conversation)[1].details == {"again": [expected(details)]}


def test_figures_of_a_thought_may_be_infinite_or_undefined(store, file):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    store.append(answer, [Piece(0, "x", 1, math.inf, math.nan)])
    span = store.path(conversation)[-1].thoughts[0]
    assert (span.held, math.isnan(span.seconds)) == (math.inf, True)
    store.finish(answer, "", "x", [span], "stop", {})
    span = store.path(conversation)[-1].thoughts[0]
    assert (span.held, math.isnan(span.seconds)) == (math.inf, True)
    assert "NaN" not in str(everything(file))


def test_what_json_cannot_hold_is_refused_and_nothing_is_added(store, file):
    conversation, question = asked(store)
    before = everything(file)
    with pytest.raises(TypeError):
        store.begin_answer(conversation, question, {"path": Path("x")})
    assert everything(file) == before


@pytest.mark.parametrize(("column", "text"), [("details", "{"), ("details", "3"), ("thoughts", "[[1]]"),
                                              ("thoughts", '[["a", 1, "b", 0, []]]')])
def test_a_damaged_message_is_told_of_and_leaves_the_rest_in_order(store, file, clock, column, text):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    sql(file, f"UPDATE messages SET {column} = ? WHERE id = ?", text, answer)
    healthy, _ = asked(store, "healthy")
    clock.time += 2 * HOUR
    with History(file, clock) as again:
        with pytest.raises(HistoryError, match=f"message {answer} of the store is damaged .*: delete its conversation"):
            again.path(conversation)
        assert contents(again, healthy) == ["healthy"]


def test_a_store_that_was_closed_is_a_mistake_of_the_program(file):
    store = History(file)
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.conversations()
