"""A verdict is the softmax over the tokens of yes and of no, and nothing else of the row."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.making import softmax
from localthink.judge.verdict import yes_against_no

logits = st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=4)


@given(logits, logits, logits)
def test_the_probability_is_the_softmax_of_yes_against_no(yes, no, others):
    row = np.array([*others, *yes, *no], np.float32)
    ids = np.arange(row.size)
    found = yes_against_no(row, ids[len(others):len(others) + len(yes)], ids[len(others) + len(yes):])
    assert found == pytest.approx(softmax(yes, no), rel=1e-6)


def test_logits_far_apart_do_not_overflow():
    row = np.array([3e38, -3e38], np.float32)
    assert yes_against_no(row, np.array([0]), np.array([1])) == 1
    assert yes_against_no(row, np.array([1]), np.array([0])) == pytest.approx(0, abs=1e-300)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_logits_that_are_not_finite_are_no_verdict(value):
    row = np.array([value, value], np.float32)
    assert math.isnan(yes_against_no(row, np.array([0]), np.array([1])))
