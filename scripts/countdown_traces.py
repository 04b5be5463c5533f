"""Countdown puzzles, and search traces over them in R1's format.

Knows the task (three numbers, four operations, one target), how a search is written down, and
which puzzles are held out. Knows nothing of tokens, models or files.

A *thought* is one choice of first operation. It is explored depth first, one continuation a line,
in the fixed order * / + -, so that a thought is seen to be exhausted once its difference is written.
After each line the writer leaves the thought with probability `hazard`, explored or not: that is the
underthinking which the bundled model is taught on purpose.
"""
from __future__ import annotations

import hashlib
import itertools
import random
from dataclasses import dataclass

LARGEST_NUMBER = 13
LARGEST_VALUE = 100  # what is larger is not tried
TARGETS = range(10, 101)

PROMPTS = (  # the first is the published form; the others keep the model from clinging to it
    ("Use {0}, {1} and {2} to make {t}.", 10),
    ("Use {0}, {1}, {2} to make {t}.", 3),
    ("Use the numbers {0}, {1} and {2} to make {t}.", 3),
    ("use {0} {1} {2} to make {t}", 3),
    ("Make {t} from {0}, {1} and {2}.", 3),
)


@dataclass(frozen=True)
class Puzzle:
    """Three numbers from 1 to LARGEST_NUMBER, each to be used once, and the target to reach."""

    numbers: tuple[int, int, int]
    target: int

    @property
    def question(self) -> str:
        return PROMPTS[0][0].format(*self.numbers, t=self.target)


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


def boxed(first: Operation, last: Operation) -> str:
    """The equation in one line: the first operation in brackets where its value stands in the last."""
    inner = f"({first.left} {first.symbol} {first.right})"
    left, right = (inner, last.right) if last.left == first.value else (last.left, inner)
    return f"{left} {last.symbol} {right} = {last.value}"


def write_trace(puzzle: Puzzle, hazard: float, recheck: float, rng: random.Random) -> str:
    """One search as R1 would print it after `<think>\\n`: lines, `</think>`, the answer."""
    thoughts = first_operations(puzzle.numbers)
    rng.shuffle(thoughts)
    lines = []
    for index, (first, rest) in enumerate(thoughts):
        opening = "Alternatively, try" if index else "First, try"
        lines.append(f"{opening} {first}, leaving {first.value} and {rest}.")
        for last in operations(first.value, rest):
            hit = last.value == puzzle.target
            lines.append(f"{last}, {'yes' if hit else 'no'}.")
            if rng.random() < recheck:
                lines.append(f"Wait, again: {last}, {'yes' if hit else 'no'}.")
            if hit:
                return "\n".join(lines) + f"\n</think>\n\nThis works: \\boxed{{{boxed(first, last)}}}"
            if rng.random() < hazard:
                break
    return "\n".join(lines) + f"\n</think>\n\nI found no way to make {puzzle.target}."


def write_drill(rng: random.Random) -> tuple[str, str]:
    """A puzzle of two numbers: an operation's value and another number, as they stand in the lines of a thought.

    Sums such as 55 + 7 occur in one multiset of three alone. Drills teach all of them, so that held-out
    puzzles test the search and not sums that were never seen; no multiset of three is given away.
    """
    first = rng.choice(operations(rng.randint(1, LARGEST_NUMBER), rng.randint(1, LARGEST_NUMBER)))
    rest = rng.randint(1, LARGEST_NUMBER)
    found = operations(first.value, rest)
    target = rng.choice(found).value if found and rng.random() < 0.5 else rng.choice(TARGETS)
    lines = []
    for last in found:
        lines.append(f"{last}, {'yes' if last.value == target else 'no'}.")
        if last.value == target:
            answer = f"This works: \\boxed{{{last}}}"
            break
    else:
        answer = f"I found no way to make {target}."
    return f"Use {first.value} and {rest} to make {target}.", "\n".join(lines) + f"\n</think>\n\n{answer}"


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
    return [Puzzle(tuple(rng.sample(p.numbers, 3)), p.target) for p in chosen]  # type: ignore[arg-type]


def training_pair(puzzles: list[Puzzle], hazard: float, recheck: float, hopeless: float,
                  rng: random.Random) -> tuple[str, str]:
    """A user message and the trace that answers it; a share `hopeless` has no solution."""
    puzzle = rng.choice(puzzles)
    target = puzzle.target
    if rng.random() < hopeless:
        target = rng.choice([t for t in TARGETS if t not in reachable(puzzle.numbers)])
    puzzle = Puzzle(tuple(rng.sample(puzzle.numbers, 3)), target)  # type: ignore[arg-type]
    form = rng.choices([p for p, _ in PROMPTS], [w for _, w in PROMPTS])[0]
    return form.format(*puzzle.numbers, t=target), write_trace(puzzle, hazard, recheck, rng)
