"""What an attempt says its answer is, and which answers are one."""
from __future__ import annotations

import pytest

from localthink.grade.countdown import Puzzle, solves
from localthink.grade.exact import read_gold
from localthink.solving.attempts import attempt_of, said_in

PUZZLE = Puzzle((4, 7, 11), 39)


def result(answer: str, **more: object) -> dict[str, object]:
    return {"sample": 3, "tokens": 7, "answer": answer, "finish_reason": "stop", "question": "What?", "item": {},
            **more}


@pytest.mark.parametrize(("one", "other"), [
    (r"\boxed{4*7 + 11 = 39}", r"So \boxed{11 + (7 \times 4)}"),
    (r"\boxed{(4 * 7) + 11}", r"\boxed{[7*4]+11 = 39}"),
])
def test_expressions_are_one_answer_whatever_their_order_and_brackets(one, other):
    assert said_in(one, PUZZLE).key == said_in(other, PUZZLE).key
    assert said_in(one, PUZZLE).form == "expression"


def test_two_ways_to_the_target_are_two_answers_though_both_end_in_it():
    assert said_in(r"\boxed{4*7 + 11 = 39}", PUZZLE).key != said_in(r"\boxed{39 * 1 = 39}", PUZZLE).key


def test_what_claims_to_be_an_equation_and_is_none_is_told_by_its_text():
    assert said_in(r"\boxed{4*7 + 11 = 40}", PUZZLE).form == "text"


@pytest.mark.parametrize("answer", ["I found no way to make 39.", "4 * 7 + 11 = 39", "4 * 11 - 7 = 39.", r"\boxed{}"])
def test_on_a_puzzle_nothing_is_said_without_a_box_as_for_the_grader(answer):
    assert said_in(answer, PUZZLE) is None
    assert not solves(answer, PUZZLE.numbers, PUZZLE.target)


def test_a_true_and_a_false_way_to_one_number_have_no_vote_in_common():
    true, false = said_in(r"\boxed{4 * 7 + 11 = 39}", PUZZLE), said_in(r"\boxed{4 * 11 - 7 = 39}", PUZZLE)
    assert true.key != false.key


@pytest.mark.parametrize(("one", "other", "form"), [
    (r"\boxed{0.5}", r"The answer is 1/2.", "number"),
    (r"\boxed{(B)}", r"\boxed{(b)}", "text"),
    (r"Answer: B", r"\boxed{B}", "letter"),
    (r"\boxed{x+1}", r"\boxed{x + 1}", "text"),
])
def test_numbers_are_one_by_value_and_all_else_by_spelling(one, other, form):
    assert said_in(one, read_gold("B")).key == said_in(other, read_gold("B")).key
    assert said_in(one, read_gold("B")).form == form


def test_nothing_is_said_by_what_was_cut_off_or_is_empty():
    assert attempt_of(result(r"\boxed{4}", finish_reason="length")).said is None
    assert attempt_of(result("  ")).said is None
    assert attempt_of(result(r"\boxed{4}")).said.text == "4"


def test_a_question_that_poses_a_puzzle_is_one_also_where_nothing_is_carried():
    attempt = attempt_of(result(r"\boxed{4*7 + 11 = 39}", question="Use 4, 7 and 11 to make 39."))
    assert (attempt.number, attempt.tokens, attempt.said.form) == (3, 7, "expression")


def test_confidence_is_that_which_the_control_told():
    notes = [{"control": "confidence", "why": "lowest group 1.250", "position": 9}]
    assert attempt_of(result("4", interventions=notes)).confidence == 1.25
    assert attempt_of(result("4")).confidence is None
