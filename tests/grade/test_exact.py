"""An answer counts if the last thing it settles on is the known one, however it is spelled; sums are not worked out."""
from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.exact import MOST_CHARACTERS, SHORT_LINE, matches

SOLUTION = "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nTogether 48+24 = <<48+24=72>>72.\n#### 72"


@pytest.mark.parametrize(("spelled", "gold"), [
    ("42", 42), ("42.", 42), ("+42", 42), ("-42", -42), ("−42", -42), ("–42", -42), ("042", 42), ("42.00", 42),
    ("$42$", 42), (r"\(42\)", 42), (r"\[ 42 \]", 42), (r"\$42", "$42"), ("x = 42", 42), ("$x=42$.", 42), ("n=-1", "-1"),
    ("1,234", 1234), (r"1{,}234", 1234), (r"1\,234", "1,234"), (r"1,\!234,\!567", 1234567), ("1,234.50", 1234.5),
    ("0.1", 0.1), (".5", 0.5), ("-.5", "-0.5"), ("1/2", 0.5), ("-3/6", "-1/2"), ("3/-6", "-1/2"), ("6/3", 2),
    (r"\frac{1}{2}", "0.5"), (r"\dfrac{1}{2}", "1/2"), (r"-\tfrac{2}{4}", -0.5), (r"\frac12", 0.5),
    (r"\frac 1 {2}", 0.5),
    (r"\frac{-1}{2}", -0.5), (r"\frac{1,000}{3}", "1000/3"), ("1" * 900, "1" * 900 + ".0"),
    (r"90^\circ", 90), (r"90^{\circ}.", "90"), ("90°", 90), (r"50\%", "50"), ("50 %", r"50\%"),
    ("1e-07", 1e-07), ("nan", float("nan")), ("%", "%"),
    (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\dfrac{\pi}{2})"), ("1, 2", "1,2"), ("1, 234", "1, 234"),
    (r"\{1, 2\}", r"\{1,2\}"), (r"\text{Evelyn}", "Evelyn"), (r"\mathrm{km}", "km"),
    ("New  York\n", r"\text{New York}"),
    (r"2\sqrt{3}", r"2 \sqrt{3}"), (r"f(x)=2x", "f(x) = 2x"), (r"\frac{1}{0}", r"\frac{1}{0}"), ("1/0", "1/0"),
    ("B", "B"), ("b", "B"), ("(B)", "B"), (r"\text{(B)}", "B"), ("B.", "(B)"), ("C", "c"), ("x", "X"),
])
def test_spellings_of_one_answer_are_equal(spelled: str, gold: str | float) -> None:
    assert matches(f"So it is \\boxed{{{spelled}}}.", gold)
    assert matches(f"So it is \\boxed{{{spelled}}}.", rf"\boxed{{{gold}}}")


@pytest.mark.parametrize(("spelled", "gold"), [
    ("42", 43), ("42", -42), ("4 2", 42), ("42.1", 42), ("42", "042x"), ("", 0), ("", ""), (" ", " "), ("0", ""),
    ("1 1/2", "11/2"), (r"1\frac{1}{2}", "11/2"), (r"1\frac{1}{2}", 1.5), ("1, 234", 1234), ("12,34", 1234),
    ("1,2345", 12345), ("1,234,56", 123456), ("1e3", 1000), ("1e999999999", 0), ("0x2a", 42), ("1_000", 1000),
    ("٤٢", 42), ("４２", 42), ("4²", 42), ("50%", 0.5), ("42 km", 42), (r"42\text{ km}", 42), ("40+2", 42), ("6*7", 42),
    ("x+1", "1+x"), ("42=x", 42), (r"\frac{1}{2}x", 0.5), (r"\frac{1/2}{1}", 0.5), (r"\frac{}{2}", 0.5), ("1/2/1", 0.5),
    ("evelyn", "Evelyn"), ("B and C", "B"), ("A", "B"), ("BC", "B"), (r"\leftarrow", "arrow"),
    (r"\dfraction", r"\fraction"),
    ("1/0", 0), (r"\frac{0}{0}", "1"), ("0.333", "1/3"), ("--1", 1), ("9" * MOST_CHARACTERS + "9", "9" * 1001),
    ("inf", 1.5), ("True", 1), (r"\{1,2\}", "1,2"),
])
def test_what_is_not_the_same_is_not_equal(spelled: str, gold: str | float) -> None:
    assert not matches(f"So it is \\boxed{{{spelled}}}.", gold)


@pytest.mark.parametrize("answer", [
    r"\boxed{42}", r"\boxed {42}", r"\boxed{41} no, \boxed{42}, done {}", r"\boxed{\boxed{42}}",
    r"$$\boxed{42}$$ #### 41",
    "\\boxed{42}\n41", "\\boxed{42}\nThe answer is 41.", "42", " 42 \n\n", "It is:\n42", "41\r\n42\r\n", "**42**",
    "`42`",
    "$42$", "x = 42", "The answer is 42.", "the final answer is: 42", "Answer: 42", "**Answer:** 42", "**Answer: 42**",
    "The answer = $42$", "No, the answer is 41. The answer is 42", "#### 42", "so 41 #### 42", "#### 41\n42",
    "#### Answer: 42",
    "Answer: B\n42",
    "40 + 2 #### 42\n" + "I could go on about it. " * 10, "####\n42\n" + "I could go on about it. " * 10,
])
def test_the_last_thing_settled_on_counts(answer: str) -> None:
    assert matches(answer, 42)
    assert not matches(answer, 41)


@pytest.mark.parametrize("answer", [
    "", "\n", r"\boxed", r"\boxed{", r"\boxed{42", r"\boxed{42\}", r"\boxed{42} no, \boxed{42", r"\boxed 42",
    "boxed{42}",
    "42 is what I found", "42\nI hope this helps!", "The answer is not 42", "The answer 42", "the answer isn't 42",
    "My answers: 42", "#### 42 apples\n" + "I could go on about it. " * 10, "#### 42\n#### 41\n" + "And so on. " * 10,
    "42" + " " * 2 + "." * SHORT_LINE, r"\boxed{" + " " * MOST_CHARACTERS + "42}",
])
def test_without_the_answer_in_its_place_nothing_matches(answer: str) -> None:
    assert not matches(answer, 42)


def test_the_last_line_counts_while_it_is_short() -> None:
    name = "y" * SHORT_LINE
    assert matches(f"It is this:\n**{name}**", name)
    assert not matches(f"It is this:\n{name}y", name + "y")


def test_a_box_may_be_as_long_as_the_limit() -> None:
    name = "y" * MOST_CHARACTERS
    assert matches(rf"\boxed{{{name}}}", name)
    assert not matches(rf"\boxed{{{name}y}}", name + "y")


@pytest.mark.parametrize("answer", [
    "The answer is B", "The answer is (B).", "Answer: B", "ANSWER: $B$", "Answer:\n\n**B**",
    "**Answer:** (B) mitochondria",
    "The answer is: B) mitochondria", "The correct answer is **B**, as shown.\nI hope that this helps you.",
    "Answer = B because 3 > 2, which is what had to be shown here and has been shown now, at least I think so.",
    "Answer: A. No wait.\nAnswer: B", "B", "(B)", "**B**", "b", r"Answer: A, or rather \boxed{B}",
    r"\boxed{\text{(B)}}",
])
def test_a_choice_is_found_behind_the_word_answer(answer: str) -> None:
    assert matches(answer, "B")
    assert matches(answer, "(b)")
    assert not matches(answer, "A")


@pytest.mark.parametrize(("answer", "gold"), [
    ("The answer is a bit long", "A"), ("Answer: I think it is 4", "I"), ("Answer: A train leaves", "A"),
    ("The answer is B or C", "B"), ("The answer is B and C", "B"), ("The answer is Boron", "B"), ("Answer: B12", "B"),
    ("Answer: B-52", "B"), ("Answer: I'm lost", "I"), ("Answer B is wrong", "B"), ("The answer is not B", "B"),
    ("Answer: B/C", "C"), ("My answers: B", "B"), (r"Answer: B. \boxed{42}", "B"), ("Answer: K. It is clear", "K"),
])
def test_a_letter_in_a_sentence_is_no_choice(answer: str, gold: str) -> None:
    assert not matches(answer, gold)


def test_gold_is_read_where_it_stands() -> None:
    assert matches(r"\boxed{72}", SOLUTION)
    assert not matches(r"\boxed{48}", SOLUTION)
    assert matches(r"\boxed{72}", "long " * MOST_CHARACTERS + "#### 72")
    assert matches(r"\boxed{\frac{1}{2}}", r"We get $\boxed{\frac12}$ out of 3.")
    assert not matches(r"\boxed{72}", r"72 \boxed{72")
    assert not matches(r"\boxed{72}", "The answer is 72")


@pytest.mark.parametrize("text", [
    "{" * 200_000, r"\boxed{" * 30_000, r"\boxed" + " " * 200_000, (r"\boxed" + " " * 50) * 4000, "answer" * 30_000,
    "answer" + " " * 200_000, "answer is " * 20_000, "answer" + "* " * 100_000, "answer:" + "*" * 200_000 + "b",
    "#" * 200_000, "\n" * 200_000, r"\boxed{" + r"\text{" * 160 + "}", r"\boxed{" + " " * 990 + "}",
    r"\boxed{" + "1" * 990 + "e999999999}", r"\boxed{" + "1," * 490 + "}", r"\boxed{\frac{" + "1" * 980 + "}{3}}",
    r"\boxed{" + "1/" * 490 + "}", "9" * 200_000, r"\boxed{" + r"\{" * 480 + "}",
], ids=lambda text: text[:30])
def test_hostile_text_is_graded_in_time(text: str) -> None:
    begun = time.process_time()
    for gold in (42, "B", text):
        matches(text, gold)
    assert time.process_time() - begun < 5


def test_numbers_of_any_size_are_known() -> None:
    assert not matches(r"\boxed{42}", 10**5000)
    assert not matches(r"\boxed{42}", 1e308)
    assert matches(rf"\boxed{{{10**300}}}", 10**300)


FRAGMENTS = [r"\boxed{", "}", "{", "answer", " is ", ":", "####", "\n", "A", "I", "4", "1,234", ".", "/", "-", "%",
             "e9", r"\frac", r"\text{", r"\left", r"^\circ", "\\", "$", "°", "*", " ", "=", "x", "\0", "\ud800"]
texts = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))


@given(texts, st.one_of(texts, st.integers(), st.floats()))
def test_no_text_makes_the_grader_raise(text: str, gold: str | float) -> None:
    assert matches(text, gold) in (True, False)
    assert matches(f"\\boxed{{{text}}}", gold) in (True, False)


@given(st.one_of(st.integers(), st.floats(), st.fractions(), st.decimals(allow_nan=False, allow_infinity=False).map(
    lambda number: f"{number:f}"[:300])))
def test_a_number_in_the_box_matches_itself(number: object) -> None:
    gold = number if isinstance(number, int | float) else str(number)
    assert matches(f"\\boxed{{{number}}}", gold)
    assert matches(f"\\boxed{{{number}}}", str(number))


@given(st.fractions(), st.fractions())
def test_fractions_match_exactly_if_they_are_equal(first: Fraction, second: Fraction) -> None:
    spelled = rf"\boxed{{\frac{{{first.numerator * 6}}}{{{first.denominator * 6}}}}}"
    assert matches(spelled, str(first))
    assert matches(spelled, str(second)) is (first == second)


@given(st.integers(), st.integers())
def test_thousands_may_be_marked(first: int, second: int) -> None:
    assert matches(rf"\boxed{{{first:,}}}", second) is (first == second)
