"""Intervals of paired differences: as often right as they say, also for few pairs and at the ends of the scale."""
from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from localthink.intervals import LEAST, mean_difference, share_difference, wilson

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80)


def table(both: int, left: int, right: int, neither: int) -> list[tuple[bool, bool]]:
    return [*[(True, True)] * both, *[(True, False)] * left, *[(False, True)] * right, *[(False, False)] * neither]


@pytest.mark.parametrize(("count", "of"), [(0, 10), (3, 16), (16, 16), (40, 64)])
def test_a_share_has_wilsons_interval(count, of):
    known = stats.binomtest(count, of).proportion_ci(method="wilson")
    assert wilson(count, of) == pytest.approx((known.low, known.high), abs=1e-9)


@given(pairs)
def test_the_interval_holds_the_difference_and_stays_on_the_scale(solved):
    low, high = share_difference(solved)
    difference = (sum(right for _, right in solved) - sum(left for left, _ in solved)) / len(solved)
    assert -1 <= low <= difference + 1e-12 and difference - 1e-12 <= high <= 1 and low < high


@given(pairs)
def test_changing_sides_turns_the_interval_around(solved):
    low, high = share_difference(solved)
    assert share_difference([(right, left) for left, right in solved]) == pytest.approx((-high, -low))


def test_pairs_that_agree_narrow_it():
    alike, apart = table(8, 0, 0, 8), table(4, 4, 4, 4)
    widths = [high - low for low, high in map(share_difference, (alike, apart))]
    assert widths[0] < widths[1]


@pytest.mark.parametrize("chances", [(0.5, 0.05, 0.25, 0.2), (0.9, 0.0, 0.1, 0.0), (0.25, 0.25, 0.25, 0.25)])
def test_nineteen_in_twenty_intervals_hold_the_truth(chances):
    """Over every table of 16 pairs, each with its chance: never much less often than they say."""
    n, truth, covered = 16, chances[2] - chances[1], 0.0
    for a, b, c in itertools.product(range(n + 1), repeat=3):
        if a + b + c <= n:
            low, high = share_difference(table(a, b, c, n - a - b - c))
            covered += (low <= truth <= high) * stats.multinomial.pmf((a, b, c, n - a - b - c), n, chances)
    assert 0.93 < covered <= 1


@given(st.lists(st.integers(-500, 500), min_size=LEAST, max_size=64))
def test_a_mean_has_students_interval(differences):
    low, high = mean_difference(differences)
    n = len(differences)
    reach = stats.t.ppf(0.975, n - 1) * stats.tstd(differences) / math.sqrt(n) if len(set(differences)) > 1 else 0.0
    mean = sum(differences) / n
    assert (low, high) == pytest.approx((mean - reach, mean + reach), rel=1e-4, abs=1e-2)
