"""What thoughts about a Countdown puzzle try, and which of them lead on: an exact oracle, by their first operations."""
from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from localthink.grade.countdown import Puzzle

_EQUATION = re.compile(r"(\d{1,6}) ?([-+*/×·÷−]) ?(\d{1,6}) ?= ?(\d{1,6})(?!\d|[./]\d)")
_SIGNS = str.maketrans("×·÷−", "**/-")
_LATEX = re.compile(r"\\(times|cdot|div)\b")


def leads_on(thought: str, puzzle: Puzzle) -> bool | None:
    """Whether the target can still be reached behind the first operation that a thought names.

    None where it names none. An operation whose arithmetic is wrong, or on numbers that the puzzle does not have, leads
    nowhere.
    """
    found = _EQUATION.search(thought)
    if found is None:
        return None
    left, right, value = _numbers(found)
    left_over = _without(puzzle.numbers, left, right)
    if left_over is None or not _holds(found):
        return False
    return can_reach((Fraction(value), *map(Fraction, left_over)), Fraction(puzzle.target))


def ideas(thought: str, puzzle: Puzzle) -> tuple[str, ...]:
    """The first operations that a thought names, in their order, as `4 * 7`; none stands twice in a row.

    One is an equation on two of the puzzle's numbers, whether its value is right or not. An equation on numbers that
    the operation before it has left goes on with that one. A thought of several ideas has changed its mind without a
    marker.
    """
    found: list[str] = []
    left: Counter[int] = Counter()
    for equation in _EQUATION.finditer(_LATEX.sub(lambda sign: "/" if sign[1] == "div" else "*", thought)):
        one, other, value = (int(equation[group]) for group in (1, 3, 4))
        used, numbers = Counter((one, other)), Counter(puzzle.numbers)
        if not used <= numbers or (found and used <= left):
            continue
        sign = equation[2].translate(_SIGNS)
        operands = sorted((one, other)) if sign in "+*" else (one, other)
        idea = f"{operands[0]} {sign} {operands[1]}"
        if not found or idea != found[-1]:
            found.append(idea)
        left = numbers - used + Counter((value,))
    return tuple(found)


def step_holds(step: str, before: str, puzzle: Puzzle) -> bool | None:
    """Whether every operation that a step names is calculated right, on numbers that are there.

    Those are the puzzle's, and results of operations `before` it or earlier in it; one number is not used as two.
    Whether they lead to the target is not asked. None where the step names no operation.
    """
    there = [*puzzle.numbers, *(_numbers(found)[2] for found in _EQUATION.finditer(before))]
    found = list(_EQUATION.finditer(step))
    for each in found:
        left, right, value = _numbers(each)
        if _without(there, left, right) is None or not _holds(each):
            return False
        there.append(value)
    return True if found else None


def _numbers(found: re.Match[str]) -> tuple[int, int, int]:
    return int(found[1]), int(found[3]), int(found[4])


def _without(numbers: Sequence[int], left: int, right: int) -> list[int] | None:
    """The other numbers; None where one of the two is not there."""
    others = list(numbers)
    for used in (left, right):
        if used not in others:
            return None
        others.remove(used)
    return others


def _holds(found: re.Match[str]) -> bool:
    left, right, value = _numbers(found)
    return value in _results(Fraction(left), Fraction(right), found[2].translate(_SIGNS))


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
