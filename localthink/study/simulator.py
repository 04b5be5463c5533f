"""The searches that the bundled models were taught, without a model: what ideal pupils would do under any penalty.

`scripts/countdown_traces.py` says how traces are written: thoughts in random order, each explored line by line, and
after each line a choice, with known chances, of leaving the thought, going on with it, or checking the line again.
Sampling and the penalty act on this choice: the log-odds of leaving lose alpha while the thought is younger than beta
(those of a re-check, where "Wait" is what is penalised), are divided by the temperature, and are cut by top-p. To leave
the last thought is to give up, which takes another token, and is not penalised. What is exhausted is left (unless its
search goes over it again), a thought is never tried twice, and no line is wrong: a model that was taught this can do
worse, and where it does, that is not the penalty's.
"""
from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from localthink.grade.countdown import Puzzle
from localthink.grade.countdown_thoughts import can_reach
from localthink.records import Generation
from localthink.study.countdown import Thought, thoughts_about
from localthink.study.family import FAMILY, Search
from localthink.study.samples import ThoughtSpan
from localthink.study.underthinking import score_of

BUNDLED = FAMILY["countdown"]
OPENING, LINE, RECHECK = 15, 9, 13  # tokens of a thought's first line, of a further one, and of one behind "Wait"
SOLVED, GIVEN_UP = 19, 12  # tokens from the end of the thinking on
OPENING_4, SOLVED_4 = 29, 23  # the same with four numbers, where a thought has two steps
Choice = Literal["leave", "recheck", "stay", "end"]
MARKERS: dict[Choice, str] = {"leave": "switch", "recheck": "wait"}  # the group of markers that would be penalised


@dataclass(frozen=True, slots=True)
class Simulated:
    """Means over samples; `accuracy` and `underthinking` from 0 to 1, the latter NaN where nothing was wrong."""

    accuracy: float
    switches: float
    rechecks: float
    tokens: float
    underthinking: float


def options(search: Search, hit: bool, exhausted: bool, checked: bool) -> dict[Choice, float]:
    """What may follow a line, with the chances that were taught: `checked` is a line that stands there again."""
    recheck = 0.0 if checked else search.recheck
    leave = 0.0 if hit else 1 - search.revisit if exhausted else search.hazard
    others: dict[Choice, float] = {"end": 1.0} if hit else {"leave": leave, "stay": 1 - leave}
    found: dict[Choice, float] = {"recheck": recheck}
    return found | {choice: (1 - recheck) * chance for choice, chance in others.items()}


def sampled(chances: dict[Choice, float], generation: Generation, penalised: Sequence[Choice]) -> dict[Choice, float]:
    """The chances with which sampling takes them, alpha taken off the logits of those that are penalised."""
    logits = {choice: math.log(chance) - (generation.tip.alpha if choice in penalised else 0.0)
              for choice, chance in chances.items() if chance > 0}
    best = max(logits, key=logits.__getitem__)
    if generation.sampling.temperature == 0 or len(logits) == 1:
        return {best: 1.0}
    weights = {choice: math.exp((logit - logits[best]) / generation.sampling.temperature)
               for choice, logit in logits.items()}
    total, kept, cumulated, top_p = sum(weights.values()), dict[Choice, float](), 0.0, generation.sampling.top_p
    for choice in sorted(weights, key=weights.__getitem__, reverse=True):
        if cumulated >= top_p < 1:
            break
        kept[choice] = weights[choice]
        cumulated += weights[choice] / total
    return {choice: kept[choice] / sum(kept.values()) for choice in chances if choice in kept}


def simulate(puzzles: Sequence[Puzzle], generation: Generation, samples: int, seed: int = 0,
             search: Search = BUNDLED) -> Simulated:
    """Every puzzle so many times; what is longer than the generation's `max_tokens` is cut off, and not right."""
    pupil = _Pupil(generation, search, random.Random(seed))
    texts = [_cut(text, generation.max_tokens) for puzzle in puzzles for text in pupil.write(puzzle, samples)]
    scores = [score_of(text.tokens, text.thoughts) for text in texts if not text.solved]
    count = len(texts)
    return Simulated(sum(text.solved for text in texts) / count,
                     sum(len(text.thoughts) - 1 for text in texts) / count,
                     sum(len(text.rechecks) for text in texts) / count, sum(text.tokens for text in texts) / count,
                     sum(scores) / len(scores) if scores else math.nan)


@dataclass(slots=True)
class _Text:
    """What one search has written: `marked` is where the latest penalised marker stands, from which beta counts."""

    thoughts: list[ThoughtSpan] = field(default_factory=list)
    rechecks: list[int] = field(default_factory=list)
    tokens: int = 0
    marked: int = 0
    solved: bool = False


def _cut(text: _Text, most: int | None) -> _Text:
    if most is None or text.tokens <= most:
        return text
    thoughts = [ThoughtSpan(each.start, min(each.end, most), 0, each.right)
                for each in text.thoughts if each.start < most]
    return _Text(thoughts, [place for place in text.rechecks if place < most], most)


@dataclass(slots=True)
class _Pupil:
    """Writes searches as it was taught, under one setting."""

    generation: Generation
    search: Search
    rng: random.Random
    known: dict[tuple[object, ...], dict[Choice, float]] = field(default_factory=dict)  # chances are worked out once

    def write(self, puzzle: Puzzle, samples: int) -> list[_Text]:
        thoughts = thoughts_about(puzzle.numbers)
        right = {thought: leads_to(thought, puzzle) for thought in thoughts}
        return [self._write(self.rng.sample(thoughts, len(thoughts))[:self.search.most_thoughts], right, puzzle)
                for _ in range(samples)]

    def _write(self, thoughts: Sequence[Thought], right: Mapping[Thought, bool], puzzle: Puzzle) -> _Text:
        text, four = _Text(), len(puzzle.numbers) > 3
        for thought in thoughts:
            start = text.tokens
            if "switch" in self.generation.tip.groups:
                text.marked = start
            text.tokens += OPENING_4 if four else OPENING
            text.solved = self._explore(thought, puzzle.target, thought is thoughts[-1], text)
            text.thoughts.append(ThoughtSpan(start, text.tokens, 0, right[thought]))
            if text.solved:
                break
        text.tokens += GIVEN_UP if not text.solved else SOLVED_4 if four else SOLVED
        return text

    def _explore(self, thought: Thought, target: int, last: bool, text: _Text) -> bool:
        """Write the lines of a thought; whether one of them is the target. To leave the `last` is to give up."""
        lines, place, checked = thought.lines, 0, False
        text.tokens += LINE
        while True:
            hit = lines[place].value == target
            choice = self._choose(hit, place + 1 == len(lines), checked, last, text)
            if choice in ("leave", "end"):
                return hit
            checked = choice == "recheck"
            if checked:
                text.rechecks.append(text.tokens)
                if "wait" in self.generation.tip.groups:
                    text.marked = text.tokens
                text.tokens += RECHECK
            else:
                place = (place + 1) % len(lines)
                text.tokens += LINE

    def _choose(self, hit: bool, exhausted: bool, checked: bool, last: bool, text: _Text) -> Choice:
        tip = self.generation.tip
        key = (hit, exhausted, checked, last, text.tokens - text.marked < tip.beta)
        if key not in self.known:
            penalised = [choice for choice, group in MARKERS.items()
                         if key[-1] and group in tip.groups and not (choice == "leave" and last)]
            self.known[key] = sampled(options(self.search, hit, exhausted, checked), self.generation, penalised)
        chances = self.known[key]
        return self.rng.choices(list(chances), list(chances.values()))[0]


def leads_to(thought: Thought, puzzle: Puzzle) -> bool:
    """Whether the target can be reached behind a thought's first step, as the oracle for thoughts has it."""
    first, left = thought.steps[0], list(puzzle.numbers)
    left.remove(first.left)
    left.remove(first.right)
    return can_reach((Fraction(first.value), *map(Fraction, left)), Fraction(puzzle.target))
