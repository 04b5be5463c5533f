"""Calibration is what its definitions say, and as the plainest way to count says."""
from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.intervals import wilson
from localthink.judge.calibration import Rate, calibrate
from localthink.judge.interface import Judgement
from localthink.judge.page import matrix_lines, rate, reliability_lines

scored = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30)


def found(pairs):
    return calibrate([Judgement(p) for p, _ in pairs], [Judgement(float(right)) for _, right in pairs])


def test_the_matrix_counts_verdicts_from_one_half_on():
    matrix = found([(0.9, True), (0.5, True), (0.49, True), (0.5, False), (0.1, False), (0.2, False)])
    assert (matrix.right_as_right, matrix.right_as_wrong, matrix.wrong_as_right, matrix.wrong_as_wrong) == (2, 1, 1, 2)
    assert (matrix.sensitivity, matrix.specificity, matrix.accuracy) == (Rate(2, 3), Rate(2, 3), Rate(4, 6))
    assert matrix.sensitivity.interval == wilson(2, 3) and matrix.cases == 6


def test_a_judge_that_knows_has_no_error_and_one_that_shrugs_a_quarter():
    knows = found([(1.0, True), (0.0, False), (1.0, True)])
    shrugs = found([(0.5, True), (0.5, False)])
    assert (knows.brier, knows.auc, knows.accuracy.share) == (0, 1, 1)
    assert (shrugs.brier, shrugs.auc) == (0.25, 0.5)


@given(scored)
def test_brier_score_and_area_are_what_counting_pair_by_pair_gives(pairs):
    matrix = found(pairs)
    assert matrix.brier == pytest.approx(sum((p - right) ** 2 for p, right in pairs) / len(pairs))
    wins = [(one > other) + (one == other) / 2 for one, other in itertools.product(
        [p for p, right in pairs if right], [p for p, right in pairs if not right])]
    assert matrix.auc == (pytest.approx(sum(wins) / len(wins)) if wins else None)


@given(scored)
def test_every_case_is_in_one_bin_that_its_probability_lies_in(pairs):
    bins = found(pairs).bins
    assert sum(each.cases for each in bins) == len(pairs)
    assert sum(each.right * each.cases for each in bins) == pytest.approx(sum(right for _, right in pairs))
    assert all(each.low - 1e-9 <= each.probability <= each.high + 1e-9 for each in bins)


def test_probabilities_of_one_are_in_the_last_bin():
    assert [(each.low, each.high, each.cases) for each in found([(1.0, True), (0.95, False)]).bins] == [(0.9, 1.0, 2)]


def test_what_one_of_the_two_does_not_say_is_left_out_and_counted():
    matrix = calibrate([Judgement(0.9), Judgement(None, "no"), Judgement(0.1)],
                       [Judgement(1.0), Judgement(1.0), Judgement(None, "unknown")])
    assert (matrix.cases, matrix.left_out) == (1, 2)
    assert calibrate([Judgement(0.9)], [Judgement(None)]) is None


def test_the_page_shows_a_rate_of_nothing_as_a_dash():
    lines = "\n".join([*matrix_lines(found([(0.9, True), (0.2, True)])), *reliability_lines(found([(0.9, True)]))])
    assert "accuracy 50.0 % [9.5, 90.5]" in lines and "specificity —" in lines and "ROC curve —" in lines
    assert "0.9 to 1.0" in lines and rate(Rate(0, 0)) == "—"
