"""The 95 % intervals of a calibration, over problems: each is None where fewer than LEAST have what it is about."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from localthink.clusters import LEAST, Floats, Interval, ratio_interval, resampled
from localthink.intervals import wilson

Bools = npt.NDArray[np.bool_]
RESAMPLES = 2_000  # of the area, which takes a square of the problems each


@dataclass(frozen=True, slots=True)
class Scored:
    """Cases, one a place in every array [n]: what the judge gives it, whether it calls it right, whether it is right,
    and the number of its problem, from 0.
    """

    probability: Floats
    called: Bools
    right: Bools
    problem: npt.NDArray[np.int64]

    @property
    def problems(self) -> int:
        return int(self.problem.max()) + 1

    def by_problem(self, values: npt.NDArray[np.generic]) -> Floats:
        """The sum of a value for each case [n], for each problem [problems]."""
        return np.bincount(self.problem, values.astype(np.float64), self.problems).astype(np.float64)


def share_interval(scored: Scored, counted: Bools, of: Bools) -> Interval | None:
    """Of the share of `of` that is `counted` too.

    Where it is all or none a resample would be certain of it. There the interval reaches as far as Wilson's of a share
    that none of so many problems has.
    """
    counts = scored.by_problem(of)
    hits = scored.by_problem(counted & of)
    interval = ratio_interval(hits, counts)
    if interval is None:
        return None
    reach = wilson(0, int(np.count_nonzero(counts)))[1]
    if not hits.any():
        return 0.0, max(interval[1], reach)
    return (min(interval[0], 1 - reach), 1.0) if np.array_equal(hits, counts) else interval


def brier_interval(scored: Scored) -> Interval | None:
    return ratio_interval(scored.by_problem((scored.probability - scored.right) ** 2),
                          scored.by_problem(np.ones_like(scored.right)))


def youden_interval(scored: Scored) -> Interval | None:
    """Of sensitivity + specificity - 1. Where one of the two is all or none, its own interval widens this one."""
    called, right = scored.called, scored.right
    sides = [(scored.by_problem(hit & of), scored.by_problem(of)) for hit, of in ((called, right), (~called, ~right))]
    if min(np.count_nonzero(of) for _, of in sides) < LEAST:
        return None
    (found, rights), (refused, wrongs) = sides
    low, high = resampled(lambda chosen: found[chosen].sum(axis=1) / rights[chosen].sum(axis=1)
                          + refused[chosen].sum(axis=1) / wrongs[chosen].sum(axis=1) - 1, scored.problems)
    for (hits, counts), own in zip(sides, (share_interval(scored, called, right),
                                           share_interval(scored, ~called, ~right)), strict=True):
        if own is not None and (not hits.any() or np.array_equal(hits, counts)):
            share = float(hits.sum() / counts.sum())
            low, high = low - (share - own[0]), high + (own[1] - share)
    return max(-1.0, low), min(1.0, high)


def area_interval(scored: Scored) -> Interval | None:
    """Of the area under the ROC curve: every resample compares all right cases that it has with all its wrong ones."""
    rights, wrongs = scored.by_problem(scored.right), scored.by_problem(~scored.right)
    if min(np.count_nonzero(rights), np.count_nonzero(wrongs)) < LEAST:
        return None
    beaten, problems = _beaten(scored), scored.problems

    def areas(chosen: npt.NDArray[np.int64]) -> Floats:
        places = chosen + problems * np.arange(len(chosen))[:, None]
        weights = np.bincount(places.ravel(), minlength=problems * len(chosen)).reshape(len(chosen), problems)
        found: Floats = ((weights @ beaten) * weights).sum(axis=1) / ((weights @ rights) * (weights @ wrongs))
        return found

    return resampled(areas, problems, RESAMPLES)


def _beaten(scored: Scored) -> Floats:
    """How often a right case of a problem (row) has more than a wrong one of a problem (column), ties counted half."""
    right, own = scored.probability[scored.right], scored.problem[scored.right]
    columns = np.zeros((scored.problems, scored.problems))
    for problem in range(scored.problems):
        wrong = np.sort(scored.probability[(scored.problem == problem) & ~scored.right])
        beaten = (np.searchsorted(wrong, right, "left") + np.searchsorted(wrong, right, "right")) / 2
        columns[:, problem] = np.bincount(own, beaten, scored.problems)
    return columns
