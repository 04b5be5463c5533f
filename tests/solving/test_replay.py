"""A strategy on attempts of known lengths: who ends when, and what it costs."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.solving.catalogue import read_strategy
from localthink.solving.consensus import Consensus
from localthink.solving.replay import replay
from localthink.solving.shortest import Shortest
from localthink.solving.verified import Best
from solving.making import attempt, pools

NAMES = ("single", "consensus", "consensus:sure=1", "confident:warm-up=3", "shortest", "short-2", "best", "steps")


def test_what_is_cancelled_costs_what_it_had_written():
    pool = [attempt(0, "1", 10), attempt(1, "2", 4), attempt(2, "3", 7)]
    replayed = replay(Shortest(3), pool)
    assert (replayed.choice.winner.number, replayed.steps, replayed.tokens) == (1, 4, 12)
    assert (replayed.begun, replayed.ended) == (3, 1)


def test_with_one_slot_they_run_one_after_the_other_and_a_longer_one_is_cut_at_the_shortest():
    pool = [attempt(0, "1", 10), attempt(1, "2", 4), attempt(2, "3", 7)]
    replayed = replay(Shortest(3), pool, slots=1)
    assert (replayed.choice.winner.number, replayed.steps, replayed.tokens) == (1, 18, 18)


def test_attempts_that_are_begun_later_end_later():
    pool = [attempt(n, answer, 10) for n, answer in enumerate("1121111111111111")]
    replayed = replay(Consensus(16), pool)
    assert replayed.begun == 7 and replayed.steps == 20, "four at first, three more once one disagreed"


def test_a_right_answer_ends_what_runs():
    pool = [attempt(0, "1", 9, judged=(1.0,)), attempt(1, "2", 5, judged=(0.0,)), attempt(2, "2", 20, judged=(1.0,))]
    replayed = replay(Best(3), pool)
    assert (replayed.choice.winner.number, replayed.tokens) == (0, 9 + 5 + 9)


def test_too_small_a_pool_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="2 attempts are not the 3"):
        replay(Shortest(3), [attempt(0), attempt(1)])


@given(pools(least=4), st.sampled_from(NAMES), st.integers(1, 12))
def test_no_strategy_costs_more_than_all_attempts_or_less_than_its_winner(pool, name, slots):
    strategy = read_strategy(name, None if name == "single" else len(pool))
    replayed = replay(strategy, pool, slots)
    assert replayed.tokens <= sum(a.tokens for a in pool)
    assert replayed.ended <= replayed.begun <= strategy.n
    if replayed.choice.winner is not None:
        assert replayed.choice.winner.tokens <= replayed.tokens
    assert replayed.steps <= replayed.tokens


@given(pools(least=4), st.sampled_from(NAMES))
def test_with_a_slot_for_each_it_is_never_slower(pool, name):
    strategy = read_strategy(name, None if name == "single" else len(pool))
    if name.startswith(("short", "single", "confident")):
        assert replay(strategy, pool).steps <= replay(strategy, pool, slots=1).steps
