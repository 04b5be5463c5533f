"""The Markdown of answers: formulas are found where they are, and nothing is read and not shown."""
from __future__ import annotations

import pytest

from localthink.tui.widgets.answer_markdown import CONTINUES, MATH, MATH_BLOCK, parse


def formulas(text: str) -> list[str]:
    """The LaTeX of every formula, stripped."""
    tokens = [token for outer in parse(text) for token in (outer, *(outer.children or ()))]
    return [token.content.strip() for token in tokens if token.type in (MATH, MATH_BLOCK)]


def kinds(text: str) -> list[str]:
    return [token.type for token in parse(text) if token.level == 0 and token.nesting >= 0]


def written(text: str) -> str:
    """What is read as text."""
    return "".join(child.content or "\n" for token in parse(text) for child in token.children or ())


@pytest.mark.parametrize(("text", "found"), [
    (r"so \(x_1*b*c\) and \[y\], $z$ and $$w$$", ["x_1*b*c", "y", "z", "w"]),
    ("text:\n\\[\nx = 1\n\\]\nmore", ["x = 1"]),
    ("\\[\n- x\n+ y\n\\].", ["- x\n+ y"]),
    ("$$\na\n$$", ["a"]),
    ("> \\[\n> x\n> \\]", ["x"]),
    ("1. a\n   \\[\n   x\n   \\]", ["x"]),
    ("\\begin{align}\na\n\\end{align}", ["\\begin{align}\na\n\\end{align}"]),
    (r"**\boxed{\frac{1}{2}}**", [r"\boxed{\frac{1}{2}}"]),
    (r"the $n$th $x$-axis, $x^2$s", ["n", "x", "x^2"]),
    (r"\(a \\\\) b\)", [r"a \\\\) b"]),
    ("| a |\n|---|\n| $x$ |", ["x"]),
])
def test_formulas_are_found_between_their_delimiters(text, found):
    assert formulas(text) == found


@pytest.mark.parametrize("text", [
    "$5 and $10", "$5, $6 or $7", "US$ 5 and US$ 6", "$HOME/$PATH", "5$ and 6$", r"\$x\$", "`\\(x\\)`",
    "```\n\\[x\\]\n```", r"\(never *closed* so*", "\\[\nx\n\ny\n\\]", r"\boxed{4", "$$", r"\begin{align} x",
    "    \\[ x \\]"])
def test_money_code_and_what_is_not_closed_are_no_formulas(text):
    assert formulas(text) == []


@pytest.mark.parametrize("text", [
    r"\(a_1*b*c and **bold", r"\[ x", r"\boxed{4 *a*", "$$ *a* b", r"a\) b\] c", "<think>hm</think> <br>", "[x]: http://a.b",
    "text\n===", r"\begin{align} *a*"])
def test_what_is_not_closed_is_text_as_it_is_written(text):
    assert written(text) == text


@pytest.mark.parametrize("text", [
    "> " * 25 + "deep", "| a | b |\n|---|---|\n| \\(|x|\\) | 5 |", "> | a | b |\n> |---|---|\n> | 1 | 2 | 3 |"])
def test_what_would_be_left_out_in_part_is_text_as_it_is_written(text):
    assert written(text).replace("> ", "") == text.replace("> ", "")


def test_a_table_keeps_bars_that_are_escaped():
    assert kinds("| a | b |\n|---|---|\n| 1 \\| 2 | 3 |") == ["table_open"]


def test_a_line_under_a_paragraph_makes_it_no_heading():
    assert kinds("text\n---\nmore") == ["paragraph_open", "hr", "paragraph_open"]


def test_every_item_is_a_list_that_knows_whether_it_goes_on():
    lists = [token for token in parse("1. a\n   - b\n   - c\n7. d\n\ntext\n\n1. e") if token.type.endswith("list_open")]
    assert [(token.level, CONTINUES in token.meta) for token in lists] == [
        (0, False), (2, False), (2, True), (0, True), (0, False)]
