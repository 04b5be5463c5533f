"""95 % intervals over clusters: many samples of each problem, problems drawn from many.

A problem's samples are alike, and ten thousand samples of three problems say little about a fourth: so whole problems
are drawn anew (percentile bootstrap). Arrays have a number for each problem. The draw is seeded, so that a report made
twice is the same.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Interval = tuple[float, float]

LEAST = 8  # problems: with fewer an interval over problems is too wide, and too rough, to say anything
RESAMPLES = 10_000
SEED = 20250118
_AT_ONCE = 500  # resamples: bounds the memory


def resampled(statistic: Callable[[npt.NDArray[np.int64]], Floats], problems: int, resamples: int = RESAMPLES,
              seed: int = SEED) -> Interval:
    """The interval of a statistic. It is asked for many resamples at once, each a row of the numbers of the problems
    that were drawn [b, problems], and gives a value for each [b]; what is NaN, as 0 / 0 is, is left out.
    """
    rng, drawn = np.random.default_rng(seed), []
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, resamples, _AT_ONCE):
            values = statistic(rng.integers(0, problems, (min(_AT_ONCE, resamples - start), problems)))
            drawn.append(values[np.isfinite(values)])
    low, high = np.percentile(np.concatenate(drawn), [2.5, 97.5])
    return float(low), float(high)


def ratio_interval(sums: Floats, counts: Floats, resamples: int = RESAMPLES, seed: int = SEED) -> Interval | None:
    """The interval of sum(sums) / sum(counts). None for fewer than LEAST problems that count at all; resamples in which
    none counts are left out.
    """
    if np.count_nonzero(counts) < LEAST:
        return None
    return resampled(lambda chosen: sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1), len(sums), resamples, seed)
