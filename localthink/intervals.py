"""95 % intervals of paired differences: of shares by Newcombe's method, of means by Student's t.

Shares: R. G. Newcombe, "Improved confidence intervals for the difference between binomial proportions based on paired
data", Statistics in Medicine 17 (1998) 2635–2650, method 10: Wilson's intervals of both shares, joined with their
correlation. It means something for few pairs too, and where all or none of them have the property. Means: the t
quantile by Abramowitz & Stegun 26.7.5, which is right to 0.01 from 5 pairs on.
"""
from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

LEAST = 8  # pairs: with fewer an interval is too wide to say anything
Z = statistics.NormalDist().inv_cdf(0.975)


def wilson(count: int, of: int) -> tuple[float, float]:
    """Wilson's interval of a share (1927), within [0, 1]; `of` is at least 1."""
    share, squared = count / of, Z * Z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    reach = Z / (1 + squared / of) * math.sqrt(share * (1 - share) / of + squared / (4 * of * of))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def share_difference(pairs: Sequence[tuple[bool, bool]]) -> tuple[float, float]:
    """The interval of the right share less the left one; there is at least one pair."""
    n = len(pairs)
    both, neither = pairs.count((True, True)), pairs.count((False, False))
    left_only, right_only = pairs.count((True, False)), pairs.count((False, True))
    left, right = (both + left_only) / n, (both + right_only) / n
    (left_low, left_high), (right_low, right_high) = wilson(both + left_only, n), wilson(both + right_only, n)
    alike = _alike(both, left_only, right_only, neither)
    below = _joined(right - right_low, left_high - left, alike)
    above = _joined(right_high - right, left - left_low, alike)
    return max(-1.0, right - left - below), min(1.0, right - left + above)


def _alike(both: int, left_only: int, right_only: int, neither: int) -> float:
    """The correlation φ of the two, with Newcombe's correction for continuity."""
    n = both + left_only + right_only + neither
    sides = (both + left_only) * (right_only + neither) * (both + right_only) * (left_only + neither)
    surplus = both * neither - left_only * right_only
    corrected = max(surplus - n / 2, 0.0) if surplus > 0 else float(surplus)
    return corrected / math.sqrt(sides) if sides else 0.0


def _joined(one: float, other: float, alike: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * alike * one * other + other * other))


def mean_difference(differences: Sequence[float]) -> tuple[float, float]:
    """The interval of the mean of paired differences, of which there are at least two."""
    mean = statistics.fmean(differences)
    reach = _t(len(differences) - 1) * statistics.stdev(differences) / math.sqrt(len(differences))
    return mean - reach, mean + reach


def _t(freedom: int) -> float:
    """Student's 0.975 quantile."""
    z = Z
    terms: tuple[float, ...] = (
        (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160)
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))
