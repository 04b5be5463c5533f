"""The majority, and when it is safe."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.solving.consensus import Consensus, Single, leads
from solving.making import attempts, pools


@pytest.mark.parametrize(("votes", "other"), [(0, 0), (1, 0), (4, 0), (5, 3), (3, 5), (20, 12)])
def test_the_posterior_is_the_integral_of_its_density(votes, other):
    p = (np.arange(200_000) + 0.5) / 200_000
    density = p**votes * (1 - p)**other
    assert leads(votes, other) == pytest.approx(density[p > 0.5].sum() / density.sum(), abs=1e-5)


def test_four_that_agree_are_safe_at_95_percent_and_three_are_not():
    assert (leads(3, 0), leads(4, 0)) == (1 - 1 / 16, 1 - 1 / 32)
    assert Consensus(16).move(attempts("1", "1", "1", "1")).stop
    assert not Consensus(16).move(attempts("1", "1", "1")).stop


def test_no_more_are_begun_than_could_make_the_leader_safe():
    assert Consensus(16).move([]).begun == 4
    assert Consensus(16).move(attempts("1")).begun == 4
    assert Consensus(16).move(attempts("1", "2")).begun == 2 + 5  # 6 against 1 are safe, 5 against 1 are not
    assert Consensus(3).move([]).begun == 2, "two of three cannot be overtaken"


def test_what_ends_without_an_answer_is_no_vote_and_another_takes_its_place():
    assert Consensus(16).move(attempts(None, None)).begun == 6
    assert Consensus(2).choose(attempts(None, None)).winner is None


def test_it_stops_where_the_leader_cannot_be_overtaken_any_more():
    ended = attempts("1", "1", "1", "2")
    assert Consensus(5, sure=1).move(ended).stop
    assert not Consensus(6, sure=1).move(ended).stop, "two more could make it a draw"


@given(pools(), st.floats(0.5, 1))
def test_it_never_asks_for_more_than_there_are_and_ends_at_last(pool, sure):
    strategy = Consensus(len(pool), sure)
    for count in range(len(pool) + 1):
        move = strategy.move(pool[:count])
        assert count <= move.begun <= len(pool)
        assert move.stop == (move.begun == count), "it goes on as long as it wants more, and no longer"


@given(pools())
def test_the_winner_has_the_most_votes_by_plain_counting(pool):
    choice = Consensus(len(pool)).choose(pool)
    votes = {answer: sum(a.said is not None and a.said.text == answer for a in pool) for answer in ("1", "2", "3")}
    assert [group.votes for group in choice.groups] == sorted((v for v in votes.values() if v), reverse=True)
    if choice.winner is not None:
        assert votes[choice.winner.said.text] == max(votes.values())
    assert sum(group.votes for group in choice.groups) == sum(a.said is not None for a in pool)


@given(pools(least=2))
def test_another_attempt_never_takes_a_vote_away(pool):
    before = {g.said.key: g.votes for g in Consensus(len(pool)).choose(pool[:-1]).groups}
    after = {g.said.key: g.votes for g in Consensus(len(pool)).choose(pool).groups}
    assert all(after[key] >= votes for key, votes in before.items())


@given(st.integers(0, 30), st.integers(0, 30))
def test_more_votes_make_surer_and_votes_against_less_sure(votes, other):
    assert leads(votes + 1, other) > leads(votes, other) > leads(votes, other + 1)
    assert math.isclose(leads(votes, other) + leads(other, votes), 1)


def test_a_single_attempt_is_the_answer():
    assert Single(1).move([]).begun == 1
    choice = Single(1).choose(attempts("7"))
    assert (choice.winner.said.text, choice.sure) == ("7", None)
