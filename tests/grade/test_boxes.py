"""The last box is found however it is written, and boxes side by side are one answer; time grows with the length."""
from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.boxes import MOST_CHARACTERS, last_boxed


@pytest.mark.parametrize(("text", "held"), [
    (r"\boxed{42}", "42"), (r"\boxed {42}", "42"), ("\\boxed\n{ 42 }", "42"), (r"\fbox{42}", "42"),
    (r"\boxed{41} no, \boxed{42}, done {}", "42"), (r"\fbox{41} no, \boxed{42}", "42"),
    (r"\boxed{\boxed{42}}", "42"), (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"), (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
    ("\\boxed{\\begin{pmatrix} 1 \\\\\n -2 \\end{pmatrix}}", "\\begin{pmatrix} 1 \\\\\n -2 \\end{pmatrix}"),
    (r"so \boxed{1} and then \boxed{\frac{1}{2}}.", r"\frac{1}{2}"), (r"\boxed{a\}b}", r"a\}b"),
    (r"\boxed 2", "2"), (r"$\boxed2$", "2"), (r"\boxed 2.", "2"), (r"\boxed -1.5, so", "-1.5"), (r"\fbox 42", "42"),
    (r"\boxed\frac12", r"\frac12"), (r"\boxed \frac{1}{2}$ and", r"\frac{1}{2}"), (r"\boxed\frac 12", r"\frac 12"),
    (r"\(\boxed\frac{\sqrt{3}}{2}\).", r"\frac{\sqrt{3}}{2}"), (r"$\boxed 2\sqrt3$", r"2\sqrt3"),
    (r"**\boxed 7**", "7"), (r"\boxed x=5", "x=5"), (r"\boxed\pi", r"\pi"),
    (r"\boxed{42}. It stands in \boxed{}.", "42"), (r"\boxed{42}, as asked in \boxed notation", "42"),
])
def test_the_last_box_is_found_however_it_is_written(text: str, held: str) -> None:
    assert last_boxed(text) == held


@pytest.mark.parametrize(("text", "held"), [
    (r"\boxed{2}, \boxed{3}", "2, 3"), (r"\boxed{2}\boxed{3}", "2, 3"), (r"$\boxed{2}$ and $\boxed{3}$", "2, 3"),
    (r"\boxed{2} \text{ or } \boxed{3}.", "2, 3"), ("\\[\\boxed{1}\\]\n\\[\\boxed{2}\\], \\boxed3", "1, 2, 3"),
    (r"\boxed{1} so \boxed{2}; \boxed{3}", "2, 3"), (r"\boxed 2, \boxed 3", "2, 3"),
    ("**\\boxed{42}**\n\n\\boxed{42}", "42"), (r"\boxed{x} = \boxed{3}", "3"), (r"\boxed{5} - \boxed{3}", "3"),
    (r"\boxed{1} for \boxed{2}", "2"), (r"\boxed{1 \quad \boxed{2}, \boxed{3}}", "2, 3"),
])
def test_boxes_side_by_side_are_the_parts_of_one_answer(text: str, held: str) -> None:
    assert last_boxed(text) == held


@pytest.mark.parametrize("text", ["", "42", r"\boxed", r"boxed{42}", r"\boxedx{42}", r"\boxed{}", r"\boxed notation",
                                  r"\framebox{42}", r"\boxed $42$"])
def test_where_nothing_is_boxed_there_is_no_box(text: str) -> None:
    assert last_boxed(text) is None


@pytest.mark.parametrize("text", [r"\boxed{", r"\boxed{42", r"\boxed{42\}", r"\boxed{42} no, \boxed{42",
                                  r"\boxed{" + "4" * (MOST_CHARACTERS + 1) + "}", r"\boxed{4}" * MOST_CHARACTERS
                                  + r"\boxed{" + "4" * MOST_CHARACTERS + "}"], ids=lambda text: text[:30])
def test_a_last_box_that_does_not_close_in_time_holds_nothing(text: str) -> None:
    assert last_boxed(text) == ""


def test_a_box_may_be_as_long_as_the_limit() -> None:
    assert last_boxed(r"\boxed{" + "y" * MOST_CHARACTERS + "}") == "y" * MOST_CHARACTERS


FRAGMENTS = [r"\boxed{", r"\boxed ", r"\fbox", "}", "{", "2", "x", r"\frac", "\\", "$", ",", " and ", "\n",
             "\0", "\ud800"]
texts = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))


@given(texts)
def test_any_text_can_be_searched(text: str) -> None:
    held = last_boxed(text)
    assert held is None or len(held) <= MOST_CHARACTERS + 2 * len(text)


@given(texts.filter(lambda text: not text.endswith("\\")),  # which would be a command with what follows
       st.text(st.characters(exclude_characters="\\{}"), min_size=1).filter(str.strip))
def test_what_is_boxed_last_is_what_is_found(before: str, held: str) -> None:
    found = last_boxed(f"{before} so \\boxed{{{held}}}")
    assert found == held.strip()[:MOST_CHARACTERS]


@pytest.mark.parametrize("text", [
    "{" * 200_000, r"\boxed{" * 30_000, r"\boxed" + " " * 200_000, (r"\boxed" + " " * 50) * 4000, r"\boxed1," * 30_000,
    r"\boxed{1}" * 30_000, (r"\boxed{1}" + " " * 1000) * 200, r"\boxed" + "{" * 200_000, r"\boxed{" + r"\{" * 100_000,
    (r"\boxed{" + "1" * 900 + "}") * 300, r"\boxed\frac" + "{1" * 100_000, r"\boxed " + r"\x " * 60_000,
], ids=lambda text: text[:30])
def test_hostile_text_is_searched_in_time(text: str) -> None:
    begun = time.process_time()
    last_boxed(text)
    assert time.process_time() - begun < 2
