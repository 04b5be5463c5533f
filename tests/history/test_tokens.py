"""The token ids of an unfinished answer: kept with its text, and not had where the two do not belong together."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.stores import ANY_TEXT, Clock, asked, piece, sql
from localthink.history import History, Piece, ThoughtSpan, TokenRun
from localthink.history.schema import FIRST
from localthink.history.tokens import seal

HOUR = 3600


@pytest.fixture
def file(tmp_path):
    return tmp_path / "history.sqlite"


def begun(store: History) -> tuple[int, int]:
    conversation, question = asked(store)
    return conversation, store.begin_answer(conversation, question, {})


def ids(store: History, conversation: int) -> tuple[int, ...]:
    return store.path(conversation)[-1].token_ids


@given(st.lists(st.tuples(ANY_TEXT, st.lists(st.integers(0, 2**31 - 1), max_size=3), st.sampled_from([-1, 0, 1])),
                min_size=1, max_size=6), st.booleans())
def test_what_was_saved_with_its_text_comes_back_whenever_it_is_read(tmp_path_factory, saves, gathered):
    file, clock = tmp_path_factory.mktemp("store") / "history.sqlite", Clock()
    texts, tokens = {-1: "", 0: "", 1: ""}, []
    with History(file, clock) as store:
        conversation, answer = begun(store)
        for text, new, thought in saves:
            texts[thought] += text
            start = len(tokens)
            tokens += [*new, 1]
            store.append(answer, [Piece(thought, text, len(new), 0.0, 0.0)],
                         TokenRun(start, (*new, 1), seal(texts[-1], texts[0] + texts[1], tokens)), {"seed": start})
            assert store.path(conversation)[-1].details == {"seed": start}
    clock.time += 2 * HOUR if gathered else 0
    with History(file, clock) as again:
        assert ids(again, conversation) == tuple(tokens)
        assert again.path(conversation)[-1].state == ("interrupted" if gathered else "writing")


def test_an_answer_that_ended_by_itself_keeps_none(file):
    with History(file) as store:
        conversation, answer = begun(store)
        store.append(answer, [piece("so")], TokenRun(0, (7,), seal("so", "", [7])))
        store.finish(answer, "so", "", (), "stop", {})
        assert ids(store, conversation) == () and sql(file, "SELECT * FROM tokens") == []


def test_an_answer_that_was_stopped_goes_on_behind_the_ones_it_has(file):
    with History(file) as store:
        conversation, answer = begun(store)
        store.finish(answer, "so", "hm", [ThoughtSpan(2, 1, 0.0, 0.0)], "cancelled", {}, (7, 8))
        assert ids(store, conversation) == (7, 8)
        store.append(answer, [piece(" it is")], TokenRun(2, (9,), seal("so it is", "hm", [7, 8, 9])))
        assert ids(store, conversation) == (7, 8, 9)


def test_two_programs_that_write_one_answer_leave_none(file):
    with History(file) as store, History(file) as other:
        conversation, answer = begun(store)
        store.append(answer, [piece("so")], TokenRun(0, (7,), seal("so", "", [7])))
        other.append(answer, [piece(" it")], TokenRun(1, (8,), seal("so it", "", [7, 8])))
        store.append(answer, [piece(" is")], TokenRun(1, (9,), seal("so is", "", [7, 9])))
        assert store.path(conversation)[-1].content == "so it is" and ids(store, conversation) == ()


@pytest.mark.parametrize("state", ["cancelled", "interrupted", "writing"])
def test_a_file_of_the_first_version_is_read_and_its_ids_are_not(file, state):
    with History(file) as store:
        conversation, answer = begun(store)
        store.finish(answer, "so", "hm", [ThoughtSpan(2, 1, 0.0, 0.0)], state, {"token_ids": [7, 8]})
    sql(file, "DROP TABLE tokens")
    sql(file, "PRAGMA user_version = 1")
    assert "tokens (" not in FIRST
    with History(file) as again:
        [_, message] = again.path(conversation)
        assert (message.content, message.thinking, message.state, message.token_ids) == ("so", "hm", state, ())
        assert sql(file, "PRAGMA user_version") == [(2,)]
