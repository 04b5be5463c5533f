"""An item knows its answer if its fields say so, in JSON's types or in CSV's text; else nothing is graded."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.countdown import Puzzle
from localthink.grade.exact import read_gold
from localthink.grade.grading import Grader, Verdict, known_answer, takes_mathematics
from localthink.grade.mathematician import Mathematician

Right = Callable[[str, str | int | float], bool]

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
    assert known_answer(carried) == PUZZLE


@pytest.mark.parametrize("carried", [
    {"target": -39, "numbers": [-4, 7]}, {"target": "-39", "numbers": "-4 7"}, {"target": "-39", "numbers": "[-4, 7]"},
])
def test_whole_numbers_may_be_below_zero(carried: dict[str, Any]) -> None:
    assert known_answer(carried) == Puzzle((-4, 7), -39)


@pytest.mark.parametrize("answer", ["42", 42, 42.0, "so 42 #### 42", r"\boxed{42}", " 42 ", 0, 0.0, "0", "x+1"])
def test_an_answer_is_what_it_says(answer: str | float) -> None:
    assert known_answer({"question": "?", "answer": answer}) == read_gold(answer)


@pytest.mark.parametrize("carried", [
    {"Answer": "42"}, {"ANSWER": "42"}, {"answer": None, "Answer": "42"}, {"answer": "", "final_answer": "42"},
    {"expected_answer": "42", "solution": r"\boxed{41}"}, {"Expected_Answer": "41", "answer": "42"},
    {"solution": r"So it is $\boxed{42}$, as was to be found."}, {"Solution": r"\boxed{41}, no, \boxed{42}"},
    {"answer": [], "solution": r"\fbox{42}"},
])
def test_an_answer_has_the_names_that_people_give_it(carried: dict[str, Any]) -> None:
    assert known_answer(carried) == read_gold(r"\boxed{42}")


OPTIONS = ["5", "x + 1", "7", "7"]


@pytest.mark.parametrize(("answer", "letter"), [("B", "B"), ("(b)", "B"), ("x + 1", "B"), (" x + 1", "B"), ("D", "D")])
def test_the_answer_among_options_is_a_letter(answer: str, letter: str) -> None:
    assert known_answer({"options": OPTIONS, "answer": answer}) == read_gold(letter)
    assert known_answer({"choices": dict(zip("ABCD", OPTIONS, strict=True)), "answer": answer}) == read_gold(letter)


@pytest.mark.parametrize("answer", [0, 1, 4, "2", "5", "7"])
def test_a_number_beside_options_might_be_a_place_or_a_value_and_is_not_graded(answer: str | int) -> None:
    assert known_answer({"choices": OPTIONS, "answer": answer}) is None
    assert known_answer({"choices": 4, "answer": answer}) == read_gold(answer)


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
    assert known_answer({**puzzle, "answer": 42}) == read_gold(42)


@pytest.mark.parametrize("carried", [
    {}, {"answer": None}, {"answer": ""}, {"answer": " \n"}, {"answer": True}, {"answer": False}, {"answer": [42]},
    {"answer": {"value": 42}}, {"answer": float("nan")}, {"gold": 42},
    {"solution": "42"}, {"solution": 42}, {"solution": r"\boxed{"}, {"solution": r"\boxed{}"},
])
def test_without_an_answer_nothing_is_graded(carried: dict[str, Any]) -> None:
    assert known_answer(carried) is None


def test_only_mathematics_takes_more_than_what_is_always_here() -> None:
    assert takes_mathematics(read_gold(r"\sqrt2"))
    assert not any(map(takes_mathematics, [None, PUZZLE, *map(read_gold, ("42", "B", "Paris", "52_8", 1.5, "#### 7"))]))


def unasked(*_: object) -> None:
    raise AssertionError("no process is started here")


@pytest.mark.parametrize(("known", "answer", "verdict"), [
    (PUZZLE, r"\boxed{4 * 7 + 11}", Verdict(True, "countdown")), (PUZZLE, r"\boxed{39}", Verdict(False, "countdown")),
    (read_gold(42), "42", Verdict(True, "number")), (read_gold("B"), "Answer: C", Verdict(False, "choice")),
    (read_gold("Paris"), "**Paris**", Verdict(True, "words")),
    (read_gold("x+1"), r"\boxed{x+1}", Verdict(True, "mathematics")),
    (read_gold("x+1"), "", Verdict(False, "mathematics")),
])
def test_a_verdict_names_its_rule_and_starts_no_process_that_it_does_not_take(
        known: Any, answer: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mathematician, "equal", unasked)
    with Grader() as grader:
        assert grader.grade(known, answer) == verdict


MATRIX = r"\begin{pmatrix} 1 \\ -2 \end{pmatrix}"


@pytest.mark.parametrize(("answer", "gold"), [
    (rf"\boxed{{{MATRIX}}}", MATRIX), ("So\n\\[\n\\begin{pmatrix}\n1 \\\\\n-2\n\\end{pmatrix}\n\\]", MATRIX),
    (r"\boxed{\begin{bmatrix} 1 \\ -\frac{4}{2} \end{bmatrix}}", MATRIX),
    (r"\boxed\sqrt2$", r"\sqrt{2}"), (r"\boxed{11\sqrt{2}}", r"11\sqrt2"), (r"\fbox{11√2}", r"11\sqrt2"),
    (r"\boxed{2}, \boxed{3}", "3, 2"), (r"\boxed{2}\boxed{3}", r"\{2,3\}"), (r"\boxed{x=2 \text{ or } x=3}", "2,3"),
    (r"\boxed{100, 200}", "100,200"), (r"\boxed{\{200, 100\}}", "100,200"), (r"\boxed{5}", "x=5"),
    (r"\boxed{x=5}", "x=5"), (r"\boxed{x+1}", "1+x"), (r"\boxed{(x-1)(x+1)}", "x^2-1"),
    (r"\boxed{x > 2}", r"(2,\infty)"),
    (r"\boxed{1 \le x \le 2}", "[1,2]"), (r"\boxed{1+\sqrt{19}, 1-\sqrt{19}}", r"1 \pm \sqrt{19}"),
    (r"\boxed{5x-7y+11z=-4}", "5x - 7y + 11z + 4 = 0"), ("The answer is $y = 3 + 2x$.", "y = 2x + 3"),
])
def test_mathematics_is_right_where_a_mathematician_says_so(answer: str, gold: str, right: Right) -> None:
    assert right(answer, gold)


@pytest.mark.parametrize(("answer", "gold"), [
    (r"\boxed{x=5}", "y=5"), (r"\boxed{100200}", "100,200"), (r"\boxed{100,\!200}", "100,200"),
    (r"\boxed{\begin{pmatrix} 1 \\ 2 \end{pmatrix}}", MATRIX),
    (r"\boxed{\begin{pmatrix} 1 & -2 \end{pmatrix}}", MATRIX),
    (r"\boxed{2}", "2, 3"), (r"\boxed{2}, \boxed{3}, \boxed{4}", "2, 3"), (r"\boxed{[3,4]}", "(3,4]"),
    (r"\boxed{(2,1)}", "(1,2)"), (r"\boxed{1+\sqrt{19}}", r"1 \pm \sqrt{19}"), (r"\boxed{??? 7}", r"7\pi"),
    (r"\boxed{x-1}", "x+1"), (r"\boxed{2n}", "2k"), (r"\boxed{\text{I do not know}}", r"\sqrt2"),
    (r"\boxed{3.14}", r"\pi"),
])
def test_mathematics_is_wrong_where_a_mathematician_says_so(answer: str, gold: str, right: Right) -> None:
    assert not right(answer, gold)


json = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(st.dictionaries(st.sampled_from(["target", "numbers", "nums", "answer", "other"]), json), st.text())
def test_whatever_an_item_carries_can_be_asked_for_its_answer(carried: dict[str, Any], text: str) -> None:
    known = known_answer(carried)
    assert known is None or takes_mathematics(known) or Grader().grade(known, text).correct in (True, False)
    if "answer" not in carried and "target" not in carried:
        assert known is None


wholes = st.integers(-10**17, 10**17)


@given(st.lists(wholes, min_size=1), wholes, st.sampled_from([", ", ",", " "]))
def test_text_means_the_numbers_that_it_spells(numbers: list[int], target: int, between: str) -> None:
    spelled = between.join(str(number) for number in numbers)
    for text in (spelled, f"[{spelled}]"):
        assert known_answer({"target": str(target), "nums": text}) == Puzzle(tuple(numbers), target)
