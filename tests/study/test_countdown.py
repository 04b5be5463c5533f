"""The puzzles are those that the bundled model has never seen, and each has a thought that leads on."""
from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.countdown import Puzzle, read_puzzle
from localthink.grade.countdown_thoughts import leads_on
from localthink.study.countdown import (
    SPLITS,
    first_operations,
    held_out,
    operations,
    solvable_puzzles,
    split_of,
)


@given(st.sampled_from(solvable_puzzles("choose")))
def test_of_a_puzzle_with_a_solution_some_first_operation_leads_on(puzzle):
    tries = [f"try {first}, leaving {first.value} and {rest}." for first, rest in first_operations(puzzle.numbers)]
    solved = [any(last.value == puzzle.target for last in operations(first.value, rest))
              for first, rest in first_operations(puzzle.numbers)]
    assert [leads_on(thought, puzzle) for thought in tries] == solved
    assert any(solved)


def test_the_splits_share_no_numbers():
    numbers = {split: {tuple(sorted(puzzle.numbers)) for puzzle in solvable_puzzles(split)} for split in SPLITS}
    assert all(not numbers[one] & numbers[other] for one, other in itertools.combinations(SPLITS, 2))
    assert all(split_of(puzzle.numbers) == "test" for puzzle in held_out("test", 50, seed=4))


def test_a_question_is_read_back_as_its_puzzle():
    for puzzle in held_out("choose", 20):
        assert read_puzzle(puzzle.question) == puzzle
    assert read_puzzle(Puzzle((1, 2, 3, 4), 10).question) == Puzzle((1, 2, 3, 4), 10)
