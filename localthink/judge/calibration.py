"""How far a judge can be trusted: its judgements against those of an oracle, on the same cases.

Brier's score is the mean of (p - y)^2 (G. W. Brier, Monthly Weather Review 78 (1950) 1-3); 0 is best, and who always
says 0.5 has 0.25. The area under the ROC curve is the probability that a right case gets the larger p of a right and a
wrong one, ties counted half (Mann and Whitney's U); luck has 0.5. Youden's index is sensitivity + specificity - 1
(Cancer 3 (1950) 32-35); who says right of all, of none, or by lot has 0. Intervals are over problems: the cases of one
problem are alike.
"""
from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from localthink.clusters import Interval
from localthink.judge.interface import Judgement
from localthink.judge.over_problems import Scored, area_interval, brier_interval, share_interval, youden_interval

BINS = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `of`, and the 95 % interval, None where too few problems have any. What is of nothing has no share."""

    count: int
    of: int
    interval: Interval | None = None

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Bin:
    """The cases whose probability lies from `low` to below `high` (the last: to 1): their mean p, and who is right."""

    low: float
    high: float
    cases: int
    probability: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge against an oracle: `right_as_right` counts right cases that it called right, and so on.

    `sensitivity` is of the right ones those that the judge calls right, `specificity` of the wrong ones those that it
    calls wrong. `left_out` counts the cases about which one of the two said nothing. `auc` is None where all are right,
    or none. All cases are of so many `problems`; an interval is None where too few of these have what it is about.
    """

    right_as_right: int
    right_as_wrong: int
    wrong_as_right: int
    wrong_as_wrong: int
    sensitivity: Rate
    specificity: Rate
    accuracy: Rate
    youden_interval: Interval | None
    brier: float
    brier_interval: Interval | None
    auc: float | None
    auc_interval: Interval | None
    bins: tuple[Bin, ...]
    left_out: int
    problems: int

    @property
    def cases(self) -> int:
        return self.accuracy.of

    @property
    def better_than_chance(self) -> bool:
        """Whether the interval of Youden's index lies above 0."""
        return self.youden_interval is not None and self.youden_interval[0] > 0


def calibrate(judged: Sequence[Judgement], truth: Sequence[Judgement],
              problems: Sequence[Hashable]) -> Calibration | None:
    """The sequences are about the same cases; `problems` says which of them are of one problem.

    None where there is no case about which both say something.
    """
    pairs = [(one.probability, bool(one.right), bool(other.right), problem)
             for one, other, problem in zip(judged, truth, problems, strict=True)
             if one.probability is not None and other.right is not None]
    if not pairs:
        return None
    numbers = {problem: number for number, problem in enumerate(dict.fromkeys(problem for *_, problem in pairs))}
    scored = Scored(*(np.array(column) for column in zip(
        *((p, called, right, numbers[problem]) for p, called, right, problem in pairs), strict=True)))
    counts = {key: sum((right, called) == key for _, called, right, _ in pairs)
              for key in ((True, True), (True, False), (False, True), (False, False))}
    found, missed, taken, refused = counts.values()
    right = scored.right
    both = [(p, is_right) for p, _, is_right, _ in pairs]
    return Calibration(
        found, missed, taken, refused,
        Rate(found, found + missed, share_interval(scored, scored.called, right)),
        Rate(refused, taken + refused, share_interval(scored, ~scored.called, ~right)),
        Rate(found + refused, len(pairs), share_interval(scored, scored.called == right, np.ones_like(right))),
        youden_interval(scored), sum((p - is_right) ** 2 for p, is_right in both) / len(pairs), brier_interval(scored),
        _area([p for p, is_right in both if is_right], [p for p, is_right in both if not is_right]),
        area_interval(scored), _bins(both), len(judged) - len(pairs), len(numbers))


def _area(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    if not right or not wrong:
        return None
    ordered = sorted(wrong)
    beaten = sum((bisect_left(ordered, p) + bisect_right(ordered, p)) / 2 for p in right)
    return beaten / (len(right) * len(wrong))


def _bins(scored: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Those of BINS that have cases."""
    found: dict[int, list[tuple[float, bool]]] = {}
    for probability, right in scored:
        found.setdefault(min(int(probability * BINS), BINS - 1), []).append((probability, right))
    return tuple(Bin(place / BINS, (place + 1) / BINS, len(cases), sum(p for p, _ in cases) / len(cases),
                     sum(right for _, right in cases) / len(cases)) for place, cases in sorted(found.items()))
