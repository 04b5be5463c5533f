"""Results become samples: what came of each, what it said, and where its tokens went."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.errors import UsageError
from localthink.study.samples import complete_pairs, ends_in_loop, sample_of
from study.making import sample


def result(**more):
    thought = {"index": 0, "start": 0, "end": 6, "tokens": 6, "held": 1,
               "text": "First, try 13 - 1 = 12, leaving 12 and 5."}
    other = {"index": 1, "start": 6, "end": 9, "tokens": 3, "held": 0, "text": "Alternatively, try 13 * 5 = 65."}
    return {"key": "ab", "id": "p | plain", "sample": 0, "seed": 5, "correct": False, "finish_reason": "stop",
            "answer": r"\boxed{13 - 1}", "thinking": thought["text"] + "\n" + other["text"],
            "thoughts": [thought, other],
            "tokens": 12, "token_ids": list(range(12)), "switches": 1, "held": 1, "seconds": 0.5,
            "settings": {"alpha": 0, "beta": 600}, "item": {"numbers": [13, 1, 5], "target": 60, "study_problem": "p",
                                                            "study_cell": "plain", "study_level": "3"}, **more}


def test_a_result_of_a_study_knows_its_problem_its_setting_and_its_thoughts():
    found = sample_of(result())
    assert (found.problem, found.cell, found.level, found.outcome) == ("p", "plain", "3", "wrong")
    assert (found.tokens, found.thinking, found.answer) == (12, 9, 3)
    assert [thought.right for thought in found.thoughts] == [True, False]


def test_a_result_of_a_plain_run_has_the_setting_that_it_was_written_with():
    found = sample_of(result(item={"answer": 4}, settings={"alpha": 3.0, "beta": 600, "groups": ["wait"]}))
    assert (found.problem, found.cell) == ("p | plain", "alpha 3, beta 600, markers wait")
    assert [thought.right for thought in found.thoughts] == [None, None]


def test_answers_to_a_puzzle_are_the_same_by_their_expression_and_not_by_its_value():
    said = {box: sample_of(result(answer=rf"\boxed{{{box}}}")).said
            for box in ("13*5 - 1 = 64", "(13 - 1)*5", "5*(13 - 1) = 60", "13*5 - 5")}
    assert said["(13 - 1)*5"] == said["5*(13 - 1) = 60"]
    assert len(set(said.values())) == 3


@pytest.mark.parametrize(("more", "outcome"), [
    ({"correct": True}, "right"),
    ({}, "wrong"),
    ({"answer": "I found no way to make 60."}, "no answer"),
    ({"finish_reason": "length"}, "cut off"),
    ({"finish_reason": "loop"}, "loop"),
    ({"finish_reason": "confidence"}, "cut off"),
    ({"finish_reason": "length", "token_ids": [1, 2, 3] + [7, 8, 9, 4] * 5}, "loop"),
])
def test_outcomes_are_told_apart(more, outcome):
    assert sample_of(result(**more)).outcome == outcome


def test_where_thoughts_are_followed_in_the_answer_too_thinking_ends_with_the_thinking():
    found = sample_of(result(thinking="First, try 13 - 1 = 12, leaving 12 and 5.\n"))
    assert (found.thinking, found.answer) == (6, 6)
    assert sample_of(result(thinking="")).thinking == 0


def test_doubts_are_counted_in_the_thinking_and_in_the_answer():
    found = sample_of(result(thinking="Wait, again: 13 - 1 = 12.\nHold on. The waiter waits.", answer="So, wait: 12"))
    assert found.waits == 3


def test_a_result_that_was_not_graded_is_refused():
    ungraded = result()
    del ungraded["correct"]
    with pytest.raises(UsageError, match="was not graded"):
        sample_of(ungraded)


@given(st.lists(st.integers(0, 50), max_size=40), st.lists(st.integers(0, 50), min_size=1, max_size=30),
       st.integers(12, 20))
def test_whatever_comes_again_and_again_at_the_end_is_a_loop(before, period, copies):
    assert ends_in_loop(before + period * copies)


@given(st.lists(st.integers(0, 10**6), unique=True, max_size=600))
def test_a_text_without_repeats_is_none(tokens):
    assert not ends_in_loop(tokens)


def test_two_copies_are_no_loop_yet():
    assert not ends_in_loop([1, 2] + list(range(10, 40)) * 2)
    assert not ends_in_loop([5, 5, 5])


def test_only_what_is_there_under_every_setting_is_compared():
    samples = [sample("p", "a"), sample("p", "b"), sample("p", "a", 1), sample("q", "b")]
    assert [[each.key for each in pair] for pair in complete_pairs(samples, ("a", "b"))] == [["p/a/0", "p/b/0"]]
