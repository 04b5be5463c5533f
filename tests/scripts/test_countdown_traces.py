"""The traces that the bundled models learn from: right in every line, and held out as promised."""
from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import countdown_traces as traces
from countdown_traces import Puzzle, Search
from localthink.grade.countdown import read_puzzle, solves
from localthink.study.family import FAMILY

SPLITS = ("train", "choose", "test")
OPENING = re.compile(r"((?:First|Alternatively), try )?(.+), leaving (\d+(?:, \d+)*) and (\d+)\.")
CONTINUATION = re.compile(r"(?:Wait, again: )?(.+), (yes|no)\.")
EQUATION = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")

numbers = st.tuples(*[st.integers(1, traces.LARGEST_NUMBER)] * 3)
four_numbers = st.tuples(*[st.integers(1, traces.LARGEST_NUMBER)] * 4)
puzzles = st.builds(Puzzle, numbers | four_numbers, st.sampled_from(traces.TARGETS))
searches = st.sampled_from(list(FAMILY.values())) | st.builds(
    Search, hazard=st.floats(0, 1), recheck=st.floats(0, 1), revisit=st.floats(0, 0.8),
    most_thoughts=st.none() | st.integers(1, 12))
any_trace = given(puzzles, searches, st.randoms(use_true_random=False))


def check(equation: str) -> tuple[list[int], int]:
    """The two operands and the value of an equation, which must be true."""
    found = EQUATION.fullmatch(equation)
    assert found, equation
    left, right, value = (int(found[group]) for group in (1, 3, 4))
    assert {"+": left + right, "-": left - right, "*": left * right, "/": left / right}[found[2]] == value
    return [left, right], value


@settings(deadline=None)
@any_trace
def test_every_line_of_a_trace_is_true(puzzle: Puzzle, search: Search, rng: random.Random) -> None:
    thinking, _ = traces.write_trace(puzzle, search, rng).split("\n</think>\n\n")
    remaining: list[int] = []
    for line in thinking.split("\n"):
        if opening := OPENING.fullmatch(line):
            operands, value = check(opening[2])
            before = list(puzzle.numbers) if opening[1] else remaining
            remaining = [*map(int, opening[3].split(", ")), int(opening[4])]
            assert remaining[0] == value
            assert sorted([*operands, *remaining[1:]]) == sorted(before)
        else:
            assert len(remaining) == 2
            continuation = CONTINUATION.fullmatch(line)
            assert continuation, line
            operands, value = check(continuation[1])
            assert sorted(operands) == sorted(remaining)
            assert (continuation[2] == "yes") == (value == puzzle.target)


@settings(deadline=None)
@any_trace
def test_a_trace_ends_in_a_solution_or_gives_up(puzzle: Puzzle, search: Search, rng: random.Random) -> None:
    trace = traces.write_trace(puzzle, search, rng)
    thinking, answer = trace.split("</think>")
    found = ", yes." in thinking
    assert found == solves(answer, puzzle.numbers, puzzle.target)
    assert found != (answer == f"\n\nI found no way to make {puzzle.target}.")


@settings(deadline=None)
@given(puzzles, st.randoms(use_true_random=False))
def test_a_search_that_leaves_nothing_early_finds_whatever_can_be_reached(puzzle: Puzzle, rng: random.Random) -> None:
    trace = traces.write_trace(puzzle, Search(hazard=0), rng)
    solved = solves(trace.split("</think>")[1], puzzle.numbers, puzzle.target)
    assert solved == (puzzle.target in traces.reachable(puzzle.numbers))


def test_a_search_opens_no_thought_twice_and_only_the_first_one_first() -> None:
    trace = traces.write_trace(Puzzle((1, 2, 4), 100), Search(hazard=1), random.Random(0))
    openings = [line for line in trace.split("\n") if OPENING.fullmatch(line)]
    assert len(openings) == len(traces.first_operations((1, 2, 4))) == len(set(openings))
    assert [line.startswith("First") for line in openings] == [True] + [False] * (len(openings) - 1)


@settings(deadline=None)
@given(puzzles, st.floats(0, 1), st.integers(0, 1000))
def test_only_an_exhausted_thought_is_gone_over_again(puzzle: Puzzle, hazard: float, seed: int) -> None:
    trace = traces.write_trace(puzzle, Search(hazard, revisit=0.6), random.Random(seed))
    for thought in re.split(r"(?:First|Alternatively), try ", trace.split("\n</think>")[0])[1:]:
        lines = [line for line in thought.split("\n") if line and "leaving" not in line]
        every = list(dict.fromkeys(lines))
        assert lines == (every * len(lines))[:len(lines)]


@settings(deadline=None)
@given(st.sampled_from((3, 4)), st.randoms(use_true_random=False))
def test_a_drill_is_right_in_every_line(count: int, rng: random.Random) -> None:
    question, trace = traces.write_drill(count, rng)
    puzzle = read_puzzle(question)
    assert puzzle is not None
    thinking, answer = trace.split("\n</think>")
    for line in thinking.split("\n"):
        continuation = CONTINUATION.fullmatch(line)
        assert continuation
        operands, value = check(continuation[1])
        assert sorted(operands) == sorted(puzzle.numbers) and (continuation[2] == "yes") == (value == puzzle.target)
    assert solves(answer, puzzle.numbers, puzzle.target) == (", yes." in thinking)


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
        question, trace = traces.training_pair(solvable, Search(hazard=0, recheck=0.1), 0.3, rng)
        puzzle = read_puzzle(question)
        assert puzzle is not None and traces.split_of(puzzle.numbers) == "train"
        can.append(puzzle.target in traces.reachable(puzzle.numbers))
        assert solves(trace.split("</think>")[1], puzzle.numbers, puzzle.target) == can[-1]
    assert 100 < can.count(False) < 200
