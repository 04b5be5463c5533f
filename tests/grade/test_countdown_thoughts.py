"""The oracle for thoughts is exact."""
from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.countdown import Puzzle
from localthink.grade.countdown_thoughts import can_reach, leads_on, step_holds

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
    ("13 / 5 = 2.6", None),
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
])
def test_a_step_holds_where_its_arithmetic_does_on_numbers_that_are_there(step, before, right):
    assert step_holds(step, before, PUZZLE) is right
