"""The last thing that a text settles on is its answer; a known answer stands where data sets put it."""
from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.boxes import MOST_CHARACTERS
from localthink.grade.final_answer import SHORT_LINE, final_answer, known_text

SOLUTION = "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nTogether 48+24 = <<48+24=72>>72.\n#### 72"
LONG = "I could go on about it. " * 10


@pytest.mark.parametrize("text", [
    r"\boxed{42}", r"$$\boxed{42}$$ #### 41", "\\boxed{42}\n41", "\\boxed{42}\nThe answer is 41.", r"41 \boxed 42",
    "42", " 42 \n\n", "It is:\n42", "41\r\n42\r\n", "**42**", "`42`", "The answer is 42", "the final answer is: 42",
    "Answer: 42", "**Answer:** 42", "**Answer: 42**", "No, the answer is 41. The answer is 42", "#### 42",
    "so 41 #### 42", "#### 41\n42", "#### Answer: 42", "Answer: B\n42", f"40 + 2 #### 42\n{LONG}", f"####\n42\n{LONG}",
    "So it is\n\\[\n42\n\\]", "It is $$41$$ or rather\n$$42$$.\n", "\\[ 41 \\]\n\\[ 42 \\]",
])
def test_the_last_thing_settled_on_is_the_answer(text: str) -> None:
    assert final_answer(text) == "42"


@pytest.mark.parametrize("text", ["", "\n", r"\boxed{", r"\boxed{42", r"\boxed{42} no, \boxed{42", LONG, f"42\n{LONG}",
                                  f"#### 42\n{LONG}####\n{LONG}", r"and so \]", "$$"])
def test_a_text_that_settles_on_nothing_has_no_answer(text: str) -> None:
    assert final_answer(text) != "42"


def test_a_matrix_over_several_lines_is_one_answer() -> None:
    matrix = "\\begin{pmatrix} 1 \\\\\n -2 \\end{pmatrix}"
    assert final_answer(f"It is\n\\[\n{matrix}\n\\]\n") == final_answer(f"It is $$\n{matrix}$$") == matrix


def test_the_last_line_counts_while_it_is_short() -> None:
    assert final_answer("It is this:\n**" + "y" * SHORT_LINE + "**") == "y" * SHORT_LINE
    assert final_answer("It is this:\n" + "y" * (SHORT_LINE + 1)) == ""


@pytest.mark.parametrize("text", [
    "The answer is B", "The answer is (B).", "Answer: B", "ANSWER: $B$", "Answer:\n\n**B**",
    "**Answer:** (B) mitochondria", "The answer is: B) mitochondria", "Answer: A. No wait.\nAnswer: B",
    f"The correct answer is **B**, as shown.\n{LONG}", f"Answer = B because 3 > 2. {LONG}",
])
def test_a_choice_is_found_behind_the_word_answer(text: str) -> None:
    assert final_answer(text, choice=True) == "B"


@pytest.mark.parametrize("text", ["The answer is a bit long", "Answer: I think it is 4", "Answer: A train leaves",
                                  "The answer is B or C", "The answer is Boron", "Answer: B12", "Answer: I'm lost",
                                  "The answer is not B", "My answers: B", "Answer: B/C", "Answer: B, C",
                                  "Answer: (B), (C)", "Answer: $B$ & $C$", r"Answer: B. \boxed{42}"])
def test_a_letter_in_a_sentence_is_no_choice(text: str) -> None:
    assert len(final_answer(text, choice=True)) > 1


@pytest.mark.parametrize(("gold", "known"), [
    (SOLUTION, "72"), (r"We get $\boxed{\frac12}$ out of 3.", r"\frac12"), (r"\boxed{2}, \boxed{3}", "2, 3"),
    ("long " * MOST_CHARACTERS + "#### 72", "72"), (r"72 \boxed{72", ""), (r"\frac{1}{2}", r"\frac{1}{2}"),
])
def test_a_known_answer_is_read_where_it_stands(gold: str, known: str) -> None:
    assert known_text(gold) == known


@given(st.text(), st.booleans())
def test_any_text_has_an_answer_or_none(text: str, choice: bool) -> None:
    assert isinstance(final_answer(text, choice), str) and isinstance(known_text(text), str)


@pytest.mark.parametrize("text", ["answer" * 30_000, "answer" + " " * 200_000, "answer is " * 20_000,
                                  "answer" + "* " * 100_000, "answer:" + "*" * 200_000 + "b", "#" * 200_000,
                                  "\n" * 200_000, r"\[" * 100_000 + r"\]", "$$" * 100_000], ids=lambda text: text[:30])
def test_hostile_text_is_read_in_time(text: str) -> None:
    begun = time.process_time()
    final_answer(text, choice=True)
    known_text(text)
    assert time.process_time() - begun < 2
