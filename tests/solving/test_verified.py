"""The attempt that a verifier rates highest."""
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.solving.verified import Best, Steps, carried_on
from solving.making import attempt, attempts, pools


def rated(*ratings: float | None, answers: str = "123456"):
    return [attempt(number, answer, judged=(rating,))
            for number, (rating, answer) in enumerate(zip(ratings, answers, strict=False))]


def test_the_highest_rating_wins_whatever_the_votes_and_says_how_sure_it_is():
    choice = Best(3).choose(rated(0.6, 0.6, 0.7, answers="112"))
    assert (choice.winner.number, choice.sure) == (2, 0.7)
    assert Best(3, take="votes").choose(rated(0.6, 0.6, 0.7, answers="112")).winner.number == 0


def test_of_equals_the_first_counts():
    assert Best(4).choose(rated(0.1, 0.8, 0.8)).winner.number == 1


def test_where_the_verifier_tells_none_from_another_votes_decide():
    assert Best(3).choose(rated(0.0, 0.0, 0.0, answers="122")).winner.said.text == "2"
    choice = Best(3).choose(attempts("1", "2", "2"))
    assert (choice.winner.said.text, choice.sure) == ("2", None)
    assert choice.notes == ("no answer could be judged: this is the most frequent one",)


def test_what_is_certainly_right_ends_it():
    assert Best(8).move(rated(0.2, 1.0)).stop
    assert not Best(8).move(rated(0.2, 0.999)).stop
    assert not Best(8).move([attempt(0, None, judged=(1.0,))]).stop, "it has no answer"


def test_what_could_not_be_judged_is_said_and_does_not_win():
    choice = Best(3).choose(rated(None, 0.2, 0.1))
    assert choice.winner.number == 1
    assert choice.notes == ("1 of 3 answers could not be judged",)


@pytest.mark.parametrize(("by", "rating"), [("min", 0.2), ("product", 0.9 * 0.2 * 0.2), ("last", 0.2)])
def test_what_follows_a_wrong_step_is_no_better(by, rating):
    assert Steps(1, by=by).rating(attempt(judged=(0.9, 0.2, 0.8))) == pytest.approx(rating)


def test_steps_that_nobody_could_judge_are_left_out():
    assert carried_on((None, 0.7, None, 0.4, 0.9)) == [0.7, 0.4, 0.4]
    assert Steps(1).rating(attempt(judged=(None,))) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_carried_on_is_what_a_walk_over_the_steps_says(judged):
    wrong = [p for p in judged if p < 0.5]
    first = next((i for i, p in enumerate(judged) if p < 0.5), len(judged))
    assert carried_on(judged)[:first + 1] == judged[:first + 1]
    assert all(p < 0.5 for p in carried_on(judged)[first:])
    assert min(carried_on(judged)) == min(judged)
    assert not wrong or carried_on(judged)[-1] == min(wrong)


@given(pools())
def test_best_is_the_largest_rating_by_plain_search(pool):
    winner = Best(len(pool)).choose(pool).winner
    answered = [a for a in pool if a.said is not None]
    known = [a for a in answered if a.judged[0] is not None]
    assert (winner is None) == (not answered)
    if len({a.judged[0] for a in known}) > 1:
        best = max(a.judged[0] for a in known)
        assert winner.number == next(a.number for a in known if a.judged[0] == best)


@given(pools())
def test_the_weights_are_sums_of_ratings(pool):
    for group in Best(len(pool)).choose(pool).groups:
        assert math.isclose(group.weight, sum(a.judged[0] or 0 for a in pool if a.said == group.said))
