"""An item knows its answer if its fields say so, in JSON's types or in CSV's text; else nothing is graded."""
from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.countdown import Puzzle
from localthink.grade.grading import Grader, known_answer

PUZZLE = Puzzle((4, 7, 11), 39)


@pytest.mark.parametrize("carried", [
    {"target": 39, "numbers": [4, 7, 11]}, {"target": 39, "nums": [4, 7, 11]}, {"target": 39, "nums": (4, 7, 11)},
    {"target": "39", "numbers": "[4, 7, 11]"}, {"target": " 39\n", "nums": "4 7 11"}, {"target": 39, "nums": "4,7,11"},
    {"target": "39", "nums": "(4, 7, 11)"}, {"target": "39", "nums": " [ 4  7 11] "},
    {"target": 39, "nums": "4 , 7, 11"},
    {"target": 39, "nums": [4, 7, 11], "answer": "4 * 7 + 11"}, {"target": 39, "numbers": "none", "nums": [4, 7, 11]},
    {"target": 39, "nums": [1, 2], "numbers": [4, 7, 11]},
])
def test_target_and_numbers_are_a_puzzle(carried: dict[str, Any]) -> None:
    grader = known_answer(carried)
    assert grader == Grader(PUZZLE)
    assert grader.name == "countdown"
    assert grader.solves(r"\boxed{4 * 7 + 11}")
    assert not grader.solves(r"\boxed{39}")


@pytest.mark.parametrize("carried", [
    {"target": -39, "numbers": [-4, 7]}, {"target": "-39", "numbers": "-4 7"}, {"target": "-39", "numbers": "[-4, 7]"},
])
def test_whole_numbers_may_be_below_zero(carried: dict[str, Any]) -> None:
    assert known_answer(carried) == Grader(Puzzle((-4, 7), -39))


@pytest.mark.parametrize("answer", ["42", 42, 42.0, "so 42 #### 42", r"\boxed{42}", " 42 "])
def test_an_answer_is_matched_exactly(answer: str | float) -> None:
    grader = known_answer({"question": "6 * 7?", "answer": answer})
    assert grader == Grader(answer)
    assert grader.name == "exact"
    assert grader.solves(r"\boxed{42.0}")
    assert not grader.solves(r"\boxed{41}")


@pytest.mark.parametrize("answer", [0, 0.0, "0"])
def test_zero_is_an_answer(answer: str | float) -> None:
    grader = known_answer({"answer": answer})
    assert grader is not None
    assert grader.solves(r"\boxed{0}")


@pytest.mark.parametrize("puzzle", [
    {"target": 39}, {"numbers": [4, 7]}, {"target": None, "numbers": [4, 7]}, {"target": 39, "numbers": []},
    {"target": True, "numbers": [4, 7]}, {"target": 39.0, "numbers": [4, 7]}, {"target": 39, "numbers": [4, 7.0]},
    {"target": 39, "numbers": [4, True]}, {"target": 39, "numbers": ["4", "7"]}, {"target": 39, "numbers": 4},
    {"target": 39, "numbers": {"4": 7}}, {"target": "x", "numbers": "4 7"}, {"target": "39.5", "numbers": "4 7"},
    {"target": "", "numbers": "4 7"}, {"target": 39, "numbers": ""}, {"target": 39, "numbers": "[]"},
    {"target": 39, "numbers": "4 7 x"}, {"target": 39, "numbers": "4.5 7"}, {"target": 39, "numbers": "4,,7"},
    {"target": 39, "numbers": "4-7"}, {"target": 39, "numbers": "٤ 7"}, {"target": "9" * 5000, "numbers": "4 7"},
    {"target": 39, "numbers": "9" * 5000}, {"target": 39, "numbers": "4" + " " * 100_000 + "x"},
], ids=lambda carried: str(carried)[:40])
def test_half_a_puzzle_is_none(puzzle: dict[str, Any]) -> None:
    assert known_answer(puzzle) is None
    assert known_answer({**puzzle, "answer": 42}) == Grader(42)


@pytest.mark.parametrize("carried", [
    {}, {"answer": None}, {"answer": ""}, {"answer": " \n"}, {"answer": True}, {"answer": False}, {"answer": [42]},
    {"answer": {"value": 42}}, {"answer": float("nan")}, {"Answer": 42}, {"gold": 42},
])
def test_without_an_answer_nothing_is_graded(carried: dict[str, Any]) -> None:
    assert known_answer(carried) is None


def test_a_grader_cannot_be_changed() -> None:
    grader = Grader("42")
    with pytest.raises(FrozenInstanceError):
        grader.known = "41"  # type: ignore[misc]


json = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(st.dictionaries(st.sampled_from(["target", "numbers", "nums", "answer", "other"]), json), st.text())
def test_whatever_an_item_carries_can_be_asked_for_its_answer(carried: dict[str, Any], text: str) -> None:
    grader = known_answer(carried)
    assert grader is None or grader.solves(text) in (True, False)
    if "answer" not in carried and "target" not in carried:
        assert grader is None


wholes = st.integers(-10**17, 10**17)


@given(st.lists(wholes, min_size=1), wholes, st.sampled_from([", ", ",", " "]))
def test_text_means_the_numbers_that_it_spells(numbers: list[int], target: int, between: str) -> None:
    spelled = between.join(str(number) for number in numbers)
    for text in (spelled, f"[{spelled}]"):
        assert known_answer({"target": str(target), "nums": text}) == Grader(Puzzle(tuple(numbers), target))
