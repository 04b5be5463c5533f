"""A known answer says how others are held against it, and what is not worked out is right or wrong exactly."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.boxes import MOST_CHARACTERS
from localthink.grade.exact import Kind, matches, read_gold


@pytest.mark.parametrize(("gold", "kind"), [
    (42, "number"), (27.0, "number"), (-1, "number"), ("#### 18", "number"), ("1,234", "number"), ("58,500", "number"),
    ("100,000", "number"), ("1,450,000", "number"), (r"10,\!080", "number"), (r"100,\!200", "number"),
    ("so #### 114,200", "number"), (r"\$100,200", "number"), (r"90^\circ", "number"), ("025", "number"),
    (r"864 \mbox{ inches}^2", "number"), (r"137 \frac{1}{2}", "number"), (".35625", "number"), ("52_8", "number"),
    ("4210_{5}", "number"), ("100200", "number"), ("100,200.5", "number"),
    ("B", "choice"), ("(b)", "choice"), (r"\text{(C)}", "choice"), ("J.", "choice"), (r"so \boxed{E}", "choice"),
    (r"\text{Evelyn}", "words"), (r"\text{odd}", "words"), ("Paris", "words"), ("New York", "words"), ("Yes", "words"),
    ("no", "words"), ("Zürich", "words"),
    ("x=5", "mathematics"), ("100,200", "mathematics"), ("100,200,300", "mathematics"), ("1,-2", "mathematics"),
    ("3, 5, 7", "mathematics"), (r"11\sqrt2", "mathematics"), ("K", "mathematics"), ("xyz", "mathematics"),
    ("(3,4]", "mathematics"), (r"\begin{pmatrix} 1 \\ -2 \end{pmatrix}", "mathematics"), ("y" * 1001, "mathematics"),
    (r"6 \cdot 7", "mathematics"), (float("inf"), "mathematics"), ("sin x", "mathematics"),
])
def test_the_known_answer_says_how_others_are_held_against_it(gold: str | float, kind: Kind) -> None:
    assert read_gold(gold).kind == kind


@pytest.mark.parametrize(("given", "gold"), [
    ("42", 42), ("x = 42", 42), ("6*7=42", "42"), (r"42\text{ km}", 42), (r"50\%", 0.5), ("0.5", "50%"), ("1/2", "0.5"),
    (r"1\frac45", "1.8"), ("100,200", 100200), (r"100,\!200", "#### 100,200"), ("1234", "1,234"), ("25", "025"),
    ("52_8", "52_{8}"), ("52_{8}", "52_8"), ("52", "52_8"), ("x = 52_8", "52_8"),
    ("B", "B"), ("b", "B"), ("(B)", "b"), (r"\text{(B)}", "B"), ("B.", "(B)"), ("B) mitochondria", "B"),
    (r"\textbf{(B)}\ 32", "B"), ("Evelyn", r"\text{Evelyn}"), (r"\text{evelyn}", "Evelyn"), ("New  York.", "New York"),
    (r"\frac{\pi}{2}", r"\dfrac{\pi}{2}"), (r"\left( 3, \pi \right)", r"(3,\pi)"),
    ("100, 200", "100,200"), ("100,200", "100,200"), ("100,200", r"\boxed{100}, \boxed{200}"),
    (r"\begin{pmatrix}1\\-2\end{pmatrix}", "\\begin{pmatrix} 1 \\\\\n -2 \\end{pmatrix}"),
])
def test_spellings_of_one_answer_are_equal(given: str, gold: str | float) -> None:
    assert matches(read_gold(gold), rf"So it is \boxed{{{given}}}.") is True


@pytest.mark.parametrize(("given", "gold"), [
    ("43", 42), ("-42", 42), ("42x", 42), ("", 0), ("x=42 or x=43", 43), ("100,200", 100), ("1, 234", 1234),
    ("0.333", "1/3"), ("15^2", 225), ("1 1/2", "11/2"), (r"1\frac{1}{2}", "11/2"), ("5000%", 5),
    ("52_9", "52_8"), ("53", "52_8"), ("53_8", "52_8"), ("52_8", 52), ("42", "52_8"),
    ("A", "B"), ("B and C", "B"), ("A, B", "B"), ("BC", "B"), ("Boron", "B"), ("Lyneve", "Evelyn"),
    ("York", "New York"), ("NewYork", "New York"), ("", "Paris"), (r"\boxed{2}, \boxed{3}", 3),
    (r"\boxed{A}, \boxed{B}", "B"),
])
def test_what_is_not_the_same_is_wrong(given: str, gold: str | float) -> None:
    assert matches(read_gold(gold), given if given.startswith("\\boxed") else rf"\boxed{{{given}}}") is False


@pytest.mark.parametrize(("given", "gold"), [("x=5", "y=5"), ("100200", "100,200"), ("x+1", "1+x"), ("X", "x"),
                                             ("(1, 2)", "(1,2)"), (r"11\sqrt{2}", r"11\sqrt2"),
                                             (r"\frac{1}{2}x", r"\frac{x}{2}")])
def test_where_it_takes_mathematics_nothing_is_said(given: str, gold: str) -> None:
    assert matches(read_gold(gold), rf"\boxed{{{given}}}") is None


@pytest.mark.parametrize("gold", [42, "B", "Paris", "x+1", "52_8"])
@pytest.mark.parametrize("answer", ["", r"\boxed{", r"\boxed{" + "4" * (MOST_CHARACTERS + 1) + "}", "I do. " * 20])
def test_without_an_answer_in_its_place_it_is_wrong(answer: str, gold: str | int) -> None:
    assert matches(read_gold(gold), answer) is False


@pytest.mark.parametrize("number", [10**5000, 1e308, 10**300], ids=["10^5000", "1e308", "10^300"])
def test_numbers_of_any_size_are_known(number: int | float) -> None:
    assert matches(read_gold(number), r"\boxed{42}") is False
    assert matches(read_gold(10**300), rf"\boxed{{{10**300}}}") is True


FRAGMENTS = [r"\boxed{", "}", "{", "answer", " is ", ":", "####", "\n", "A", "I", "4", "1,234", ".", "/", "-", "%",
             "e9", "_8", r"\frac", r"\text{", r"\left", r"^\circ", "\\", "$", "°", "*", " ", "=", "x", "\0", "\ud800"]
texts = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))


@given(texts, st.one_of(texts, st.integers(), st.floats()))
def test_no_text_makes_it_raise(text: str, gold: str | float) -> None:
    for answer in (text, rf"\boxed{{{text}}}"):
        assert matches(read_gold(gold), answer) in (True, False, None)


@given(st.text(st.characters(exclude_characters="\\{}$#"), min_size=1, max_size=200).filter(str.strip))
def test_an_answer_is_right_where_it_is_written_as_the_known_one(text: str) -> None:
    gold = read_gold(text)
    assert matches(gold, rf"\boxed{{{text}}}") in ((True,) if gold.kind != "mathematics" else (True, None, False))
