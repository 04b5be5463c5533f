"""Cohen's kappa: closed forms, invariants, and an interval that holds what it promises."""
from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.clusters import LEAST
from localthink.intervals import wilson
from localthink.label.agreement import agreement, kappas
from localthink.label.labels import RATINGS, Unit
from localthink.label.page import agreement_lines


def units(count, samples=1):
    return [Unit(f"{place % samples}", place // samples) for place in range(count)]


def said(*counted, samples=1):
    """Two raters by (rating of one, rating of the other, how often)."""
    pairs = [(one, other) for one, other, times in counted for _ in range(times)]
    places = units(len(pairs), samples)
    return dict(zip(places, (one for one, _ in pairs), strict=True)), \
        dict(zip(places, (other for _, other in pairs), strict=True))


def kappa_of(one, other):
    return agreement(one, other, resamples=10).kappa


def test_a_table_worked_out_by_hand():
    """20 and 15 alike of 50; expected 0.5 * 0.6 + 0.5 * 0.4 = 0.5, observed 0.7: kappa 0.4."""
    one, other = said(("right", "right", 20), ("right", "wrong", 5), ("wrong", "right", 10), ("wrong", "wrong", 15))
    found = agreement(one, other, resamples=10)
    assert found.kappa == pytest.approx(0.4)
    assert (found.decided, found.alike, found.units) == (50, 35, 50)
    assert found.table == ((20, 5, 0), (10, 15, 0), (0, 0, 0))


def test_a_table_of_three_worked_out_by_hand():
    """p_o = 29/40; p_e = (15*15 + 15*14 + 10*11) / 1600."""
    table = np.array([[[11.0, 3, 1], [2, 10, 3], [2, 1, 7]]])
    expected = (15 * 15 + 15 * 14 + 10 * 11) / 1600
    assert kappas(table)[0] == pytest.approx((28 / 40 - expected) / (1 - expected))


def test_luck_is_zero_and_the_opposite_is_minus_one():
    assert kappa_of(*said(*((one, other, 5) for one in RATINGS[:2] for other in RATINGS[:2]))) == pytest.approx(0)
    assert kappa_of(*said(("right", "wrong", 5), ("wrong", "right", 5))) == pytest.approx(-1)


def test_where_both_say_one_thing_of_everything_it_is_not_defined():
    found = agreement(*said(("right", "right", 30), samples=10))
    assert found.kappa is None
    assert found.interval is None


def test_whoever_is_unsure_has_not_decided():
    one, other = said(("right", "right", 3), ("wrong", "wrong", 3), ("unsure", "right", 4), ("wrong", "unsure", 2))
    found = agreement(one, other, resamples=10)
    assert (found.units, found.decided, found.kappa) == (12, 6, 1.0)


def test_only_what_both_rated_is_compared():
    one, other = {Unit("a", 0): "right", Unit("a", 1): "wrong"}, {Unit("a", 1): "wrong", Unit("b", 0): "right"}
    assert agreement(one, other, resamples=10).units == 1
    assert agreement(one, {}, resamples=10).units == 0


RATED = st.lists(st.tuples(*[st.sampled_from(RATINGS[:2])] * 2), min_size=1, max_size=60)
SWAPPED = {"right": "wrong", "wrong": "right"}


@given(RATED)
def test_it_is_symmetric_and_the_names_of_ratings_do_not_matter(pairs):
    places = units(len(pairs), 5)
    one, other = (dict(zip(places, ratings, strict=True)) for ratings in zip(*pairs, strict=True))
    found = agreement(one, other, resamples=50)
    turned = agreement(other, one, resamples=50)
    renamed = agreement(*({unit: SWAPPED[rating] for unit, rating in each.items()} for each in (one, other)),
                        resamples=50)
    for like in (turned, renamed):
        assert like.kappa == pytest.approx(found.kappa) if found.kappa is not None else like.kappa is None
    if found.kappa is not None:
        assert -1 <= found.kappa <= 1
        assert (found.kappa == 1) == (one == other)


@given(RATED)
def test_two_who_say_the_same_have_one(pairs):
    one = dict(zip(units(len(pairs)), (rating for rating, _ in pairs), strict=True))
    assert kappa_of(one, one) == (1 if len(set(one.values())) == 2 else None)


def test_few_samples_have_no_interval_however_many_units():
    counts = (("right", "right", 40), ("wrong", "wrong", 40), ("right", "wrong", 10))
    assert agreement(*said(*counts, samples=LEAST - 1)).interval is None
    assert agreement(*said(*counts, samples=LEAST)).interval is not None


def test_where_all_is_alike_the_interval_is_not_a_point():
    found = agreement(*said(("right", "right", 10), ("wrong", "wrong", 10), samples=10))
    assert found.interval == (pytest.approx((wilson(10, 10)[0] - 0.5) / 0.5), 1.0)


def test_units_that_hang_together_by_sample_make_the_interval_wider():
    """The same table, once with every sample's units alike, once spread over the samples."""
    ratings = [("right", "right")] * 20 + [("wrong", "wrong")] * 20 + [("right", "wrong")] * 10
    clumped = [Unit(f"{place // 5}", place % 5) for place in range(50)]
    spread = [Unit(f"{place}", 0) for place in range(50)]
    widths = []
    for places in (clumped, spread):
        one, other = (dict(zip(places, each, strict=True)) for each in zip(*ratings, strict=True))
        low, high = agreement(one, other).interval
        widths.append(high - low)
    assert widths[0] > 1.5 * widths[1]


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """Two raters who are each right with 0.9 of a fair coin: kappa is 0.64. 40 samples of 3 units, 300 times."""
    rng, truth, held = np.random.default_rng(5), 0.64, 0
    places = [Unit(f"{sample}", thought) for sample, thought in itertools.product(range(40), range(3))]
    for _ in range(300):
        coin = rng.random(len(places)) < 0.5
        one, other = ({place: RATINGS[int(value)] for place, value in
                       zip(places, coin ^ (rng.random(len(places)) < 0.1), strict=True)} for _ in range(2))
        low, high = agreement(one, other, resamples=400).interval
        held += low <= truth <= high
    assert 0.90 <= held / 300 <= 0.99


@pytest.mark.parametrize(("counts", "words"), [
    ((("right", "right", 20), ("wrong", "wrong", 20), ("right", "wrong", 4), ("unsure", "right", 2)),
     ["46 thoughts that both me and anna rated", "the same on 40 of 44 that both decided (90.9 %)",
      "Cohen's kappa: 0.82 [", "95 % over 10 samples"]),
    ((("right", "right", 4),), ["4 thoughts", "not defined"]),
    ((("right", "right", 2), ("wrong", "wrong", 1)), ["no interval, which takes at least 8 samples (here 3)"]),
    ((("unsure", "right", 2),), ["none of them is decided by both"]),
    ((), ["0 thoughts that both"]),
])
def test_what_was_found_is_said_in_words(counts, words):
    text = "\n".join(agreement_lines("me", "anna", agreement(*said(*counts, samples=10), resamples=200), "thoughts"))
    assert all(word in text for word in words)
