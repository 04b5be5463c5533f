"""LaTeX as text: what is read must say the same, and what cannot be said is left to its source."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.latex.formulas import FormulaPiece, closing_brace, pieces, readable

FRAGMENTS = [
    r"\frac", r"\sqrt", r"\text", r"\mathrm", r"\mathbf", r"\mathbb", r"\boxed", r"\sum", r"\lim", r"\sin", r"\pi",
    r"\hat", r"\overline", r"\not", r"\in", r"\binom", r"\pmod", r"\operatorname", r"\tag", r"\left", r"\right",
    r"\quad", r"\times", r"\left.", r"\unheardof", r"\begin{cases}", r"\end{cases}", r"\begin{pmatrix}",
    r"\end{pmatrix}", r"\\", "\\\n", *"{}^_&[]()|!'~/.,+-=<>$%# x2aé漢\n\\\x1b"]


@pytest.mark.parametrize(("latex", "text"), [
    (r"x^2 - 5x + 6 = 0", "x² - 5x + 6 = 0"),
    (r"x=5", "x = 5"),
    (r"3 \times 4 \le 12", "3 × 4 ≤ 12"),
    (r"a\cdot b", "a⋅b"),
    (r"90^\circ", "90°"),
    (r"\pi r^2", "πr²"),
    (r"2 \sin\theta \cos x", "2 sin θ cos x"),
    (r"\log_2 8", "log₂ 8"),
    (r"1{,}000", "1,000"),
    (r"50\% \text{ of } \$5", "50% of $5"),
    (r"\{x \mid x > 0\}", "{x ∣ x > 0}"),
    (r"x \in \mathbb{R}, y \not\in A", "x ∈ ℝ, y ∉ A"),
    (r"f'(x)", "f′(x)"),
    (r"a \equiv b \pmod{n}", "a ≡ b (mod n)"),
    (r"\left( -3 \right)", "(-3)"),
    (r"\hat{n} \cdot \vec{v}", "n̂ ⋅ v⃗"),
    (r"\mathrm{d}x \quad \operatorname{lcm}(4, 6)", "dx  lcm(4, 6)"),
    (r"\displaystyle\text{Area}_{\text{max}}", "Areaₘₐₓ"),
])
def test_signs_and_words_are_written_as_they_are_read(latex, text):
    assert readable(latex) == text


@pytest.mark.parametrize(("latex", "text"), [
    (r"\frac{1}{2}", "1/2"),
    (r"\frac12", "1/2"),
    (r"\dfrac{a+b}{c}", "(a+b)/c"),
    (r"\frac{a}{bc}", "a/(bc)"),
    (r"\frac{2x}{3}", "2x/3"),
    (r"\frac{1}{2}x", "(1/2)x"),
    (r"\frac{1}{2} x", "(1/2) x"),
    (r"\frac{1}{2}\left(a+b\right)", "(1/2)(a+b)"),
    (r"\frac{1}{2} \cdot 3", "1/2 ⋅ 3"),
    (r"6 \div \frac{1}{2}", "6 ÷ (1/2)"),
    (r"\frac{\frac{a}{b}}{c}", "(a/b)/c"),
    (r"\frac{a}{b}^2", "(a/b)²"),
    (r"\left(\frac{a}{b}\right)^2", "(a/b)²"),
    (r"\frac{n}{2}!", "(n/2)!"),
    (r"\frac{dy}{dx}", "dy/dx"),
    (r"\frac{1}{dx}", "1/(dx)"),
    (r"\frac{\text{total distance}}{\text{time}}", "(total distance)/time"),
    (r"\sin\frac{x}{2}", "sin (x/2)"),
    (r"x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}", "x = (-b ± √(b²-4ac))/(2a)"),
])
def test_a_fraction_on_one_line_keeps_what_belongs_together(latex, text):
    assert readable(latex) == text


@pytest.mark.parametrize(("latex", "text"), [
    (r"\sqrt{2}", "√2"),
    (r"\sqrt{12}y", "√(12)y"),
    (r"\sqrt{x+1}", "√(x+1)"),
    (r"\sqrt[3]{x}", "∛x"),
    (r"\frac{\sqrt{3}}{2}", "√(3)/2"),
    (r"\sqrt{x}^2", "(√(x))²"),
    (r"x^{n+k}", "xⁿ⁺ᵏ"),
    (r"x^{a+\pi}", "x^(a+π)"),
    (r"x^10", "x¹0"),
    (r"2^{2^n}", "2^(2ⁿ)"),
    (r"2^{AQ}", "2^(AQ)"),
    (r"e^{i\pi}", "e^(iπ)"),
    (r"x^{\frac{1}{2}}", "x^(1/2)"),
    (r"v_{y}z", "v_y z"),
    (r"\log_b a", "log_b a"),
    (r"x_{n+1}", "xₙ₊₁"),
    (r"x^V", "x^V"),  # the table has a letter of Korean for it
    (r"\sum_{i=1}^{n} i^2", "∑ᵢ₌₁ⁿ i²"),
    (r"\sum_{n=1}^{\infty}\frac{1}{n^2}", "∑ₙ₌₁^∞ 1/n²"),
    (r"\int_0^1 x^2 \, dx", "∫₀¹ x² dx"),
    (r"\lim_{x \to 0} \frac{\sin x}{x}", "lim_(x→0) (sin x)/x"),
])
def test_roots_and_scripts_do_not_reach_further_than_they_did(latex, text):
    assert readable(latex) == text


@pytest.mark.parametrize(("latex", "lines"), [
    (r"\begin{aligned} x &= 1 + 2 \\ &= 3 \\ \end{aligned}", ["x = 1 + 2", "  = 3"]),
    (r"\begin{align*}a&=b\\[4pt]c&=d\end{align*}", ["a = b", "c = d"]),
    (r"f(x) = \begin{cases} x & \text{if } x > 0 \\ -x & \text{otherwise} \end{cases}",
     ["f(x) = ⎧ x   if x > 0", "       ⎩ -x  otherwise"]),
    (r"A = \begin{pmatrix} 1 & 2 \\ 3 & 40 \end{pmatrix}.", ["A = ⎛ 1 2  ⎞", "    ⎝ 3 40 ⎠."]),
    (r"\left\{\begin{array}{l}2x+y=5\\x-y=1\end{array}\right.", ["{ 2x+y = 5", "  x-y = 1"]),
    (r"x = 1 \\ y = 2", ["x = 1", "y = 2"]),
])
def test_what_has_lines_is_written_in_lines(latex, lines):
    assert readable(latex) == "\n".join(lines)


@pytest.mark.parametrize("latex", [
    r"\unheardof{x}", r"\infoo", r"\underbrace{x}_{y}", r"\overline{x+y}", r"\sqrt[n]{x}", r"\vec{AB}", r"x^2^3", "x^",
    r"\frac{1}", r"\frac{}{2}", "{x", "x}", "a & b", r"\begin{tikzpicture}\end{tikzpicture}", "\\",
    r"\begin{pmatrix}1\end{pmatrix}\begin{pmatrix}2\end{pmatrix}", r"\text{if $x$}",
    r"2\frac{1}{2}",  # two and a half, or one
])
def test_what_cannot_be_said_whole_and_without_doubt_is_not_said(latex):
    assert readable(latex) is None


@pytest.mark.parametrize(("latex", "found"), [
    (r"\boxed{42}", [FormulaPiece("42", True)]),
    (r"x = \boxed{\frac{1}{2}} \text{ m}",
     [FormulaPiece("x = ", False), FormulaPiece("1/2", True), FormulaPiece(" m", False)]),
    (r"2\boxed{x+1}", [FormulaPiece("2(", False), FormulaPiece("x+1", True), FormulaPiece(")", False)]),
    (r"\fbox{\text{Yes}}", [FormulaPiece("Yes", True)]),
])
def test_a_box_is_a_piece_of_its_own(latex, found):
    assert pieces(latex) == found


def test_the_signs_that_stand_for_boxes_within_are_not_taken_from_a_model():
    assert readable("\ue000x\ue001") is None


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_no_command_is_left_over_whatever_is_written(latex):
    text = readable(latex)
    assert text is None or "\\" not in text


@given(st.text())
def test_nothing_at_all_makes_it_fail(text):
    readable(text)


@pytest.mark.parametrize("latex", [
    "{" * 10_000, "{" * 10_000 + "}" * 10_000, "{" * 1900 + "}" * 1900, r"\frac" * 700, r"\sqrt" * 700, "^{" * 1900,
    r"\text{" * 600, r"\boxed{" * 500, r"\begin{cases}" * 300, r"\not" * 900, "x'" * 1900, r"\\[4" * 900])
def test_deep_and_long_sources_end_at_once(latex):
    assert readable(latex) is None or len(latex) < 4000


def test_a_closing_brace_is_found_past_those_that_are_opened_in_between():
    assert closing_brace("a{b}c}d", 0) == 5
    assert closing_brace("a{b}c", 0) is None
