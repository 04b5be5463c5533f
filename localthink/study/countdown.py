"""Countdown as the bundled model was taught it: its puzzles, which of them are held out, and which thoughts lead on.

Three numbers from 1 to LARGEST_NUMBER, each to be used once, four operations, one target. A *thought* is one choice of
first operation. Knows nothing of tokens, models or files.
"""
from __future__ import annotations

import hashlib
import itertools
import random
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from localthink.grade.countdown import Puzzle

LARGEST_NUMBER = 13
LARGEST_VALUE = 100  # what is larger is not tried
TARGETS = range(10, 101)
SPLITS = ("train", "choose", "test")
_EQUATION = re.compile(r"(\d{1,6}) ?([-+*/×·÷−]) ?(\d{1,6}) ?= ?(\d{1,6})(?!\d|[./]\d)")
_SIGNS = str.maketrans("×·÷−", "**/-")


@dataclass(frozen=True)
class Operation:
    """`left symbol right = value`, with left >= right and every value a positive integer within LARGEST_VALUE."""

    left: int
    symbol: str
    right: int
    value: int

    def __str__(self) -> str:
        return f"{self.left} {self.symbol} {self.right} = {self.value}"


def operations(a: int, b: int) -> list[Operation]:
    """The operations on two numbers that stay within the positive integers, in writing order."""
    left, right = max(a, b), min(a, b)
    found = [Operation(left, "*", right, left * right)]
    if right > 1 and left % right == 0:
        found.append(Operation(left, "/", right, left // right))
    found.append(Operation(left, "+", right, left + right))
    if left > right:
        found.append(Operation(left, "-", right, left - right))
    return [operation for operation in found if operation.value <= LARGEST_VALUE]


def first_operations(numbers: tuple[int, ...]) -> list[tuple[Operation, int]]:
    """Every distinct first operation with the number it leaves over: the possible thoughts."""
    found: dict[tuple[Operation, int], None] = {}
    for i, j in itertools.combinations(range(3), 2):
        for operation in operations(numbers[i], numbers[j]):
            found[operation, numbers[3 - i - j]] = None
    return list(found)


def reachable(numbers: tuple[int, ...]) -> set[int]:
    return {last.value for first, rest in first_operations(numbers) for last in operations(first.value, rest)}


def multisets() -> list[tuple[int, int, int]]:
    return list(itertools.combinations_with_replacement(range(1, LARGEST_NUMBER + 1), 3))


def split_of(numbers: tuple[int, ...]) -> str:
    """`train`, `choose` (for choosing settings) or `test`, by a hash of the sorted numbers."""
    digest = hashlib.sha256(",".join(map(str, sorted(numbers))).encode()).digest()
    share = digest[0] / 256
    return "test" if share < 0.28 else "choose" if share < 0.38 else "train"


def solvable_puzzles(split: str) -> list[Puzzle]:
    """Every puzzle of a split that has a solution, in a fixed order, the numbers ascending."""
    return [
        Puzzle(numbers, target)
        for numbers in multisets()
        if split_of(numbers) == split
        for target in sorted(reachable(numbers))
        if target in TARGETS
    ]


def held_out(split: str, count: int, seed: int = 0) -> list[Puzzle]:
    """`count` puzzles of a split, drawn without replacement, their numbers in random order."""
    rng = random.Random(seed)
    chosen = rng.sample(solvable_puzzles(split), count)
    return [Puzzle(tuple(rng.sample(p.numbers, 3)), p.target) for p in chosen]


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
