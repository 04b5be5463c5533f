"""The search that the bundled model was taught, without a model: what an ideal pupil would do under any penalty.

`scripts/countdown_traces.py` says how traces are written: first operations in random order, each explored line by line,
left early after each line with a known hazard. Sampling and the penalty act on that one decision, to leave or to stay:
its log-odds lose alpha while the thought is younger than beta, are divided by the temperature, and are cut by top-p.
Whatever is exhausted is left, a thought is never tried twice, and no line is wrong: a model that was taught this can do
worse, and where it does, that is not the penalty's.
"""
from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from localthink.grade.countdown import Puzzle
from localthink.records import Generation
from localthink.study.countdown import first_operations, operations
from localthink.study.samples import ThoughtSpan
from localthink.study.underthinking import score_of

HAZARD = 0.7  # with which the bundled model was taught to leave a thought after each line
OPENING, LINE = 15, 9  # tokens of a thought's first line and of each further one, in the bundled model's vocabulary
SOLVED, GIVEN_UP = 19, 12  # tokens from the end of the thinking on


@dataclass(frozen=True, slots=True)
class Simulated:
    """Means over samples; `accuracy` and `underthinking` from 0 to 1, the latter NaN where nothing was wrong."""

    accuracy: float
    switches: float
    tokens: float
    underthinking: float


def leaving(generation: Generation, age: int, hazard: float = HAZARD) -> float:
    """The probability of leaving a thought of so many tokens after a line, with more lines left."""
    if hazard in (0.0, 1.0):
        return hazard
    odds = math.log(hazard / (1 - hazard)) - (generation.tip.alpha if age < generation.tip.beta else 0.0)
    temperature = generation.sampling.temperature
    if temperature == 0:
        return float(odds > 0)
    scaled = odds / temperature
    chance = 1 / (1 + math.exp(-scaled)) if scaled > -700 else 0.0
    if max(chance, 1 - chance) >= generation.sampling.top_p:  # the likelier of the two is all that is kept
        return float(chance > 0.5)
    return chance


def simulate(puzzles: Sequence[Puzzle], generation: Generation, samples: int, seed: int = 0,
             hazard: float = HAZARD) -> Simulated:
    """Every puzzle so many times; what is longer than the generation's `max_tokens` is cut off, and not right."""
    rng = random.Random(seed)
    most = generation.max_tokens or math.inf
    searches = [_search(puzzle, generation, hazard, rng) for puzzle in puzzles for _ in range(samples)]
    right = [solved and tokens <= most for solved, tokens, _ in searches]
    scores = [score_of(tokens, thoughts) for (_, tokens, thoughts), good in zip(searches, right, strict=True)
              if not good]
    count = len(searches)
    return Simulated(sum(right) / count, sum(len(thoughts) - 1 for _, _, thoughts in searches) / count,
                     sum(min(tokens, most) for _, tokens, _ in searches) / count,
                     sum(scores) / len(scores) if scores else math.nan)


def _search(puzzle: Puzzle, generation: Generation, hazard: float,
            rng: random.Random) -> tuple[bool, int, list[ThoughtSpan]]:
    """Whether one search finds the target, its tokens, and its thoughts with whether they lead to it."""
    thoughts: list[ThoughtSpan] = []
    position = 0
    firsts = first_operations(puzzle.numbers)
    rng.shuffle(firsts)
    for first, rest in firsts:
        start, lines = position, operations(first.value, rest)
        right = any(line.value == puzzle.target for line in lines)
        position += OPENING
        for place, line in enumerate(lines):
            position += LINE
            if line.value == puzzle.target:
                return True, position + SOLVED, [*thoughts, ThoughtSpan(start, position, 0, right)]
            if place + 1 < len(lines) and rng.random() < leaving(generation, position - start, hazard):
                break
        thoughts.append(ThoughtSpan(start, position, 0, right))
    return False, position + GIVEN_UP, thoughts
