"""What is asked, and who verifies."""
from __future__ import annotations

import json

import pytest

from localthink.batch.settings import Settings
from localthink.errors import UsageError
from localthink.records import Message
from localthink.solving.catalogue import read_strategy
from localthink.solving.questions import choose_verifier, item_of, read_questions

PUZZLE = "Use 4, 7 and 11 to make 39."


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_question_has_the_seeds_of_the_same_line_without_an_id(tmp_path):
    [line] = read_questions(write(tmp_path / "q.jsonl", {"prompt": "What?"}), Settings(seed=3))
    asked = item_of("What?", Settings(seed=3))
    assert [asked.settings.seed_of(asked.id, i) for i in range(3)] == [line.settings.seed_of(line.id, i)
                                                                       for i in range(3)]
    assert item_of([Message("user", "What?")], Settings()).content == asked.content


@pytest.mark.parametrize(("rows", "told"), [
    ([{"prompt": "A"}, {"nothing": 1}], "line 2: nothing is asked"),
    ([{"prompt": "A", "n": 4}], "line 1, has an n of its own"),
    ([{"prompt": "A"}, {"prompt": "A"}], "line 2: the same content as line 1"),
])
def test_a_file_with_a_line_that_cannot_be_asked_is_refused(tmp_path, rows, told):
    with pytest.raises(UsageError) as refused:
        read_questions(write(tmp_path / "q.jsonl", *rows), Settings())
    assert told in str(refused.value)


def test_puzzles_are_verified_by_arithmetic_and_all_else_by_the_model():
    best = read_strategy("best")
    assert choose_verifier(best, None, [item_of(PUZZLE, Settings())]) == "exact"
    assert choose_verifier(best, None, [item_of(PUZZLE, Settings()), item_of("Why?", Settings())]) == "self"
    assert choose_verifier(read_strategy("consensus"), None, [item_of("Why?", Settings())]) is None


def test_a_known_answer_is_used_only_where_that_is_asked_for(tmp_path):
    items = read_questions(write(tmp_path / "q.jsonl", {"prompt": "1 + 1?", "answer": 2}), Settings())
    assert choose_verifier(read_strategy("steps"), None, items) == "self"
    assert choose_verifier(read_strategy("steps"), "exact", items) == "exact"


@pytest.mark.parametrize(("strategy", "verifier", "told"), [
    ("consensus", "exact", "consensus takes no verifier, and exact is given"),
    ("best", "exact", "the right answer to the question is not known"),
])
def test_a_verifier_that_cannot_be_is_refused(strategy, verifier, told):
    with pytest.raises(UsageError, match=told):
        choose_verifier(read_strategy(strategy), verifier, [item_of("Why?", Settings())])
