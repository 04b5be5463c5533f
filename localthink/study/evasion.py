"""Does a setting change what is done, or only the words? Switches by their words beside changes of what is tried.

A model that may not say "Alternatively" can say "Next" and go on as before. Words are told for every kind of problem:
switches, and paraphrases, which seem to open a thought by other words. Deeds are told for Countdown alone, where an
idea is a first operation (`grade.countdown_thoughts.ideas`), however it is worded.
"""
from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from localthink.clusters import Floats, ratio_interval
from localthink.study.metrics import Figure
from localthink.study.samples import Sample, complete_pairs
from localthink.study.statistics import ratio_difference_interval

Sides = tuple[Floats, Floats]  # sums and counts, a number for each problem


@dataclass(frozen=True, slots=True)
class Measure:
    """A ratio of two sums over samples: `above` over `below`."""

    name: str
    above: Callable[[Sample], float]
    below: Callable[[Sample], float]
    deed: bool = True
    share: bool = False  # of something, from 0 to 1


@dataclass(frozen=True, slots=True)
class Evasion:
    """One setting: each measure's figure by its name, and its difference from the baseline over pairs of samples."""

    name: str
    figures: dict[str, Figure]
    differences: dict[str, Figure]


def sequence(sample: Sample) -> list[str]:
    """The ideas of a sample in their order, over all of its thoughts."""
    return [idea for thought in sample.thoughts for idea in thought.ideas]


def changes(sample: Sample) -> int:
    """How often another idea follows."""
    tried = sequence(sample)
    return sum(one != other for one, other in itertools.pairwise(tried))


def unmarked(sample: Sample) -> int:
    """The changes within a thought, which no marker announces."""
    return sum(len(thought.ideas) - 1 for thought in sample.thoughts if thought.ideas)


def repeats(sample: Sample) -> int:
    """The thoughts whose first idea was tried before."""
    before: set[str] = set()
    count = 0
    for thought in sample.thoughts:
        count += bool(thought.ideas) and thought.ideas[0] in before
        before.update(thought.ideas)
    return count


def distinct(sample: Sample) -> int:
    return len(set(sequence(sample)))


def _with_idea(sample: Sample) -> int:
    return sum(bool(thought.ideas) for thought in sample.thoughts)


MEASURES = (
    Measure("switches", lambda sample: sample.switches, lambda sample: 1, deed=False),
    Measure("paraphrases", lambda sample: sample.paraphrases, lambda sample: 1, deed=False),
    Measure("waits", lambda sample: sample.waits, lambda sample: 1, deed=False),
    Measure("ideas", distinct, lambda sample: 1),
    Measure("changes of idea", changes, lambda sample: 1),
    Measure("unmarked", unmarked, changes, share=True),
    Measure("repeats", repeats, _with_idea, share=True),
    Measure("tokens an idea", lambda sample: sample.tokens, distinct),
)


def evasion(samples: Sequence[Sample], names: Sequence[str]) -> list[Evasion]:
    """The settings `names`, the baseline first, which all tell thoughts apart in the same way."""
    told = [measure for measure in MEASURES if not measure.deed or any(map(sequence, samples))]
    found = []
    for name in names:
        own = [sample for sample in samples if sample.cell == name]
        pairs = list(complete_pairs(samples, (names[0], name))) if name != names[0] else []
        found.append(Evasion(name, {each.name: _figure(own, each) for each in told},
                             {each.name: _difference(pairs, each) for each in told if pairs}))
    return found


def _sides(samples: Sequence[Sample], measure: Measure) -> Sides:
    places = {problem: place for place, problem in enumerate(dict.fromkeys(sample.problem for sample in samples))}
    sums, counts = np.zeros(len(places)), np.zeros(len(places))
    for sample in samples:
        sums[places[sample.problem]] += measure.above(sample)
        counts[places[sample.problem]] += measure.below(sample)
    return sums, counts


def _ratio(sides: Sides) -> float:
    return float(sides[0].sum() / sides[1].sum()) if sides[1].sum() else float("nan")


def _figure(samples: Sequence[Sample], measure: Measure) -> Figure:
    sides = _sides(samples, measure)
    counted = len(samples) if sides[1].sum() else 0
    return Figure(_ratio(sides), ratio_interval(*sides), counted)


def _difference(pairs: Sequence[tuple[Sample, ...]], measure: Measure) -> Figure:
    left, right = (_sides([pair[side] for pair in pairs], measure) for side in (0, 1))
    counted = len(pairs) if left[1].sum() and right[1].sum() else 0
    return Figure(_ratio(right) - _ratio(left), ratio_difference_interval(left, right), counted)
