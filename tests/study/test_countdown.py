"""The puzzles are those that the bundled model has never seen, and each has a thought that leads on."""
from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.countdown import Puzzle, read_puzzle
from localthink.grade.countdown_thoughts import leads_on
from localthink.study.countdown import (
    LARGEST_VALUE,
    LEAST_SHARE,
    SPLITS,
    first_operations,
    held_out,
    operations,
    solvable_puzzles,
    split_of,
    thoughts_about,
)


@given(st.sampled_from(solvable_puzzles("choose")))
def test_of_a_puzzle_with_a_solution_some_first_operation_leads_on(puzzle):
    tries = [f"try {first}, leaving {first.value} and {rest}." for first, (rest,) in first_operations(puzzle.numbers)]
    solved = [any(last.value == puzzle.target for last in operations(first.value, rest))
              for first, (rest,) in first_operations(puzzle.numbers)]
    assert [leads_on(thought, puzzle) for thought in tries] == solved
    assert any(solved)


def test_the_splits_share_no_numbers():
    numbers = {split: {tuple(sorted(puzzle.numbers)) for puzzle in solvable_puzzles(split)} for split in SPLITS}
    assert all(not numbers[one] & numbers[other] for one, other in itertools.combinations(SPLITS, 2))
    assert all(split_of(puzzle.numbers) == "test" for puzzle in held_out("test", 50, seed=4))


def test_a_question_is_read_back_as_its_puzzle():
    for puzzle in [*held_out("choose", 20), *held_out("choose", 20, numbers=4)]:
        assert read_puzzle(puzzle.question) == puzzle
    assert read_puzzle(Puzzle((1, 2, 3, 4), 10).question) == Puzzle((1, 2, 3, 4), 10)


four_numbers = st.tuples(*[st.integers(1, 13)] * 4)


@given(four_numbers)
def test_a_thought_about_four_numbers_takes_the_value_of_its_first_step_on(numbers):
    thoughts = thoughts_about(numbers)
    assert len(thoughts) == len(set(thoughts))
    for thought in thoughts:
        first, second = thought.steps
        left = list(numbers)
        for used in (first.left, first.right):
            left.remove(used)
        operands = [second.left, second.right]
        operands.remove(first.value)
        left.remove(operands[0])
        assert thought.left == (second.value, left[0]) and thought.lines
        assert all(0 < step.value <= LARGEST_VALUE for step in (first, second, *thought.lines))


def test_a_puzzle_of_four_numbers_is_solved_by_a_fair_share_of_thoughts():
    for puzzle in held_out("test", 20, numbers=4):
        thoughts = thoughts_about(puzzle.numbers)
        solving = sum(any(line.value == puzzle.target for line in thought.lines) for thought in thoughts)
        assert solving >= LEAST_SHARE * len(thoughts) and split_of(puzzle.numbers) == "test"
