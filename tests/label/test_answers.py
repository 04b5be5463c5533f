"""The chat's answers as a run: each has its thoughts, and keeps its labels."""
from __future__ import annotations

import pytest

from label.making import DEAD_END, LEADS_ON, label
from localthink import locations
from localthink.errors import UsageError
from localthink.grade.countdown import Puzzle
from localthink.history import History, ThoughtSpan
from localthink.label.answers import answer_run, read_answers
from localthink.label.file import read_said
from localthink.label.raters import ratings_by

QUESTION = "Use 4, 7 and 11 to make 39."


@pytest.fixture
def history(tmp_path):
    with History(tmp_path / "history.sqlite") as history:
        yield history


def answer(history, *thoughts, question=QUESTION, state="stop"):
    """A conversation with one answer; returns both ids."""
    conversation = history.create("title")
    asked = history.add_message(conversation, None, "user", question)
    message = history.begin_answer(conversation, asked, {})
    if state != "writing":
        history.finish(message, "So.", "".join(thoughts), [ThoughtSpan(len(text), 5, 0.0, 0.1) for text in thoughts],
                       state, {})
    return conversation, message


def test_an_answer_has_its_question_and_thoughts_and_what_is_known_of_a_puzzle(history):
    run = answer_run(history, *answer(history, DEAD_END, LEADS_ON))
    one, = run.samples
    assert (one.question, one.thoughts, one.answer, one.known) == (
        QUESTION, (DEAD_END, LEADS_ON), "So.", Puzzle((4, 7, 11), 39))
    assert list(ratings_by(run, "oracle", "thoughts").values()) == ["wrong", "right"]


def test_labels_are_those_of_the_answer_and_lie_with_localthinks_own_data(history):
    first, second = answer(history, DEAD_END), answer(history, LEADS_ON)
    run = answer_run(history, *second)
    label(run, "me", {run.samples[0].units("thoughts")[0]: "right"})
    assert (locations.labels() / "labels-me.jsonl").is_file()
    every = read_answers(history)
    assert [one.thoughts for one in every.samples] == [(DEAD_END,), (LEADS_ON,)]
    assert read_said(every, "me").ratings == {every.samples[1].units("thoughts")[0]: "right"}
    assert answer_run(history, *first).identity == run.identity


def test_what_has_the_same_id_in_another_store_is_another_answer(history, tmp_path):
    one = answer_run(history, *answer(history, DEAD_END)).samples[0]
    with History(tmp_path / "other.sqlite", now=lambda: 5.0) as other:
        assert answer_run(other, *answer(other, DEAD_END)).samples[0].key != one.key


@pytest.mark.parametrize(("thoughts", "state"), [((), "stop"), ((DEAD_END,), "writing")])
def test_without_a_finished_answer_that_thinks_there_is_nothing_to_label(history, thoughts, state):
    place = answer(history, *thoughts, state=state)
    for read in (lambda: answer_run(history, *place), lambda: read_answers(history)):
        with pytest.raises(UsageError, match="no finished answer with thoughts"):
            read()
