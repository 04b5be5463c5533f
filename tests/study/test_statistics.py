"""Intervals cover what they say, tests keep their level, power is power; pass@k and maj@k are what counting says."""
from __future__ import annotations

import itertools
import statistics as pystatistics
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localthink.clusters import LEAST, ratio_interval
from localthink.intervals import wilson
from localthink.study import statistics
from localthink.study.statistics import (
    detectable,
    majority_at,
    max_statistic,
    mean_interval,
    observed_detectable,
    pass_at,
    share_interval,
)


@given(st.integers(1, 8), st.data())
def test_pass_at_k_is_the_share_of_all_subsets_with_a_right_sample(samples, data):
    right = data.draw(st.integers(0, samples))
    k = data.draw(st.integers(1, samples))
    good = [place < right for place in range(samples)]
    subsets = list(itertools.combinations(good, k))
    assert pass_at(right, samples, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


def majority_by_counting(said, right, k):
    """Over all subsets; of answers that lead together each is taken with the same chance."""
    scores = []
    for places in itertools.combinations(range(len(said)), k):
        votes = [said[place] for place in places if said[place] is not None]
        most = max((votes.count(vote) for vote in votes), default=0)
        leading = {vote for vote in votes if votes.count(vote) == most}
        scores.append(pystatistics.fmean(float(right[said.index(vote)]) for vote in leading) if leading else 0.0)
    return pystatistics.fmean(scores)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=7), st.data())
def test_majority_at_k_is_near_what_counting_all_subsets_says(said, data):
    k = data.draw(st.integers(1, len(said)))
    right = [answer == "a" for answer in said]
    exact = majority_by_counting(said, right, k)
    assert majority_at(said, right, k, draws=2000) == pytest.approx(exact, abs=1e-9 if k == len(said) else 0.06)


def test_an_answer_that_is_right_in_part_counts_by_its_share():
    assert majority_at(["a", "a", "a"], [False, True, False], 3) == pytest.approx(1 / 3)


def test_the_bootstrap_of_a_mean_is_about_as_wide_as_the_normal_interval():
    values = np.random.default_rng(1).normal(0.3, 1.0, 400)
    low, high = mean_interval(values)
    reach = 1.96 * values.std(ddof=1) / np.sqrt(400)
    assert low == pytest.approx(values.mean() - reach, abs=0.15 * reach)
    assert high == pytest.approx(values.mean() + reach, abs=0.15 * reach)


def test_a_ratio_is_resampled_by_problem_and_not_by_sample():
    """Fifty problems, all of whose samples are alike: a hundred samples of each make nothing narrower."""
    rng = np.random.default_rng(2)
    solved = (rng.random(50) < 0.5).astype(float)
    few, many = ratio_interval(solved * 1, np.ones(50)), ratio_interval(solved * 100, np.full(50, 100.0))
    assert few == pytest.approx(many)


def test_few_problems_have_no_interval():
    assert mean_interval(np.ones(LEAST - 1)) is None
    assert max_statistic(np.ones((LEAST - 1, 2))) is None
    assert observed_detectable(np.ones(LEAST - 1)) is None


def test_the_interval_of_the_mean_covers_the_truth_about_as_often_as_it_says():
    rng, hits = np.random.default_rng(3), 0
    for _ in range(300):
        low, high = mean_interval((rng.random(40) < 0.6).astype(float), resamples=600)
        hits += low <= 0.6 <= high
    assert 0.91 <= hits / 300 <= 0.99


def max_statistic_by_counting(differences):
    """All flips of signs, one after the other."""
    def t(values):
        error = np.sqrt(np.maximum(values.var(axis=0, ddof=1), 1e-12) / len(values))
        return np.abs(values.mean(axis=0) / error)

    observed = t(differences)
    largest = [t(differences * np.array(signs)[:, None]).max()
               for signs in itertools.product((1, -1), repeat=len(differences))]
    return [np.mean([most >= each - 1e-9 for most in largest]) for each in observed]


def test_the_permutation_over_a_grid_is_exact_for_few_problems():
    differences = np.random.default_rng(4).normal(0.4, 1, (8, 3))
    assert max_statistic(differences) == pytest.approx(max_statistic_by_counting(differences))


def test_the_permutation_is_near_exact_for_more_problems_than_are_counted():
    differences = np.random.default_rng(5).normal(0.35, 1, (13, 2))
    assert max_statistic(differences) == pytest.approx(max_statistic_by_counting(differences), abs=0.02)


def test_over_a_grid_without_an_effect_one_study_in_twenty_finds_one():
    rng, found = np.random.default_rng(6), 0
    for _ in range(200):
        shared = rng.normal(size=(20, 1))  # settings hang together, as they share the baseline
        found += max_statistic(rng.normal(size=(20, 6)) + shared, permutations=300).min() < 0.05
    assert found / 200 <= 0.10


def test_the_permutation_takes_little_memory_however_large_the_grid_and_says_the_same(monkeypatch):
    differences = np.random.default_rng(8).normal(0.02, 1, (60, 40))
    peaks, found = [], []
    for flips in (3, 301):
        monkeypatch.setattr(statistics, "_NUMBERS_AT_ONCE", flips * differences.size)
        tracemalloc.start()
        found.append(max_statistic(differences, permutations=300).tolist())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert found[0] == found[1] and 10 * peaks[0] < peaks[1]


def test_what_was_seen_is_corrected_for_what_was_tried_as_the_plan_is():
    differences = np.random.default_rng(9).normal(0, 1, 100)
    assert observed_detectable(differences, 6) / observed_detectable(differences) == pytest.approx(
        detectable(10_000, 4, 6) / detectable(10_000, 4))


def test_a_setting_that_changes_nothing_is_never_significant():
    differences = np.zeros((30, 2))
    differences[:, 1] = 1.0
    assert max_statistic(differences, permutations=500).tolist() == [1.0, pytest.approx(1 / 501, abs=1e-3)]


@pytest.mark.parametrize(("problems", "samples", "points"), [(30, 1, 29), (30, 16, 7.0), (500, 1, 6.9), (500, 4, 3.6)])
def test_the_power_is_that_of_published_simulations(problems, samples, points):
    """The figures of the notes on evaluation, which were simulated."""
    assert 100 * detectable(problems, samples) == pytest.approx(points, rel=0.08)


def test_the_detectable_difference_is_seen_eight_times_in_ten():
    """Problems anywhere from hopeless to certain, an effect of just that size where there is room for it."""
    rng, problems, samples, seen = np.random.default_rng(7), 60, 8, 0
    effect = detectable(problems, samples)
    for _ in range(1500):
        own = rng.random(problems)
        left = rng.binomial(samples, own) / samples
        right = rng.binomial(samples, np.clip(own + effect, 0, 1)) / samples
        differences = right - left
        t = (differences.mean() - (np.clip(own + effect, 0, 1) - own).mean() + effect) / (
            differences.std(ddof=1) / np.sqrt(problems))
        seen += abs(t) > 1.96
    assert seen / 1500 == pytest.approx(0.8, abs=0.06)


def test_several_comparisons_see_less():
    assert detectable(100, 4) < detectable(100, 4, comparisons=6) < 1.3 * detectable(100, 4)


@given(st.integers(LEAST, 300), st.sampled_from([0.0, 1.0]))
def test_that_all_problems_came_out_alike_makes_nothing_certain(problems, value):
    low, high = share_interval(np.full(problems, value))
    assert 0 <= low <= value <= high <= 1
    assert high - low == pytest.approx(wilson(0, problems)[1])
    low, high = share_interval(np.zeros(problems), least=-1.0)
    assert low == -high < 0


def test_shares_that_differ_have_the_interval_of_their_mean():
    values = np.array([0.0, 1.0] * 10)
    assert share_interval(values) == mean_interval(values)
