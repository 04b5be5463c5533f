"""Cycles are found when they have come round often enough, whatever their period, and nothing else is taken for one."""
from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localthink.control.cycles import GRAM, LONGEST, Cycle, CycleFinder

LEAST = 120


def found_at(tokens: list[int], rounds: int = 3, least: int = LEAST) -> tuple[int, Cycle] | None:
    finder = CycleFinder(rounds, least)
    for place, token in enumerate(tokens):
        if (cycle := finder.add(token)) is not None:
            return place + 1, cycle
    return None


def prose(count: int, seed: int = 0, kinds: int = 3000) -> list[int]:
    """Words as unevenly likely as those of a language, which never repeat for long."""
    chance = random.Random(seed)
    return [min(int(chance.paretovariate(0.8)), kinds) for _ in range(count)]


@given(st.integers(1, LONGEST), st.integers(0, 300), st.integers(2, 5), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_an_exact_cycle_is_found_once_it_has_come_round_often_enough(period, before, rounds, seed):
    circle = [10_000 + token for token in random.Random(seed).sample(range(5000), period)]
    place, cycle = found_at(prose(before, seed) + circle * (rounds + 1 + (LEAST + GRAM) // period), rounds)
    needed = max((rounds - 1) * period, LEAST)
    assert before + period + needed - 1 <= place <= before + period + needed + GRAM
    assert cycle.period == period and cycle.alike == 1.0


@pytest.mark.parametrize("period", [17, 40, 73, 200])
def test_a_cycle_in_which_a_few_tokens_change_is_found_too(period):
    circle = random.Random(1).sample(range(5000), period)
    rounds = [[*circle[:-1], 9000 + n] for n in range(40)]
    _, cycle = found_at([token for one in rounds for token in one])
    assert cycle.period == period and 0.9 < cycle.alike < 1


@pytest.mark.parametrize("tokens", [
    pytest.param(prose(30_000), id="prose"),
    pytest.param([1] * LEAST, id="a line of dashes"),
    pytest.param([5, 6] * (LEAST // 2), id="zeros of a row"),
    pytest.param([token for n in range(300) for token in (1, 1000 + n, 2, 2000 + n, 3, 3000 + 7 * n % 900, 4, 5)],
                 id="a table of three columns"),
    pytest.param([token for n in range(300) for token in (7, 100 + n, 8, 9, 10, 500 + n, 11, 12, 13, 14, 900 + n)],
                 id="lines of code with other numbers"),
    pytest.param([token for n in range(400) for token in (30, n % 10 + 40, 31, n // 10 + 60, 32)], id="a long sum"),
    pytest.param([token for row in range(12) for column in range(12)
                  for token in (int(row == column), 2 if column < 11 else 3)], id="an identity matrix"),
    pytest.param([token for n in range(90) for token in (*range(50, 60), 100 + n, 9, 200 + n % 7, 8, 300 + 3 * n, 7)],
                 id="a list of cases"),
])
def test_text_that_only_looks_like_one_is_none(tokens):
    assert found_at(tokens) is None


def test_two_rounds_are_none_where_three_are_asked_for():
    circle = random.Random(2).sample(range(5000), 150)
    assert found_at(circle * 2 + prose(3000)) is None and found_at(circle * 2 + prose(3000), rounds=2) is not None


def test_what_is_forgotten_has_to_come_round_again():
    circle, finder = random.Random(3).sample(range(5000), 100), CycleFinder()

    def finds(tokens: list[int]) -> bool:
        return sum(finder.add(token) is not None for token in tokens) > 0

    assert finds(circle * 4)
    finder.forget()
    assert not finds(circle)
    assert finds(circle * 2)


def test_it_tells_for_how_long_the_latest_tokens_follow_a_circle():
    finder = CycleFinder()
    for token in [*range(20), *range(13)]:
        finder.add(token)
    assert finder.follows(20) == 8 and finder.follows(19) == 0
    finder.add(99)
    assert finder.follows(20) == 0


def test_a_long_text_is_followed_in_microseconds_a_token_and_forgets_what_is_far_back():
    text, finder = prose(40_000), CycleFinder()
    start = time.process_time()
    for token in text:
        finder.add(token)
    assert (time.process_time() - start) / len(text) < 20e-6  # a tenth of that where nothing else runs
    assert len(finder._places) <= 4 * LONGEST + 1
