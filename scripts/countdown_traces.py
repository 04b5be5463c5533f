"""Search traces over Countdown puzzles in R1's format, as the bundled model is taught them.

Knows how a search is written down; the puzzles, and which of them are held out, are localthink.study.countdown's.
Knows nothing of tokens, models or files.

A *thought* is one choice of first operation. It is explored depth first, one continuation a line,
in the fixed order * / + -, so that a thought is seen to be exhausted once its difference is written.
After each line the writer leaves the thought with probability `hazard`, explored or not: that is the
underthinking which the bundled model is taught on purpose.
"""
from __future__ import annotations

import random

from localthink.grade.countdown import Puzzle
from localthink.study.countdown import (
    LARGEST_NUMBER,
    LARGEST_VALUE,
    TARGETS,
    Operation,
    first_operations,
    held_out,
    multisets,
    operations,
    reachable,
    solvable_puzzles,
    split_of,
)

__all__ = [
    "LARGEST_NUMBER", "LARGEST_VALUE", "PROMPTS", "TARGETS", "Operation", "Puzzle", "boxed", "first_operations",
    "held_out", "multisets", "operations", "reachable", "solvable_puzzles", "split_of", "training_pair", "write_drill",
    "write_trace",
]
PROMPTS = (  # the first is the published form; the others keep the model from clinging to it
    ("Use {0}, {1} and {2} to make {t}.", 10),
    ("Use {0}, {1}, {2} to make {t}.", 3),
    ("Use the numbers {0}, {1} and {2} to make {t}.", 3),
    ("use {0} {1} {2} to make {t}", 3),
    ("Make {t} from {0}, {1} and {2}.", 3),
)


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


def training_pair(puzzles: list[Puzzle], hazard: float, recheck: float, hopeless: float,
                  rng: random.Random) -> tuple[str, str]:
    """A user message and the trace that answers it; a share `hopeless` has no solution."""
    puzzle = rng.choice(puzzles)
    target = puzzle.target
    if rng.random() < hopeless:
        target = rng.choice([t for t in TARGETS if t not in reachable(puzzle.numbers)])
    puzzle = Puzzle(tuple(rng.sample(puzzle.numbers, 3)), target)
    form = rng.choices([p for p, _ in PROMPTS], [w for _, w in PROMPTS])[0]
    return form.format(*puzzle.numbers, t=target), write_trace(puzzle, hazard, recheck, rng)
