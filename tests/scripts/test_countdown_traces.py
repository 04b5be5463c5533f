"""The traces that the bundled model learns from: right in every line, and held out as promised."""
from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import countdown_traces as traces
from countdown_traces import Puzzle
from localthink.grade.countdown import read_puzzle, solves

SPLITS = ("train", "choose", "test")
OPENING = re.compile(r"(?:First|Alternatively), try (.+), leaving (\d+) and (\d+)\.")
CONTINUATION = re.compile(r"(?:Wait, again: )?(.+), (yes|no)\.")
EQUATION = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")

numbers = st.tuples(*[st.integers(1, traces.LARGEST_NUMBER)] * 3)
puzzles = st.builds(Puzzle, numbers, st.sampled_from(traces.TARGETS))
any_trace = given(puzzles, st.floats(0, 1), st.floats(0, 1), st.randoms(use_true_random=False))


def check(equation: str) -> tuple[list[int], int]:
    """The two operands and the value of an equation, which must be true."""
    found = EQUATION.fullmatch(equation)
    assert found, equation
    left, right, value = (int(found[group]) for group in (1, 3, 4))
    assert {"+": left + right, "-": left - right, "*": left * right, "/": left / right}[found[2]] == value
    return [left, right], value


@settings(deadline=None)
@any_trace
def test_every_line_of_a_trace_is_true(puzzle: Puzzle, hazard: float, recheck: float, rng: random.Random) -> None:
    thinking, _ = traces.write_trace(puzzle, hazard, recheck, rng).split("\n</think>\n\n")
    remaining: list[int] = []
    for line in thinking.split("\n"):
        if opening := OPENING.fullmatch(line):
            operands, value = check(opening[1])
            remaining = [int(opening[2]), int(opening[3])]
            assert remaining[0] == value
            assert sorted([*operands, remaining[1]]) == sorted(puzzle.numbers)
        else:
            continuation = CONTINUATION.fullmatch(line)
            assert continuation, line
            operands, value = check(continuation[1])
            assert sorted(operands) == sorted(remaining)
            assert (continuation[2] == "yes") == (value == puzzle.target)


@settings(deadline=None)
@any_trace
def test_a_trace_ends_in_a_solution_or_gives_up(
    puzzle: Puzzle, hazard: float, recheck: float, rng: random.Random,
) -> None:
    trace = traces.write_trace(puzzle, hazard, recheck, rng)
    thinking, answer = trace.split("</think>")
    found = ", yes." in thinking
    assert found == solves(answer, puzzle.numbers, puzzle.target)
    assert found != (answer == f"\n\nI found no way to make {puzzle.target}.")


@settings(deadline=None)
@given(puzzles, st.randoms(use_true_random=False))
def test_a_search_that_leaves_nothing_early_finds_whatever_can_be_reached(puzzle: Puzzle, rng: random.Random) -> None:
    trace = traces.write_trace(puzzle, hazard=0, recheck=0, rng=rng)
    solved = solves(trace.split("</think>")[1], puzzle.numbers, puzzle.target)
    assert solved == (puzzle.target in traces.reachable(puzzle.numbers))


def test_a_search_opens_no_thought_twice_and_only_the_first_one_first() -> None:
    trace = traces.write_trace(Puzzle((1, 2, 4), 100), hazard=1, recheck=0, rng=random.Random(0))
    openings = [line for line in trace.split("\n") if OPENING.fullmatch(line)]
    assert len(openings) == len(traces.first_operations((1, 2, 4))) == len(set(openings))
    assert [line.startswith("First") for line in openings] == [True] + [False] * (len(openings) - 1)


def test_no_three_numbers_are_in_two_splits() -> None:
    held = {split: {p.numbers for p in traces.solvable_puzzles(split)} for split in SPLITS}
    assert all(numbers == tuple(sorted(numbers)) for split in SPLITS for numbers in held[split])
    assert not held["train"] & held["choose"] | held["train"] & held["test"] | held["choose"] & held["test"]
    assert all(held.values())


@settings(deadline=None)
@given(numbers, st.randoms(use_true_random=False))
def test_the_order_of_the_numbers_does_not_change_their_split(three: tuple[int, ...], rng: random.Random) -> None:
    assert traces.split_of(three) == traces.split_of(tuple(rng.sample(three, 3))) in SPLITS


@pytest.mark.parametrize("split", SPLITS)
def test_held_out_puzzles_are_distinct_solvable_and_drawn_the_same_every_time(split: str) -> None:
    drawn = traces.held_out(split, 300, seed=1)
    assert drawn == traces.held_out(split, 300, seed=1) != traces.held_out(split, 300, seed=2)
    assert len({(tuple(sorted(p.numbers)), p.target) for p in drawn}) == 300
    for puzzle in drawn:
        assert puzzle.target in traces.TARGETS and puzzle.target in traces.reachable(puzzle.numbers)
        assert traces.split_of(puzzle.numbers) == split
        read = read_puzzle(puzzle.question)
        assert read is not None and (read.numbers, read.target) == (puzzle.numbers, puzzle.target)


def test_training_pairs_stay_within_their_split_and_some_have_no_solution() -> None:
    rng, solvable = random.Random(0), traces.solvable_puzzles("train")
    can = []
    for _ in range(500):
        question, trace = traces.training_pair(solvable, hazard=0, recheck=0.1, hopeless=0.3, rng=rng)
        puzzle = read_puzzle(question)
        assert puzzle is not None and traces.split_of(puzzle.numbers) == "train"
        can.append(puzzle.target in traces.reachable(puzzle.numbers))
        assert solves(trace.split("</think>")[1], puzzle.numbers, puzzle.target) == can[-1]
    assert 100 < can.count(False) < 200
