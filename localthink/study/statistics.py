"""Intervals, tests and power for samples that come in clusters: many of each problem, problems drawn from many.

Everything is over problems: a problem's samples are alike, and ten thousand samples of three problems say little about
a fourth. Arrays have a row for each problem. Everything random is seeded, so that a report made twice is the same.
"""
from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence

import numpy as np

from localthink.clusters import LEAST, RESAMPLES, SEED, Floats, Interval, ratio_interval, resampled
from localthink.intervals import wilson

PERMUTATIONS = 10_000
EXACT_UP_TO = 12  # problems: so many signs are all tried
SPREAD_VARIANCE = 1 / 6  # of one sample around its problem's own accuracy, where those lie anywhere from 0 to 1 alike
_NUMBERS_AT_ONCE = 2**22  # of flipped differences, 32 MiB: several such arrays are there at a time


def ratio_difference_interval(left: tuple[Floats, Floats], right: tuple[Floats, Floats], resamples: int = RESAMPLES,
                              seed: int = SEED) -> Interval | None:
    """As `ratio_interval`, of the right side's ratio less the left's, over the same problems; each side is its sums and
    counts. Resamples in which a side counts nothing are left out.
    """
    if min(np.count_nonzero(left[1]), np.count_nonzero(right[1])) < LEAST:
        return None
    return resampled(lambda chosen: right[0][chosen].sum(axis=1) / right[1][chosen].sum(axis=1)
                     - left[0][chosen].sum(axis=1) / left[1][chosen].sum(axis=1), len(left[0]), resamples, seed)


def mean_interval(values: Floats, resamples: int = RESAMPLES, seed: int = SEED) -> Interval | None:
    """As `ratio_interval`, of the mean of one value for each problem."""
    return ratio_interval(values, np.ones(len(values)), resamples, seed)


def share_interval(values: Floats, least: float = 0.0) -> Interval | None:
    """The same of the mean of shares, or, with a `least` of -1, of their differences.

    Where all problems have the same value a bootstrap would be certain of it. There the interval reaches as far as
    Wilson's of a share that none of so many problems has.
    """
    interval = mean_interval(values)
    if interval is None or np.ptp(values) > 0:
        return interval
    reach = wilson(0, len(values))[1]
    return max(least, float(values[0]) - reach), min(1.0, float(values[0]) + reach)


def max_statistic(differences: Floats, permutations: int = PERMUTATIONS, seed: int = SEED) -> Floats | None:
    """Adjusted two-sided p-values of several settings' mean differences from the baseline: one for each column.

    `differences` has a row for each problem and a column for each setting. Under the null that a setting changes
    nothing, a problem's differences might as well have the opposite signs: all signs of a problem are flipped together,
    which keeps how settings hang together, and the largest |t| over the settings is what each is held against
    (Westfall & Young 1993, single step). All flips are tried up to EXACT_UP_TO problems. None for fewer than LEAST.
    """
    problems = len(differences)
    if problems < LEAST:
        return None
    observed = np.abs(_t(differences[None]))[0]
    if problems <= EXACT_UP_TO:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=problems)))
    else:
        drawn = np.random.default_rng(seed).choice((-1.0, 1.0), (permutations, problems))
        signs = np.concatenate([np.ones((1, problems)), drawn])  # what was observed is one of them
    at_once = max(1, _NUMBERS_AT_ONCE // differences.size)
    largest = np.concatenate([np.abs(_t(differences[None] * signs[start:start + at_once, :, None])).max(axis=1)
                              for start in range(0, len(signs), at_once)])
    return np.array([(largest >= value - 1e-9).mean() for value in observed])


def _t(samples: Floats) -> Floats:
    """Mean over its standard error along the second axis; 0 where nothing differs, huge where all differ alike."""
    problems = samples.shape[1]
    mean = samples.mean(axis=1)
    error = np.sqrt(np.maximum(samples.var(axis=1, ddof=1), 1e-12) / problems)
    return np.asarray(np.where(np.abs(mean) < 1e-12, 0.0, mean / error))


def detectable(problems: int, samples: int, comparisons: int = 1, variance: float = SPREAD_VARIANCE) -> float:
    """The smallest true difference of two accuracies that is seen with a power of 80 % at the 5 % level, from 0 to 1.

    Of `problems`, each with `samples` under either setting, which are taken for independent: what common random numbers
    keep alike makes the design better than this. `variance` is that of one sample around its problem's own accuracy.
    With several `comparisons` the level is divided among them (Bonferroni).
    """
    return min(1.0, _reach(comparisons) * math.sqrt(2 * variance / (problems * samples)))


def observed_detectable(differences: Floats, comparisons: int = 1) -> float | None:
    """The same by the spread that the differences of problems turned out to have; None for fewer than LEAST."""
    if len(differences) < LEAST:
        return None
    return _reach(comparisons) * float(differences.std(ddof=1)) / math.sqrt(len(differences))


def _reach(comparisons: int) -> float:
    """How many standard errors a true difference has to have."""
    normal = statistics.NormalDist()
    return normal.inv_cdf(1 - 0.05 / (2 * comparisons)) + normal.inv_cdf(0.8)


def pass_at(right: int, samples: int, k: int) -> float:
    """Unbiased pass@k of a problem: the chance that of k of its samples at least one is right (arXiv 2107.03374).

    k is at most `samples`.
    """
    return 1.0 - math.comb(samples - right, k) / math.comb(samples, k)


def majority_at(said: Sequence[object], right: Sequence[bool], k: int, draws: int = 400, seed: int = SEED) -> float:
    """maj@k of a problem: the chance that the answer given most often by k of its samples is right.

    `said` are the samples' answers, None for none, which has no vote; of equals each is taken with the same chance. An
    answer of which some samples are right and some are not counts by the share that is. k samples are drawn without
    replacement, `draws` times, or once where all are taken.
    """
    answers = {answer: place for place, answer in enumerate(dict.fromkeys(said)) if answer is not None}
    if not answers:
        return 0.0
    votes, correct = np.zeros((len(said), max(answers.values()) + 1)), np.zeros(max(answers.values()) + 1)
    for sample, (answer, good) in enumerate(zip(said, right, strict=True)):
        if answer is not None:
            votes[sample, answers[answer]] = 1
            correct[answers[answer]] += good
    correct /= np.maximum(votes.sum(axis=0), 1)
    if k >= len(said):
        drawn = np.arange(len(said))[None]
    else:
        drawn = np.random.default_rng(seed).permuted(np.tile(np.arange(len(said)), (draws, 1)), axis=1)[:, :k]
    counted = votes[drawn].sum(axis=1)
    most = counted.max(axis=1, keepdims=True)
    leading = (counted == most) & (most > 0)
    return float(((leading * correct).sum(axis=1) / np.maximum(leading.sum(axis=1), 1)).mean())
