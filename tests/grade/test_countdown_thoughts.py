"""The oracle for thoughts is exact."""
from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.countdown import Puzzle
from localthink.grade.countdown_thoughts import can_reach, ideas, leads_on, step_holds

PUZZLE = Puzzle((13, 1, 5), 60)  # (13 - 1) * 5


def all_values(numbers):
    """Every value of every expression over all the numbers, built the other way round: from trees over orders."""
    if len(numbers) == 1:
        return {numbers[0]}
    values = set()
    for order in itertools.permutations(numbers):
        for cut in range(1, len(order)):
            for left in all_values(order[:cut]):
                for right in all_values(order[cut:]):
                    values |= {left + right, left - right, left * right, *([left / right] if right else [])}
    return values


@given(st.lists(st.integers(1, 13), min_size=1, max_size=3), st.integers(1, 60))
def test_what_can_be_reached_is_what_some_expression_makes(numbers, target):
    fractions = tuple(map(Fraction, numbers))
    assert can_reach(fractions, Fraction(target)) == (target in all_values(fractions))


@pytest.mark.parametrize(("thought", "right"), [
    ("First, try 13 - 1 = 12, leaving 12 and 5.", True),
    ("Alternatively, try 13 * 5 = 65, leaving 65 and 1.\n65 * 1 = 65, no.", False),
    ("13 × 5 = 65, and 65 − 5 is taken already", False),
    ("Let me see. 13 - 1 = 11, leaving 11 and 5.", False),  # wrong arithmetic
    ("7 - 1 = 6, leaving 6 and 5.", False),  # a number that is not there
    ("1 + 1 = 2, leaving 2 and 5.", False),  # one number used twice
    ("13 / 5 = 2.6", False),
    ("(13 - 1) * 5 = 60", True),
    ("5 * 13 - 1 = 64", False),  # the tail `13 - 1` leads on, and is not what is tried first
    (r"\(13 \cdot 1 = 13\)", False),
    ("1 - 13 = -12, leaving -12 and 5", False),
    ("13  -  1  =  12", True),
    ("13 x 5 = 65", False),
    ("What could make sixty?", None),
])
def test_a_thought_leads_on_while_the_target_can_be_reached(thought, right):
    assert leads_on(thought, PUZZLE) is right


@pytest.mark.parametrize(("step", "before", "right"), [
    ("13 * 5 = 65, no.", "", True),  # true, though it leads nowhere
    ("12 * 5 = 60, yes.", "Try 13 - 1 = 12.", True),
    ("12 * 5 = 60, yes.", "", False),  # nobody has made the 12
    ("13 - 1 = 12, and 12 * 5 = 60", "", True),
    ("13 - 1 = 12, and 12 * 5 = 61", "", False),
    ("5 + 5 = 10", "", False),  # there is one 5
    ("5 + 5 = 10", "6 - 1 = 5", True),
    ("Let me see.", "", None),
    ("13 - 1 = 12, or 13 * 1 = 13", "", True),  # two tried side by side
    ("12 + 1 = 13", "13 - 1 = 12", False),  # the 1 is used
    ("12 - 12 = 0", "13 - 1 = 12", False),
    ("12 * 5 = 60", "13 - 1 = 12, no. 5 * 1 = 5", False),  # the 12 was given up
    ("11 * 5 = 55", "13 - 1 = 11", True),  # given what was said before
    ("(13 - 1) * 5 = 12 * 5 = 60", "", True),
    ("(13 - 1) * 5 = 30 + 30", "", False),
    (r"\(13 \cdot 5 = 65\)", "", True),
    ("1 - 13 = -12, -12 + 5 = -7", "", True),
])
def test_a_step_holds_where_its_arithmetic_does_on_numbers_that_are_there(step, before, right):
    assert step_holds(step, before, PUZZLE) is right


SOLVED = Puzzle((4, 7, 11), 39)


@pytest.mark.parametrize("solution", [
    "4 * 7 + 11 = 39", "11 + 4 * 7 = 39", "(4 * 7) + 11 = 39", "39 = 4 x 7 + 11", r"4 \cdot 7 + 11 = 28 + 11 = 39",
    r"\[4 \times 7 + 11 = 39\]", "- 4 * 7 = 28", "**4 * 7 = 28**", "4*7+11\n= 28+11\n= 39",
])
def test_however_a_solution_is_written_its_first_operation_is_the_one_worked_out_first(solution):
    assert leads_on(solution, SOLVED) is True
    assert ideas(solution, SOLVED) == ("4 * 7",)
    assert step_holds(solution, "", SOLVED) is True


@given(st.permutations([4, 7, 11]), st.sampled_from("+-*"), st.sampled_from("+-*"))
def test_a_step_over_the_puzzles_own_numbers_holds_if_python_agrees(numbers, first, second):
    written = f"{numbers[0]} {first} {numbers[1]} {second} {numbers[2]}"
    value = eval(written)
    assert step_holds(f"{written} = {value}", "", SOLVED) is True
    assert step_holds(f"{written} = {value + 1}", "", SOLVED) is False
    assert leads_on(f"{written} = {value}", replace(SOLVED, target=value)) is True
