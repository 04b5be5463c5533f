"""What thoughts about a Countdown puzzle try, and which of them lead on: an exact oracle, by their first operations.

All three questions read the same equations (`grade.equations`), each whole: of `11 + 4 * 7 = 39` the first operation is
`4 * 7`. What is said in words alone ("4 times 7 is 28") is no operation to them.
"""
from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction
from functools import lru_cache

from localthink.grade.countdown import Puzzle
from localthink.grade.equations import Equation, Term, equations

Numbers = tuple[Fraction, ...]  # sorted: what is left to work with, each to be used once


def leads_on(thought: str, puzzle: Puzzle) -> bool | None:
    """Whether the target can still be reached behind the first operation that a thought names.

    None where it names none. An operation in an equation that is wrong, or on numbers that the puzzle does not have,
    leads nowhere.
    """
    found = equations(thought)
    if not found:
        return None
    first = found[0].worked.operations[0]
    left_over = _without(_all(puzzle), first.numbers)
    if left_over is None or first.value is None or not found[0].holds:
        return False
    return can_reach((first.value, *left_over), Fraction(puzzle.target))


def ideas(thought: str, puzzle: Puzzle) -> tuple[str, ...]:
    """The first operations that a thought names, in their order, as `4 * 7`; none stands twice in a row.

    One is the first operation of an equation, on two of the puzzle's numbers, whether its value is right or not. An
    equation on numbers that the operations before it have left goes on with those. A thought of several ideas has
    changed its mind without a marker.
    """
    found: list[str] = []
    search = _Search(puzzle)
    for equation in equations(thought):
        first = equation.worked.operations[0]
        if search.goes_on(equation.worked.numbers):
            search.take(equation)
        elif _without(_all(puzzle), first.numbers) is not None:
            search.take(equation)
            if not found or _idea(first) != found[-1]:
                found.append(_idea(first))
    return tuple(found)


def step_holds(step: str, before: str, puzzle: Puzzle) -> bool | None:
    """Whether every equation that a step names is calculated right, on numbers that are there, each used once.

    Those are the puzzle's, or what the operations `before` it, or earlier in it, have left of them with their results,
    right or not. An operation that only the puzzle's own numbers allow begins anew: what came of those before it is
    gone. Whether the step leads to the target is not asked. None where it names no operation.
    """
    search = _Search(puzzle)
    for equation in equations(before):
        search.take(equation)
    found = equations(step)
    for equation in found:
        if not (equation.holds and equation.restates and search.has(equation.worked.numbers)):
            return False
        search.take(equation)
    return True if found else None


class _Search:
    """Which numbers may be there: the puzzle's, and what the operations of the idea at hand have left of them."""

    def __init__(self, puzzle: Puzzle) -> None:
        self._all = _all(puzzle)
        self._left: dict[Numbers, None] = {}  # ordered: two operations on the same numbers are tried side by side

    def goes_on(self, numbers: list[Fraction]) -> bool:
        return any(_without(left, numbers) is not None for left in self._left)

    def has(self, numbers: list[Fraction]) -> bool:
        return self.goes_on(numbers) or _without(self._all, numbers) is not None

    def take(self, equation: Equation) -> None:
        numbers = equation.worked.numbers
        if not self.has(numbers) or not equation.holds:
            self._take_as_said(equation)
            return
        for operation in equation.worked.operations:
            self._work(operation)

    def _work(self, operation: Term) -> None:
        used = [part.value for part in operation.parts if part.value is not None]
        value = operation.value
        if value is None:
            return
        made = [tuple(sorted((*rest, value))) for left in self._left if (rest := _without(left, used)) is not None]
        rest = _without(self._all, used)
        if not made:
            self._left.clear()
        if rest is not None:
            made.append(tuple(sorted((*rest, value))))
        self._left |= dict.fromkeys(made)

    def _take_as_said(self, equation: Equation) -> None:
        """A wrong one: its result is what the next may go on with, in place of those of its numbers that were there."""
        numbers = equation.worked.numbers
        goes_on = [left for left in self._left if _without(left, numbers) is not None]
        begins = self._all if _without(self._all, numbers) is not None else next(reversed(self._left), self._all)
        left = Counter(goes_on[-1] if goes_on else begins) - Counter(numbers)
        self._left[tuple(sorted((*left.elements(), *equation.results)))] = None


def _all(puzzle: Puzzle) -> Numbers:
    return tuple(sorted(map(Fraction, puzzle.numbers)))


def _without(numbers: Numbers, used: list[Fraction]) -> Numbers | None:
    """The other numbers; None where one of those used is not there, or not as often."""
    others = list(numbers)
    for number in used:
        if number not in others:
            return None
        others.remove(number)
    return tuple(others)


def _idea(operation: Term) -> str:
    one, other = operation.numbers
    if operation.sign in "+*":
        one, other = sorted((one, other))
    return f"{one} {operation.sign} {other}"


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
