"""How far a judge can be trusted: its judgements against those of an oracle, on the same cases.

Brier's score is the mean of (p - y)^2 (G. W. Brier, Monthly Weather Review 78 (1950) 1-3); 0 is best, and who always
says 0.5 has 0.25. The area under the ROC curve is the probability that a right case gets the larger p of a right and a
wrong one, ties counted half (Mann and Whitney's U); luck has 0.5. Intervals are Wilson's, as if cases had nothing to do
with each other: those of one sample do, so that they are rather too narrow.
"""
from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from localthink.intervals import wilson
from localthink.judge.interface import Judgement

BINS = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `of`; what is of nothing has no share."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %."""
        return wilson(self.count, self.of) if self.of else None


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

    `left_out` counts the cases about which one of the two said nothing. `auc` is None where all are right, or none.
    """

    right_as_right: int
    right_as_wrong: int
    wrong_as_right: int
    wrong_as_wrong: int
    brier: float
    auc: float | None
    bins: tuple[Bin, ...]
    left_out: int

    @property
    def cases(self) -> int:
        return self.right_as_right + self.right_as_wrong + self.wrong_as_right + self.wrong_as_wrong

    @property
    def sensitivity(self) -> Rate:
        """Of the right ones, those that the judge calls right."""
        return Rate(self.right_as_right, self.right_as_right + self.right_as_wrong)

    @property
    def specificity(self) -> Rate:
        """Of the wrong ones, those that the judge calls wrong."""
        return Rate(self.wrong_as_wrong, self.wrong_as_right + self.wrong_as_wrong)

    @property
    def accuracy(self) -> Rate:
        return Rate(self.right_as_right + self.wrong_as_wrong, self.cases)


def calibrate(judged: Sequence[Judgement], truth: Sequence[Judgement]) -> Calibration | None:
    """The two sequences are about the same cases. None where there is no case about which both say something."""
    pairs = [(one.probability, bool(other.right), bool(one.right)) for one, other in zip(judged, truth, strict=True)
             if one.probability is not None and other.right is not None]
    if not pairs:
        return None
    counts = {key: sum((right, called) == key for _, right, called in pairs)
              for key in ((True, True), (True, False), (False, True), (False, False))}
    scored = [(probability, right) for probability, right, _ in pairs]
    return Calibration(
        counts[True, True], counts[True, False], counts[False, True], counts[False, False],
        sum((probability - right) ** 2 for probability, right in scored) / len(scored),
        _area([p for p, right in scored if right], [p for p, right in scored if not right]),
        _bins(scored), len(judged) - len(pairs))


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
