"""Which thoughts about a Countdown puzzle lead on: an exact oracle, by the first operation that a thought names."""
from __future__ import annotations

import itertools
import re
from fractions import Fraction
from functools import lru_cache

from localthink.grade.countdown import Puzzle

_EQUATION = re.compile(r"(\d{1,6}) ?([-+*/×·÷−]) ?(\d{1,6}) ?= ?(\d{1,6})(?!\d|[./]\d)")
_SIGNS = str.maketrans("×·÷−", "**/-")


def leads_on(thought: str, puzzle: Puzzle) -> bool | None:
    """Whether the target can still be reached behind the first operation that a thought names.

    None where it names none. An operation whose arithmetic is wrong, or on numbers that the puzzle does not have, leads
    nowhere.
    """
    found = _EQUATION.search(thought)
    if found is None:
        return None
    left, right, value = (int(found[group]) for group in (1, 3, 4))
    left_over = list(puzzle.numbers)
    for used in (left, right):
        if used not in left_over:
            return False
        left_over.remove(used)
    if value not in _results(Fraction(left), Fraction(right), found[2].translate(_SIGNS)):
        return False
    return can_reach((Fraction(value), *map(Fraction, left_over)), Fraction(puzzle.target))


@lru_cache(maxsize=2**16)
def can_reach(numbers: tuple[Fraction, ...], target: Fraction) -> bool:
    """Whether all the numbers, each used once, make the target with + - * / in exact fractions."""
    if len(numbers) == 1:
        return numbers[0] == target
    for i, j in itertools.combinations(range(len(numbers)), 2):
        others = tuple(number for place, number in enumerate(numbers) if place not in (i, j))
        one, other = numbers[i], numbers[j]
        made = {*_results(one, other, "+-*/"), *_results(other, one, "-/")}
        if any(can_reach((*others, value), target) for value in made):
            return True
    return False


def _results(one: Fraction, other: Fraction, symbols: str) -> set[Fraction]:
    values = {"+": one + other, "-": one - other, "*": one * other}
    if other:
        values["/"] = one / other
    return {values[symbol] for symbol in symbols if symbol in values}
