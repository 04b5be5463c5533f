"""The first to end are those that count."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localthink.solving.replay import replay
from localthink.solving.shortest import Shortest
from solving.making import attempt, pools


def test_the_shortest_answer_wins_and_what_is_longer_is_of_no_use():
    ended = [attempt(0, "1", 9), attempt(1, "2", 5), attempt(2, None, 2)]
    assert Shortest(4).move(ended).longest == 5
    assert Shortest(4).choose(ended).winner.said.text == "2"


def test_the_majority_of_m_wins_and_of_equals_the_shortest():
    ended = [attempt(0, "1", 3), attempt(1, "2", 4), attempt(2, "2", 5), attempt(3, "1", 6)]
    assert Shortest(4, m=3).choose(ended).winner.number == 1
    assert Shortest(4, m=4).choose(ended).winner.number == 0, "two votes each"
    assert Shortest(4, m=4).move(ended[:3]).longest is None


@given(pools(), st.integers(1, 4), st.integers(1, 12))
def test_however_few_run_side_by_side_the_same_attempts_count(pool, m, slots):
    strategy = Shortest(len(pool), m)
    chosen = replay(strategy, pool, slots).choice
    answered = sorted((a for a in pool if a.said is not None), key=lambda a: (a.tokens, a.number))
    counted = {a.number for group in chosen.groups for a in group.attempts}
    assert counted == {a.number for a in answered[:m]}


@given(pools(), st.integers(1, 4))
def test_side_by_side_it_takes_no_longer_than_the_mth_and_nobody_writes_longer(pool, m):
    replayed = replay(Shortest(len(pool), m), pool)
    answered = sorted(a.tokens for a in pool if a.said is not None)
    steps = answered[m - 1] if len(answered) >= m else max(a.tokens for a in pool)
    assert replayed.steps == steps
    assert replayed.tokens == sum(min(a.tokens, steps) for a in pool)
