"""Equations are read whole, with their values, or not at all."""
from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.equations import equations


def shown(term):
    return f"({shown(term.parts[0])}{term.sign}{shown(term.parts[1])})" if term.parts else str(term.value)


@pytest.mark.parametrize(("text", "read"), [
    ("11 + 4 * 7 = 39", "(11+(4*7))"), ("(4 - 7) * 11 = -33", "((4-7)*11)"), ("4x7=28", "(4*7)"),
    (r"\(\frac{4}{7} \approx 0.571\)", "(4/7)"), ("x = 4 * 7 = 28", "(4*7)"), ("- 4 * 7 = 28", "(4*7)"),
    ("* 4 * 7 = 28", "(4*7)"), ("1. 4 * 7 = 28", "(4*7)"), ("**4 * 7 = 28**", "(4*7)"), ("(so 4 * 7 = 28)", "(4*7)"),
    ("leaving 12 and 5. 12 * 5 = 60", "(12*5)"), ("4 * 7 = 28 - which is near", "(4*7)"), ("-3 + 11 = 8", "(-3+11)"),
    ("39 = 4 * 7 + 11", "((4*7)+11)"), ("18 / 13 = approximately 1.38, no.", "(18/13)"),
    ("104 / 9 = 11.555555555555556", "(104/9)"), ("(4 + 7 = 11", "(4+7)"),
])
def test_one_is_read_however_it_is_written(text, read):
    [found] = equations(text)
    assert shown(found.worked) == read
    assert found.holds


@pytest.mark.parametrize("text", [
    "2^3 * 7 + 11 = 67", "x + 7 * 4 = 39", "4 * (7 + 11 = 39", "2(3 + 4) = 14", "(4)(7) = 28", "27 / 7 = 3 6/7",
    "4 * 7 = 28x", "4 * 7 = ?", "? + 7 * 4 = 39", "12 = 12", "4 * 7 != 29", "+".join("1" * 5000) + " = 5000",
    "1" * 6000 + " + 1 = 2", "(" * 3000,
])
def test_what_cannot_be_read_whole_is_not_read_in_part(text):
    assert equations(text) == []


@pytest.mark.parametrize(("text", "holds"), [
    ("8 / 3 = 2.67", True), ("8 / 3 = 2.66", True), ("8 / 3 = 2.68", False), ("8 / 3 = 3", False), ("4 / 0 = 0", False),
    ("4 + 7 = 11 * 3 = 33", False), ("4 - 7 = 3", False),
])
def test_one_holds_if_its_sides_are_equal_to_the_places_that_are_written(text, holds):
    [found] = equations(text)
    assert found.holds is holds


@given(st.recursive(st.integers(1, 20).map(str), lambda part: st.tuples(part, st.sampled_from("+-*"), part).map(
    lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"), max_leaves=8).filter(lambda text: "(" in text))
def test_values_are_those_that_python_has(text):
    value = eval(text)
    [found] = equations(f"So {text} = {value}.")
    assert found.worked.value == Fraction(value)
    assert found.holds
    [wrong] = equations(f"So {text} = {value + 1}.")
    assert not wrong.holds


@given(st.text(alphabet="0123456789+-*/=(){}[]. \n\\x^frac", max_size=60))
def test_nothing_makes_it_fail(text):
    equations(text)
