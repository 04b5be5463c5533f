"""Countdown as the bundled model was taught it: its puzzles, and which of them are held out.

Three numbers from 1 to LARGEST_NUMBER, each to be used once, four operations, one target. A *thought* is one choice of
first operation. Knows nothing of tokens, models or files.
"""
from __future__ import annotations

import hashlib
import itertools
import random
from dataclasses import dataclass

from localthink.grade.countdown import Puzzle

LARGEST_NUMBER = 13
LARGEST_VALUE = 100  # what is larger is not tried
TARGETS = range(10, 101)
SPLITS = ("train", "choose", "test")


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
