"""Countdown as the bundled models were taught it: its puzzles, and which of them are held out.

Three or four numbers from 1 to LARGEST_NUMBER, each to be used once, four operations, one target. A *thought* is one
choice of all operations but the last, each of which takes the value of the one before. Knows nothing of tokens, models
or files.
"""
from __future__ import annotations

import hashlib
import itertools
import random
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from localthink.grade.countdown import Puzzle

LARGEST_NUMBER = 13
LARGEST_VALUE = 100  # what is larger is not tried
TARGETS = range(10, 101)
NUMBERS = (3, 4)  # of a puzzle: the fewest and the most
SPLITS = ("train", "choose", "test")
LEAST_SHARE = 0.03  # of the thoughts about a puzzle of four numbers, at least so many find its target


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


@dataclass(frozen=True)
class Thought:
    """The operations that a thought begins with, and the two numbers that they leave; `lines` are what can follow."""

    steps: tuple[Operation, ...]
    left: tuple[int, int]

    @property
    def lines(self) -> list[Operation]:
        """The last operations, in writing order; there is always one."""
        return operations(*self.left)


def first_operations(numbers: tuple[int, ...]) -> list[tuple[Operation, tuple[int, ...]]]:
    """Every distinct first operation, with the numbers that it leaves over beside its value."""
    found: dict[tuple[Operation, tuple[int, ...]], None] = {}
    for i, j in itertools.combinations(range(len(numbers)), 2):
        rest = tuple(number for place, number in enumerate(numbers) if place not in (i, j))
        for operation in operations(numbers[i], numbers[j]):
            found[operation, rest] = None
    return list(found)


def thoughts_about(numbers: tuple[int, ...]) -> list[Thought]:
    """Every distinct thought about three or more numbers."""
    return list(dict.fromkeys(Thought((first, *steps), left) for first, rest in first_operations(numbers)
                              for steps, left in _chains(first.value, rest)))


def _chains(value: int, rest: tuple[int, ...]) -> list[tuple[tuple[Operation, ...], tuple[int, int]]]:
    """The steps that take a value on to where one number is left beside it, and what is left."""
    if len(rest) == 1:
        return [((), (value, rest[0]))]
    found = []
    for taken in dict.fromkeys(rest):
        others = list(rest)
        others.remove(taken)
        for step in operations(value, taken):
            found += [((step, *steps), left) for steps, left in _chains(step.value, tuple(others))]
    return found


def reachable(numbers: tuple[int, ...]) -> set[int]:
    return {last.value for thought in thoughts_about(numbers) for last in thought.lines}


def multisets(count: int = 3) -> list[tuple[int, ...]]:
    return list(itertools.combinations_with_replacement(range(1, LARGEST_NUMBER + 1), count))


def split_of(numbers: tuple[int, ...]) -> str:
    """`train`, `choose` (for choosing settings) or `test`, by a hash of the sorted numbers."""
    digest = hashlib.sha256(",".join(map(str, sorted(numbers))).encode()).digest()
    share = digest[0] / 256
    return "test" if share < 0.28 else "choose" if share < 0.38 else "train"


def solvable_puzzles(split: str, count: int = 3) -> list[Puzzle]:
    """Every puzzle of a split that has a solution, in a fixed order, the numbers ascending.

    Of those with four numbers only the ones that LEAST_SHARE of all thoughts solve: others are hardly ever solved.
    """
    return [
        Puzzle(numbers, target)
        for numbers in multisets(count)
        if split_of(numbers) == split
        for target in (sorted(reachable(numbers)) if count == 3 else _often_reached(numbers))
        if target in TARGETS
    ]


@lru_cache(maxsize=2**11)
def _often_reached(numbers: tuple[int, ...]) -> tuple[int, ...]:
    thoughts = thoughts_about(numbers)
    reached = Counter(value for thought in thoughts for value in {line.value for line in thought.lines})
    return tuple(sorted(value for value, times in reached.items() if times >= LEAST_SHARE * len(thoughts)))


def held_out(split: str, count: int, seed: int = 0, numbers: int = 3) -> list[Puzzle]:
    """`count` puzzles of a split, drawn without replacement, their numbers in random order."""
    rng = random.Random(seed)
    chosen = rng.sample(solvable_puzzles(split, numbers), count)
    return [Puzzle(tuple(rng.sample(p.numbers, len(p.numbers))), p.target) for p in chosen]
