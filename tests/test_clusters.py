"""Intervals over problems: as wide as drawing problems says, and none where there are few."""
from __future__ import annotations

import numpy as np
import pytest

from localthink.clusters import LEAST, ratio_interval, resampled


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
    values = np.random.default_rng(1).normal(3, 1, 400)
    reach = 1.96 * values.std() / 20
    found = resampled(lambda chosen: values[chosen].mean(axis=1), 400)
    assert found == pytest.approx((values.mean() - reach, values.mean() + reach), abs=0.01)


def test_resamples_in_which_nothing_counts_are_left_out():
    counts = np.array([1.0] * LEAST + [0.0] * 60)
    low, high = ratio_interval(counts * 0.5, counts)
    assert (low, high) == (0.5, 0.5)


def test_of_fewer_problems_that_count_there_is_no_interval():
    counts = np.array([1.0] * (LEAST - 1) + [0.0] * 60)
    assert ratio_interval(counts, counts) is None
