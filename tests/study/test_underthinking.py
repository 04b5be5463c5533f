"""The underthinking score is the paper's, its null is what shuffling gives, and it is silent where it would mislead."""
from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.study.samples import ThoughtSpan
from localthink.study.underthinking import LEAST_WRONG, by_index, expected_null, score_of, underthinking
from study.making import sample, thoughts

labels = st.lists(st.booleans(), min_size=1, max_size=6)


def wrong(problem, *right, tokens=100):
    return sample(problem, outcome="wrong", tokens=tokens, thoughts=thoughts(*right))


def test_the_score_of_a_response_is_one_less_the_share_up_to_its_first_right_thought():
    assert score_of(100, thoughts(False, True, True)) == pytest.approx(1 - 20 / 100)
    assert score_of(30, thoughts(False, False, True)) == 0
    assert score_of(100, thoughts(False, False)) == 0


def test_the_score_is_the_mean_over_wrong_responses_and_weighted_counts_right_ones_as_zero():
    found = underthinking([*(wrong(f"p{place}", True, False) for place in range(20)),
                           *(sample(f"p{place}", number=1, thoughts=thoughts(True)) for place in range(20))])
    assert found is not None
    assert (found.score, found.weighted, found.wrong, found.with_right_thought) == pytest.approx((0.9, 0.45, 20, 20))


def test_the_weighted_score_counts_every_problem_the_same():
    samples = [wrong("a", True, False) for _ in range(20)] + [sample("b", thoughts=thoughts(True))]
    found = underthinking(samples)
    assert found is not None and found.weighted == pytest.approx(0.45)


def test_there_is_no_score_of_few_wrong_responses():
    assert underthinking([wrong("p", True, False) for _ in range(LEAST_WRONG - 1)]) is None


def test_there_is_no_score_where_many_thoughts_could_not_be_judged():
    samples = [wrong(f"p{place}", True, None) for place in range(30)]
    assert underthinking(samples) is None


@given(labels, st.integers(0, 40))
def test_the_null_of_a_response_is_the_mean_over_all_orders_of_its_labels(right, rest):
    spans = thoughts(*right)
    tokens = spans[-1].end + rest
    orders = list(itertools.permutations(right))
    mean = sum(score_of(tokens, [replace(span, right=good) for span, good in zip(spans, order, strict=True)])
               for order in orders) / len(orders)
    assert expected_null(tokens, spans) == pytest.approx(mean)


@given(labels)
def test_the_score_lies_between_nothing_and_one(right):
    assert 0 <= score_of(10 * len(right), thoughts(*right)) < 1


def test_right_thoughts_that_come_first_score_above_the_null():
    found = underthinking([wrong(f"p{place}", True, False, False, False) for place in range(40)])
    assert found is not None
    assert found.null[0] == pytest.approx((0.9 + 0.8 + 0.7 + 0.6) / 4)
    assert found.null[1] <= found.null[0] <= found.null[2] < found.score


def test_rightness_by_place_has_a_band_that_holds_what_luck_gives():
    samples = [sample(f"p{place}", thoughts=thoughts(place % 4 == 0, place % 4 == 1, place % 4 == 2, place % 4 == 3))
               for place in range(80)]
    rows = by_index(samples)
    assert [row.right for row in rows] == pytest.approx([0.25] * 4)
    assert all(row.low <= row.right <= row.high and row.thoughts == 80 for row in rows)
    first = by_index([sample(f"p{place}", thoughts=thoughts(True, False, False, False)) for place in range(80)])
    assert first[0].right == 1 > first[0].high and first[1].right == 0 < first[1].low


def test_samples_whose_thoughts_nobody_can_judge_have_no_place_in_it():
    assert by_index([sample(thoughts=(ThoughtSpan(0, 5, 0),))]) == []


def test_places_that_few_samples_reach_are_left_out():
    samples = [sample(f"p{place}", thoughts=thoughts(True, False)) for place in range(25)]
    samples.append(sample("long", thoughts=thoughts(*[False] * 9)))
    assert [row.index for row in by_index(samples)] == [1, 2]
    assert by_index(samples[:5]) == []


def test_of_what_a_person_judged_in_part_those_responses_are_scored_that_were_judged_in_full():
    judged = [wrong(f"p{place}", True, False) for place in range(LEAST_WRONG)]
    others = [wrong(f"q{place}", True, None) for place in range(100)]
    found = underthinking([*judged, *others], in_full=True)
    assert found is not None and underthinking([*judged, *others]) is None
    assert (found.wrong, found.wrong_in_all, found.judged, found.weighted) == (LEAST_WRONG, LEAST_WRONG + 100, 1, None)
    assert found.score == underthinking(judged).score and found.null == underthinking(judged).null
    assert underthinking([*judged[1:], *others], in_full=True) is None
