"""What was measured, and how surely."""
from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

SURE = 0.95  # of the intervals


@dataclass(slots=True)
class Figures:
    """What was measured with `slots` slots: seconds of each reading of `prompt` tokens, and of each pair of steps."""

    slots: int
    read: int = 0
    readings: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    penalty: list[float] = field(default_factory=list)

    @property
    def reading_speed(self) -> float:
        """Tokens of prompt a second; 0 where none were read."""
        return self.read / statistics.median(self.readings) if self.readings else 0.0

    @property
    def plain_speed(self) -> float:
        """Tokens a second that all slots together write; 0 where none were written."""
        return self.slots / statistics.median(self.plain) if self.plain else 0.0

    @property
    def penalty_speed(self) -> float:
        return self.slots / statistics.median(self.penalty) if self.penalty else 0.0

    @property
    def ratios(self) -> list[float]:
        """Of every pair, the speed with the penalty over that without it."""
        return [plain / penalty for plain, penalty in zip(self.plain, self.penalty, strict=True)]


def median_interval(values: Sequence[float], sure: float = SURE) -> tuple[float, float] | None:
    """Between which two of the values the median lies, so surely; None where there are too few to say.

    By order statistics: how many of n values lie below the median is binomial(n, 1/2), whatever their distribution.
    """
    n, ordered = len(values), sorted(values)
    left_out, below = 0, 0.0
    while left_out < n // 2:
        below += math.comb(n, left_out) / 2**n
        if 2 * below > 1 - sure:
            break
        left_out += 1
    return (ordered[left_out - 1], ordered[-left_out]) if left_out else None
