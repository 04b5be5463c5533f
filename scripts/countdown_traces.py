"""Search traces over Countdown puzzles in R1's format, as the bundled models are taught them.

Knows how a search is written down; the puzzles, and which of them are held out, are localthink.study.countdown's, and
the ways of searching localthink.study.family's. Knows nothing of tokens, models or files.

A *thought* is one choice of all operations but the last. It is explored one continuation a line, in the fixed order
* / + -, so that a thought is seen to be exhausted once its difference is written. After each line the writer leaves
the thought with the probability `hazard`: that is the underthinking which most of these models are taught on purpose.
"""
from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from localthink.grade.countdown import Puzzle
from localthink.study.countdown import (
    LARGEST_NUMBER,
    LARGEST_VALUE,
    TARGETS,
    Operation,
    Thought,
    first_operations,
    held_out,
    multisets,
    operations,
    reachable,
    solvable_puzzles,
    split_of,
    thoughts_about,
)
from localthink.study.family import Search

__all__ = [
    "LARGEST_NUMBER", "LARGEST_VALUE", "PROMPTS", "TARGETS", "Operation", "Puzzle", "Search", "Thought", "boxed",
    "first_operations", "held_out", "multisets", "operations", "reachable", "solvable_puzzles", "split_of",
    "thoughts_about", "training_pair", "write_drill", "write_trace",
]

PROMPTS = (  # the first is the published form; the others keep the model from clinging to it
    ("Use {and} to make {t}.", 10),
    ("Use {commas} to make {t}.", 3),
    ("Use the numbers {and} to make {t}.", 3),
    ("use {blanks} to make {t}", 3),
    ("Make {t} from {and}.", 3),
)


def boxed(steps: Sequence[Operation], last: Operation) -> str:
    """The equation in one line: each step in brackets where its value is used."""
    made: list[tuple[int, str]] = []  # values that are not used yet, the latest first
    for step in (*steps, last):
        sides = []
        for number in (step.left, step.right):
            place = next((i for i, (value, _) in enumerate(made) if value == number), None)
            sides.append(str(number) if place is None else f"({made.pop(place)[1]})")
        made.insert(0, (step.value, f"{sides[0]} {step.symbol} {sides[1]}"))
    return f"{made[0][1]} = {last.value}"


def listed(numbers: Sequence[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def write_trace(puzzle: Puzzle, search: Search, rng: random.Random) -> str:
    """One search as R1 would print it after `<think>\\n`: lines, `</think>`, the answer."""
    thoughts = thoughts_about(puzzle.numbers)
    rng.shuffle(thoughts)
    lines = []
    for index, thought in enumerate(thoughts[:search.most_thoughts]):
        lines.append(f"{'Alternatively' if index else 'First'}, try {opening(thought, puzzle.numbers)}")
        for last in explored(thought, puzzle.target, search, rng):
            hit = last.value == puzzle.target
            lines.append(f"{last}, {'yes' if hit else 'no'}.")
            if rng.random() < search.recheck:
                lines.append(f"Wait, again: {last}, {'yes' if hit else 'no'}.")
            if hit:
                return "\n".join(lines) + f"\n</think>\n\nThis works: \\boxed{{{boxed(thought.steps, last)}}}"
    return "\n".join(lines) + f"\n</think>\n\nI found no way to make {puzzle.target}."


def opening(thought: Thought, numbers: Sequence[int]) -> str:
    """A thought's steps, one a line, each with what it leaves: its value first."""
    lines, left = [], list(numbers)
    for step in thought.steps:
        left.remove(step.left)
        left.remove(step.right)
        left.insert(0, step.value)
        lines.append(f"{step}, leaving {listed(left)}.")
    return "\n".join(lines)


def explored(thought: Thought, target: int, search: Search, rng: random.Random) -> Iterator[Operation]:
    """The lines of a thought in the order in which they are written, until it is solved or left."""
    lines = thought.lines
    while True:
        for place, line in enumerate(lines):
            yield line
            if line.value == target or (place + 1 < len(lines) and rng.random() < search.hazard):
                return
        if rng.random() >= search.revisit:
            return


def write_drill(numbers: int, rng: random.Random) -> tuple[str, str]:
    """A puzzle of two numbers, as they stand in the lines of a thought about so many: a value and another number.

    Sums such as 55 + 7 occur in one multiset of three alone. Drills teach all of them, so that held-out
    puzzles test the search and not sums that were never seen; no multiset of three is given away.
    """
    value, *others, rest = (rng.randint(1, LARGEST_NUMBER) for _ in range(numbers))
    for other in others:
        value = rng.choice(operations(value, other)).value
    found = operations(value, rest)
    target = rng.choice(found).value if found and rng.random() < 0.5 else rng.choice(TARGETS)
    lines = []
    for last in found:
        lines.append(f"{last}, {'yes' if last.value == target else 'no'}.")
        if last.value == target:
            answer = f"This works: \\boxed{{{last}}}"
            break
    else:
        answer = f"I found no way to make {target}."
    return f"Use {value} and {rest} to make {target}.", "\n".join(lines) + f"\n</think>\n\n{answer}"


def training_pair(puzzles: list[Puzzle], search: Search, hopeless: float, rng: random.Random) -> tuple[str, str]:
    """A user message and the trace that answers it; a share `hopeless` has no solution."""
    puzzle = rng.choice(puzzles)
    target = puzzle.target
    if rng.random() < hopeless:
        target = rng.choice([t for t in TARGETS if t not in reachable(puzzle.numbers)])
    puzzle = Puzzle(tuple(rng.sample(puzzle.numbers, len(puzzle.numbers))), target)
    form = rng.choices([p for p, _ in PROMPTS], [w for _, w in PROMPTS])[0]
    texts = list(map(str, puzzle.numbers))
    numbers = {"and": listed(puzzle.numbers), "commas": ", ".join(texts), "blanks": " ".join(texts)}
    return form.format(t=target, **numbers), write_trace(puzzle, search, rng)
