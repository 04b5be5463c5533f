"""An answer counts if its last box makes the target out of every number, once; anything else does not."""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import countdown_traces as traces
from localthink.grade.countdown import Puzzle, read_puzzle, solves

NUMBERS, TARGET = (4, 7, 11), 39


@pytest.mark.parametrize("expression", [
    "4 * 7 + 11", "4*7+11", "(4 * 7) + 11 = 39", "11+7×4", "4 · 7 + 11", r"4 \times 7 + 11 = 39",
    r"11 + \left( 4 \cdot 7 \right)", r"[4*7]+{11}", r"\left[4\,\times\;7\right] + 11", "((((4)*(7))))+(11)",
    "4\u00a0*\u00a07\n+ 11", r"11 + \quad 4 * 7",
])
def test_an_equation_in_the_box_solves_however_it_is_spelled(expression: str) -> None:
    assert solves(f"So \\boxed{{{expression}}}.", NUMBERS, TARGET)


@pytest.mark.parametrize(("expression", "numbers", "target"), [
    ("8 / (3 - 8 / 3)", (3, 3, 8, 8), 24), ("8 ÷ (3 − 8 ÷ 3)", (3, 3, 8, 8), 24),
    (r"\frac{8}{3 - \frac{8}{3}}", (3, 3, 8, 8), 24), (r"\dfrac{8}{3-\tfrac{8}{3}} = 24", (3, 3, 8, 8), 24),
    ("10 – 2 – 3", (3, 2, 10), 5), (r"24 \div 4 \div 2", (2, 4, 24), 3), ("2 - 3 + 11", (2, 3, 11), 10),
    ("5", (5,), 5), ("0 * 3", (0, 3), 0), ("3 - 7", (3, 7), -4),
])
def test_arithmetic_is_exact_and_goes_from_left_to_right(expression: str, numbers: Sequence[int], target: int) -> None:
    assert solves(f"\\boxed{{{expression}}}", numbers, target)
    assert not solves(f"\\boxed{{{expression}}}", numbers, target + 1)


@pytest.mark.parametrize("expression", [
    "", " ", "39", "= 39", "39 = 4 * 7 + 11", "4 * 7 + 11 = 40", "4 * 7 + 11 =", "4 * 7 + 11 = 39 = 39",
    "4 * 7 + 11 = 28 + 11", "4 * 7", "4 * 7 + 11 + 4 - 4", "4 * 7 + 10 + 1", "4 * 7 + 12 - 1",
    "47 - 11", "4 * 7 + 1 1", "4 * 7 + 1_1", "04 * 7 + 11", "4.0 * 7 + 11", "4e0 * 7 + 11", "0x4 * 7 + 11",
    "4(7) + 11", "(4)(7) + 11", "4 7 + 11", r"4\frac{7}{11}", "-(-4) * 7 + 11", "+4 * 7 + 11", "4 * 7 - -11",
    "4 ** 7 + 11", "4 ^ 7 + 11", "4 // 7 + 11", "4! + 7 + 11", "4 % 7 + 11", "4 * 7 + 11 # 39",
    "4 * 7 + 11 / (4 - 4)", "11 / 0", "(4 * 7 + 11", "4 * 7 + 11)", "(4 * 7] + 11", r"\frac{4}7 + 11", r"\frac47",
    r"4 \left 7 + 11", r"4 \leftarrow 7", r"4 \timesx 7", r"\text{4 * 7 + 11}", "４ * 7 + 11", "٤ * 7 + 11",
    "4² + 7 + 11", "__import__('os').system('true')", "4 * 7 + 11 if 1 else 0", "(lambda: 39)()", "4 * 7 + 11,",
    "(" * 400 + "4*7+11" + ")" * 400, "1" * 900, "9" * 100_000, "4 * 7 + 11" + " " * 2000,
], ids=lambda expression: expression[:30])
def test_whatever_else_is_in_the_box_does_not_solve(expression: str) -> None:
    assert solves(f"\\boxed{{{expression}}}", NUMBERS, TARGET) is False


@pytest.mark.parametrize("text", [
    "", "4 * 7 + 11 = 39", "39", r"\boxed", r"\boxed{", r"\boxed{4 * 7 + 11", r"\boxed 39", r"boxed{4*7+11}",
    r"\boxed{4*7+11} but rather \boxed{4*7}", r"\boxed{4*7+11} no, \boxed{4*7", "{" * 100_000, r"\boxed{" * 100_000,
    r"\boxed" + " " * 100_000, "I found no way to make 39.",
], ids=lambda text: text[:30])
def test_without_a_closed_last_box_nothing_is_solved(text: str) -> None:
    assert solves(text, NUMBERS, TARGET) is False


def test_the_last_box_counts() -> None:
    assert solves(r"Not \boxed{4 + 7} or \boxed{x}: \boxed{4 * 7 + 11}. Done {}}", NUMBERS, TARGET)
    assert solves(r"\boxed{\boxed{4 * 7 + 11}}", NUMBERS, TARGET)


def test_a_number_given_twice_is_used_twice() -> None:
    assert solves(r"\boxed{6 * 6 + 3}", (3, 6, 6), 39)
    assert not solves(r"\boxed{6 * 6 + 3}", (3, 6), 39)
    assert not solves(r"\boxed{6 * 6}", (6, 6, 6), 36)


FRAGMENTS = [r"\boxed{", "}", "{", "(", ")", "[", "]", "4", "7", "11", "39", "+", "-", "*", "/", "=", r"\frac",
             r"\left", r"\right", "\\", " ", "·", "\0", "\ud800", "</think>"]


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)),
       st.lists(st.integers()), st.integers())
def test_no_text_makes_the_grader_raise(text: str, numbers: list[int], target: int) -> None:
    assert solves(text, numbers, target) in (True, False)
    assert solves(f"\\boxed{{{text}}}", numbers, target) in (True, False)


@dataclass(frozen=True)
class Tree:
    symbol: str
    left: Tree | int
    right: Tree | int


OPERATIONS = {"+": Fraction.__add__, "-": Fraction.__sub__, "*": Fraction.__mul__, "/": Fraction.__truediv__}
SPELLINGS = {"+": ["+"], "-": ["-", "−", "–"], "*": ["*", "×", "·", r"\times ", r"\cdot "], "/": ["/", "÷", r"\div "]}


def leaves(tree: Tree | int) -> list[int]:
    return [tree] if isinstance(tree, int) else leaves(tree.left) + leaves(tree.right)


def value_of(tree: Tree | int) -> Fraction:
    if isinstance(tree, int):
        return Fraction(tree)
    return OPERATIONS[tree.symbol](value_of(tree.left), value_of(tree.right))


def written(tree: Tree | int, rng: random.Random, needs: int = 0) -> str:
    """The tree in one of its spellings, in brackets where it binds less than it `needs` to, and sometimes elsewhere."""
    if isinstance(tree, int):
        return str(tree)
    if tree.symbol == "/" and rng.random() < 0.5:
        return rf"\frac{{{written(tree.left, rng)}}}{{{written(tree.right, rng)}}}"
    binds = 1 if tree.symbol in "+-" else 2
    left, right = written(tree.left, rng, binds), written(tree.right, rng, binds + 1)
    plain = f"{left} {rng.choice(SPELLINGS[tree.symbol])}{right}"
    if binds >= needs and rng.random() < 0.7:
        return plain
    opening, closing = rng.choice([("(", ")"), (r"\left(", r"\right)"), ("[", "]"), ("{", "}")])
    return f"{opening}{plain}{closing}"


trees = st.recursive(
    st.integers(0, 30), lambda parts: st.builds(Tree, st.sampled_from("+-*/"), parts, parts), max_leaves=6,
)


@settings(deadline=None)
@given(trees, st.integers(0, 40), st.randoms(use_true_random=False))
def test_any_expression_is_graded_as_its_own_tree_says(tree: Tree | int, other: int, rng: random.Random) -> None:
    numbers, text = leaves(tree), f"\\boxed{{{written(tree, rng)}}}"
    rng.shuffle(numbers)
    try:
        value = value_of(tree)
    except ZeroDivisionError:
        assert not solves(text, numbers, other)
        return
    assert solves(text, numbers, other) == (value == other)
    if value.denominator == 1:
        assert solves(text, numbers, int(value))
        assert not solves(text, [*numbers, other], int(value))
        assert not solves(text, numbers[1:], int(value))


@pytest.mark.parametrize(("form", "weight"), traces.PROMPTS)
def test_every_phrasing_of_the_training_data_is_read(form: str, weight: int) -> None:
    question = form.format(**{"and": "4, 7 and 11", "commas": "4, 7, 11", "blanks": "4 7 11", "t": 39})
    for text in (question, question.upper(), f"  {question.rstrip('.')}!\n", question.replace(" and", ", and"),
                 f'"{question}"', f"{question} Please reason step by step.", question.replace(" ", "\n ")):
        assert read_puzzle(text) == Puzzle(NUMBERS, TARGET), text


@pytest.mark.parametrize(("text", "numbers"), [
    ("Use 4,7,11 to make 39", (4, 7, 11)), ("use 4 & 7 & 11, to make 39.", (4, 7, 11)),
    ("Use numbers: 4 , 7 , 11 to make 39?", (4, 7, 11)), ("Make 39 from the numbers 1, 2, 3 and 4", (1, 2, 3, 4)),
])
def test_punctuation_and_the_count_of_numbers_do_not_matter(text: str, numbers: tuple[int, ...]) -> None:
    assert read_puzzle(text) == Puzzle(numbers, TARGET)


@pytest.mark.parametrize("text", [
    "", "Hello", "What is 4 + 7?", "Use 4 to make 39.", "Use 4, 7 and 11 to make bread.", "Use 4, 7 and 11.",
    "Use 4, 7 and 11 to make 39.5", "Use 4.5, 7 and 11 to make 39", "Use -4, 7 and 11 to make 39",
    "Make 39 from 4, 7 and 11.5", "Make 39 from 4, 7 and 11x", "Use 4, 7 and 11 to make 39%", "reuse 4, 7 to make 39",
    "Use 4 , , 7 to make 39", "Use 1234567890, 7 to make 39", "Use ٤, 7 and 11 to make 39", "use " + "4 " * 100_000,
    "use 4" + " " * 100_000, "use " * 100_000,
], ids=lambda text: text[:30])
def test_other_questions_are_not_puzzles(text: str) -> None:
    assert read_puzzle(text) is None
