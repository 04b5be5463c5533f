"""Calibration is what its definitions say, and as the plainest way to count says."""
from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.intervals import wilson
from localthink.judge.calibration import Rate, calibrate
from localthink.judge.interface import Judgement
from localthink.judge.page import matrix_lines, rate, reliability_lines

scored = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30)


def found(pairs, problems=None):
    """Calibration on pairs of a probability and what is right, all of one problem unless others are given."""
    return calibrate([Judgement(p) for p, _ in pairs], [Judgement(float(right)) for _, right in pairs],
                     problems or [0] * len(pairs))


def test_the_matrix_counts_verdicts_from_one_half_on():
    matrix = found([(0.9, True), (0.5, True), (0.49, True), (0.5, False), (0.1, False), (0.2, False)])
    assert (matrix.right_as_right, matrix.right_as_wrong, matrix.wrong_as_right, matrix.wrong_as_wrong) == (2, 1, 1, 2)
    assert (matrix.sensitivity, matrix.specificity, matrix.accuracy) == (Rate(2, 3), Rate(2, 3), Rate(4, 6))
    assert matrix.cases == 6 and matrix.problems == 1


def width(interval):
    return interval[1] - interval[0]


def test_a_problem_that_is_judged_again_and_again_says_no_more_than_once():
    rng = np.random.default_rng(3)
    pairs = [(float(rng.random() * 0.6 + 0.4 * right), right) for right in (rng.random(60) < 0.5).tolist()]
    once = found(pairs, list(range(60)))
    often = found(pairs * 20, list(range(60)) * 20)
    for name in ("sensitivity", "specificity", "accuracy"):
        assert getattr(often, name).interval == pytest.approx(getattr(once, name).interval)
    for name in ("brier_interval", "auc_interval", "youden_interval"):
        assert getattr(often, name) == pytest.approx(getattr(once, name))
    assert width(often.accuracy.interval) > 2 * width(wilson(often.accuracy.count, often.accuracy.of))


def test_where_each_case_is_a_problem_of_its_own_the_intervals_are_about_those_of_theory():
    rng = np.random.default_rng(4)
    right = rng.random(400) < 0.5
    called = np.where(rng.random(400) < 0.8, right, ~right)
    matrix = found([(0.8 if yes else 0.2, bool(good)) for yes, good in zip(called, right, strict=True)],
                   list(range(400)))
    for each in (matrix.sensitivity, matrix.specificity, matrix.accuracy):
        assert each.interval == pytest.approx(wilson(each.count, each.of), abs=0.015)
    hits, rejections = matrix.sensitivity, matrix.specificity
    spread = (sum(rate.share * (1 - rate.share) / rate.of for rate in (hits, rejections))) ** 0.5
    youden = hits.share + rejections.share - 1
    assert matrix.youden_interval == pytest.approx((youden - 1.96 * spread, youden + 1.96 * spread), abs=0.015)
    assert matrix.auc_interval == pytest.approx(((matrix.youden_interval[0] + 1) / 2,
                                                 (matrix.youden_interval[1] + 1) / 2), abs=0.015)  # of two values alone


def test_the_interval_of_the_area_is_that_of_areas_of_problems_drawn_again():
    rng = np.random.default_rng(5)
    problems = [int(each) for each in rng.integers(0, 12, 80)]
    pairs = [(float(p), bool(right)) for p, right in zip(rng.integers(0, 6, 80) / 5, rng.random(80) < 0.4,
                                                         strict=True)]
    areas = []
    for _ in range(1500):
        again = [pair for problem in rng.integers(0, 12, 12)
                 for pair, own in zip(pairs, problems, strict=True) if own == problem]
        rights, wrongs = ([p for p, right in again if right is which] for which in (True, False))
        areas += [np.mean([(a > b) + (a == b) / 2 for a in rights for b in wrongs])] if rights and wrongs else []
    assert found(pairs, problems).auc_interval == pytest.approx(np.percentile(areas, [2.5, 97.5]), abs=0.02)


def test_of_few_problems_there_is_no_interval_however_many_cases_they_have():
    matrix = found([(0.9, True), (0.2, False)] * 70, [place // 2 % 7 for place in range(140)])
    assert matrix.accuracy.share == 1 and matrix.accuracy.interval is None
    assert matrix.youden_interval is matrix.auc_interval is matrix.brier_interval is None
    assert not matrix.better_than_chance


@pytest.mark.parametrize(("says", "better"), [
    (lambda right, place: 0.9 if right else 0.1, True), (lambda right, place: 0.1, False),
    (lambda right, place: 0.9, False), (lambda right, place: 0.1 + 0.8 * (place % 3 == 0), False)])
def test_who_says_the_same_of_all_or_throws_a_die_is_not_better_than_chance(says, better):
    cases = [(right, place) for place in range(40) for right in (True, False)]
    matrix = found([(says(right, place), right) for right, place in cases], [place for _, place in cases])
    assert matrix.better_than_chance is better
    low, high = matrix.sensitivity.interval
    assert 0 <= low < high <= 1  # also of all and of none


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
                       [Judgement(1.0), Judgement(1.0), Judgement(None, "unknown")], "abc")
    assert (matrix.cases, matrix.left_out) == (1, 2)
    assert calibrate([Judgement(0.9)], [Judgement(None)], "a") is None


def test_the_page_shows_a_rate_of_nothing_as_a_dash():
    lines = "\n".join([*matrix_lines(found([(0.9, True), (0.2, True)])), *reliability_lines(found([(0.9, True)]))])
    assert "accuracy 50.0 %, sensitivity 50.0 %" in lines and "specificity —" in lines and "ROC curve —" in lines
    assert "over 2 cases of 1 problem: intervals take 8" in lines
    assert "0.9 to 1.0" in lines and rate(Rate(0, 0)) == "—"
