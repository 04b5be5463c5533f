"""A number is read exactly, however it is spelled; what would have to be worked out is none."""
from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.numbers import Number, number_of, read_number


@pytest.mark.parametrize(("text", "value"), [
    ("42", "42"), ("42.", "42"), ("+42", "42"), ("-42", "-42"), ("−42", "-42"), ("–42", "-42"), ("042", "42"),
    ("42.00", "42"), ("$42$", "42"), (r"\(42\)", "42"), (r"\[ 42 \]", "42"), (r"\$42", "42"), (r"-\$42", "-42"),
    (r"\text{42}", "42"), ("1,234", "1234"), (r"1{,}234", "1234"), (r"1\,234", "1234"), (r"1,\!234,\!567", "1234567"),
    (r"11,\! 111,\! 111,\! 100", "11111111100"), ("1,234.50", "1234.5"), (".5", "0.5"), ("-.5", "-0.5"), ("1/2", "0.5"),
    ("-3/6", "-0.5"), ("3/-6", "-0.5"), (r"\frac{1}{2}", "0.5"), (r"\dfrac{1}{2}", "0.5"), (r"-\tfrac{2}{4}", "-0.5"),
    (r"\frac12", "0.5"), (r"\frac 1 {2}", "0.5"), (r"\frac 59", "5/9"), (r"\frac9{19}", "9/19"),
    (r"\frac{-1}{2}", "-0.5"), (r"\frac{1,000}{3}", "1000/3"), (r"1\frac{1}{2}", "1.5"), (r"-137 \frac12", "-137.5"),
    ("1 1/2", "1.5"), (r"90^\circ", "90"), (r"90^{\circ}.", "90"), ("90°", "90"), (r"-7\degree\text{F}", "-7"),
    ("1e3", "1000"), (r"6.72 \times 10^{-5}", "0.0000672"), (r"3\cdot10^2", "300"),
    (r"42\text{ km}", "42"), (r"15\mbox{ cm}^2", "15"), ("42 km", "42"), ("42 square inches", "42"),
    ("5.4 miles per hour", "5.4"), (r"\frac{270}7\text{ degrees}", "270/7"), (r"\$18.90", "18.9"),
])
def test_a_number_is_read_however_it_is_spelled(text: str, value: str) -> None:
    assert read_number(text) == Number(Fraction(value))


@pytest.mark.parametrize("text", [
    "", " ", "-", ".", "4 2", "1, 234", "12,34", "1,2345", "1,234,56", "1e9999", "0x2a", "1_000", "٤٢", "４２", "4²",
    "40+2", "6*7", r"6\cdot7", "2^3", "5x", r"2\pi", "2 pi", "3i", r"\frac{1}{2}x", r"\frac{1/2}{1}", r"\frac{}{2}",
    r"\frac{1}{2}3", "1/2/1", "1/0", r"\frac{0}{0}", "1 1/0", "--1", "--\\frac12", "inf", "nan", "5 or 6", "5 million",
    r"5 \text{ or } 6", "x = 5", r"\sqrt{4}", "52_8", r"\{5\}", "(5)", "5 is not it",
])
def test_what_is_not_written_as_a_number_is_none(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(("text", "value"), [("x=5", 5), ("6*7 = 42", 42), (r"$\angle ABC = 90^\circ$", 90),
                                             ("So $x = -1$.", -1), ("m+n=116", 116)])
def test_of_an_equation_the_number_on_the_right_is_meant(text: str, value: int) -> None:
    assert read_number(text, equation=True) == Number(Fraction(value))
    assert read_number(text) is None


@pytest.mark.parametrize("text", ["x=3 or x=5", "y = 3 and x = 5", "x=3, y=5", "3 or x=5", "x<=5", "x >= 5", "x != 5",
                                  "1, x = 5"])
def test_an_equation_that_says_more_is_no_number(text: str) -> None:
    assert read_number(text, equation=True) is None


def test_percent_may_stand_for_the_sign_or_for_the_hundredth() -> None:
    fifty, half = (read_number(text) for text in (r"50\%", "0.5"))
    assert fifty == Number(Fraction(50), percent=True) and half is not None
    assert fifty.same(half) and half.same(fifty) and fifty.same(Number(Fraction(50)))
    assert not half.same(Number(Fraction(50)))
    assert not fifty.same(Number(Fraction(1, 2), percent=True))
    assert not fifty.same(Number(Fraction(5000)))


def test_a_float_is_the_decimal_that_it_is_written_as() -> None:
    assert number_of(0.1) == Number(Fraction(1, 10))
    assert number_of(10**5000) == Number(Fraction(10**5000))
    assert number_of(float("inf")) is None


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.fractions(),
                 st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: f"{number:f}"[:300])))
def test_what_python_writes_as_a_number_is_read_as_it(number: object) -> None:
    assert read_number(str(number)) == Number(Fraction(str(number)))


@given(st.fractions(), st.integers(2, 9))
def test_fractions_need_not_be_in_lowest_terms(value: Fraction, factor: int) -> None:
    assert read_number(rf"\frac{{{value.numerator * factor}}}{{{value.denominator * factor}}}") == Number(value)


@given(st.integers(), st.sampled_from([",", "{,}", r",\!", r"\,"]))
def test_thousands_may_be_marked(number: int, mark: str) -> None:
    assert read_number(f"{number:,}".replace(",", mark)) == Number(Fraction(number))


@given(st.text(max_size=300))
def test_any_text_is_a_number_or_none(text: str) -> None:
    for equation in (False, True):
        read = read_number(text, equation)
        assert read is None or isinstance(read.value, Fraction)


@pytest.mark.parametrize("text", ["1" * 1000, "1," * 500, "1/" * 500, r"\frac{" + "1" * 480 + "}{" + "3" * 480 + "}",
                                  r"\frac" * 200, "1" + " " * 998, r"\text{" * 160, "x=" * 500, "5 " + "a" * 990,
                                  "1.1" * 330, "5" + r"\text{a}" * 120, "5e999"], ids=lambda text: text[:20])
def test_hostile_text_is_read_in_time(text: str) -> None:
    begun = time.process_time()
    read_number(text, equation=True)
    assert time.process_time() - begun < 1
