"""The simulated search is the one that traces are written by, under any penalty."""
from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countdown_traces import write_trace
from localthink.grade.countdown import solves
from localthink.records import Generation, Sampling, Tip
from localthink.study.countdown import held_out
from localthink.study.simulator import HAZARD, LINE, OPENING, leaving, simulate

PUZZLES = held_out("choose", 60)
AS_TAUGHT = Generation(Sampling(temperature=1.0, top_p=1.0), Tip(alpha=0.0))
finite = st.floats(-20, 20)


def tip(alpha, beta=600, temperature=0.6, top_p=0.95):
    return Generation(Sampling(temperature, top_p), Tip(alpha, beta))


def test_plain_at_temperature_one_it_is_the_search_that_traces_are_written_by():
    rng = random.Random(5)
    written = [write_trace(puzzle, HAZARD, 0.0, rng).split("</think>") for puzzle in PUZZLES for _ in range(40)]
    puzzles = [puzzle for puzzle in PUZZLES for _ in range(40)]
    solved = sum(solves(answer, puzzle.numbers, puzzle.target)
                 for (_, answer), puzzle in zip(written, puzzles, strict=True)) / len(written)
    switches = sum(thinking.count("Alternatively") for thinking, _ in written) / len(written)
    found = simulate(PUZZLES, AS_TAUGHT, 40)
    assert found.accuracy == pytest.approx(solved, abs=0.03)
    assert found.switches == pytest.approx(switches, abs=0.25)


def test_whoever_never_leaves_early_solves_every_puzzle_that_has_a_solution():
    assert simulate(PUZZLES, AS_TAUGHT, 3, hazard=0.0).accuracy == 1.0
    assert simulate(PUZZLES, tip(math.inf, math.inf), 3).accuracy == 1.0


def test_whoever_always_leaves_after_one_line_finds_what_stands_in_first_lines_alone():
    found = simulate(PUZZLES, AS_TAUGHT, 3, hazard=1.0)
    assert found.accuracy < simulate(PUZZLES, AS_TAUGHT, 3).accuracy


@given(finite, finite, st.floats(0.1, 3), st.integers(0, 100))
def test_a_stronger_penalty_makes_leaving_no_likelier(one, other, temperature, age):
    weak, strong = sorted((one, other))
    assert leaving(tip(strong, 600, temperature), age) <= leaving(tip(weak, 600, temperature), age)


def test_the_penalty_ends_with_its_duration():
    assert leaving(tip(3, 40), 39) == 0 and leaving(tip(3, 40), 40) == leaving(tip(0), 0)


def test_the_chance_of_leaving_is_the_hazard_where_nothing_changes_it():
    assert leaving(AS_TAUGHT, 24) == pytest.approx(HAZARD)
    assert leaving(tip(0.0, temperature=0.0), 24) == 1 and leaving(tip(3.0, temperature=0.0), 24) == 0


def test_a_penalty_that_ends_before_the_first_line_changes_nothing():
    assert simulate(PUZZLES, tip(9, OPENING + LINE), 5) == simulate(PUZZLES, tip(0), 5)


def test_what_is_too_long_is_cut_off_and_not_right():
    short = Generation(AS_TAUGHT.sampling, AS_TAUGHT.tip, max_tokens=60)
    found = simulate(PUZZLES, short, 5)
    assert found.tokens <= 60 and found.accuracy < simulate(PUZZLES, AS_TAUGHT, 5).accuracy
