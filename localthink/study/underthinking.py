"""The underthinking score, exactly as arXiv 2501.18585 defines it, and what it would be by luck.

xi_UT is the mean, over wrong responses, of 1 - T̂/T: T the tokens of a response, T̂ those up to and including its first
right thought, and T where no thought is right. The weighted form is the mean over all responses of a problem, of which
right ones count 0, and then over problems.

A score is high also where right thoughts lie about by luck. The null keeps every response's thoughts as they are and
shuffles which of them are right: what is left of the score says nothing about underthinking.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from localthink.clusters import SEED, Interval, ratio_interval
from localthink.study.samples import Sample, ThoughtSpan

LEAST_JUDGED = 0.95  # of all thoughts: with fewer of them judged there is no score
LEAST_WRONG = 20  # responses: fewer say too little
SHUFFLES = 500
MOST_INDEX = 12  # thoughts whose rightness is told by their place
LEAST_AT_PLACE = 20  # thoughts: a share of fewer says nothing


@dataclass(frozen=True, slots=True)
class Underthinking:
    """Of one setting. `score` and `weighted` are from 0 to 1, `null` is the score's mean and 95 % range when shuffled.

    `wrong` counts the wrong responses that are scored, of `wrong_in_all`; `with_right_thought` how many of them have a
    right thought, and `judged` is the share of their thoughts that somebody could judge. `weighted` is None where not
    all are scored: of right responses there are all, and the two would not be weighed alike.
    """

    score: float
    interval: Interval | None
    weighted: float | None
    wrong: int
    wrong_in_all: int
    with_right_thought: int
    judged: float
    null: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class IndexRow:
    """How many thoughts there are at a place, which share of them is right, and in which range that lies by luck."""

    index: int
    thoughts: int
    right: float
    low: float
    high: float


def score_of(tokens: int, thoughts: Sequence[ThoughtSpan]) -> float:
    """1 - T̂/T of one response of so many tokens."""
    first = next((thought for thought in thoughts if thought.right), None)
    return 1 - first.end / tokens if first is not None else 0.0


def expected_null(tokens: int, thoughts: Sequence[ThoughtSpan]) -> float:
    """The mean of `score_of` over all ways to say which of the thoughts are right, as many as there are.

    The first of k right thoughts among m is the j-th with the chance C(m - j, k - 1) / C(m, k).
    """
    m, k = len(thoughts), sum(bool(thought.right) for thought in thoughts)
    if not k:
        return 0.0
    return sum(math.comb(m - place - 1, k - 1) / math.comb(m, k) * (1 - thought.end / tokens)
               for place, thought in enumerate(thoughts))


def underthinking(samples: Sequence[Sample], in_full: bool = False) -> Underthinking | None:
    """Of the samples of one setting; None where too few are wrong, or too few of their thoughts can be judged.

    Wrong is every response that is not right: one that was cut off has a T too. With `in_full` those are scored of
    which all thoughts are judged, and no others: a person has time for some responses, not for some thoughts of all.
    """
    there = [sample for sample in samples if not sample.right and sample.thoughts]
    wrong = [sample for sample in there if judged_in_full(sample)] if in_full else there
    thoughts = [thought for sample in wrong for thought in sample.thoughts]
    judged = sum(thought.right is not None for thought in thoughts) / len(thoughts) if thoughts else 0.0
    if len(wrong) < LEAST_WRONG or judged < LEAST_JUDGED:
        return None
    scores = [score_of(sample.tokens, sample.thoughts) for sample in wrong]
    problems = {problem: place for place, problem in enumerate(dict.fromkeys(sample.problem for sample in samples))}
    sums, counts, everything = (np.zeros(len(problems)) for _ in range(3))
    for sample, score in zip(wrong, scores, strict=True):
        sums[problems[sample.problem]] += score
        counts[problems[sample.problem]] += 1
    for sample in samples:
        everything[problems[sample.problem]] += 1
    return Underthinking(
        float(np.mean(scores)), ratio_interval(sums, counts),
        float(np.mean(sums / everything)) if len(wrong) == len(there) else None, len(wrong), len(there),
        sum(any(thought.right for thought in sample.thoughts) for sample in wrong), judged, _null(wrong))


def judged_in_full(sample: Sample) -> bool:
    return all(thought.right is not None for thought in sample.thoughts)


def _null(wrong: Sequence[Sample]) -> tuple[float, float, float]:
    """The exact mean, and the range in which 95 % of shuffles lie."""
    mean = float(np.mean([expected_null(sample.tokens, sample.thoughts) for sample in wrong]))
    rng = np.random.default_rng(SEED)
    totals = np.zeros(SHUFFLES)
    for sample in wrong:
        ends = np.array([thought.end for thought in sample.thoughts])
        right = np.array([bool(thought.right) for thought in sample.thoughts])
        if right.any():
            shuffled = rng.permuted(np.tile(right, (SHUFFLES, 1)), axis=1)
            totals += 1 - ends[shuffled.argmax(axis=1)] / sample.tokens
    low, high = np.percentile(totals / len(wrong), [2.5, 97.5])
    return mean, float(low), float(high)


def by_index(samples: Sequence[Sample]) -> list[IndexRow]:
    """Whether thoughts are right, by their place in the response, with the range that shuffling gives.

    Of all samples whose thoughts can be judged, up to the place that LEAST_AT_PLACE of them reach. A right thought
    often ends its sample, so that last thoughts are right more often than shuffling has them.
    """
    kept = [[bool(thought.right) for thought in sample.thoughts] for sample in samples
            if sample.thoughts and judged_in_full(sample)]
    if not kept:
        return []
    lengths = sorted(map(len, kept), reverse=True)
    longest = min(MOST_INDEX, lengths[LEAST_AT_PLACE - 1] if len(lengths) >= LEAST_AT_PLACE else 0)
    rng = np.random.default_rng(SEED)
    counts, right, shuffled = np.zeros(longest), np.zeros(longest), np.zeros((SHUFFLES, longest))
    for labels in kept:
        here = min(longest, len(labels))
        counts[:here] += 1
        right[:here] += labels[:here]
        shuffled[:, :here] += rng.permuted(np.tile(labels, (SHUFFLES, 1)), axis=1)[:, :here]
    low, high = np.percentile(shuffled / counts, [2.5, 97.5], axis=0)
    return [IndexRow(place + 1, int(counts[place]), float(right[place] / counts[place]), float(low[place]),
                     float(high[place])) for place in range(longest)]
