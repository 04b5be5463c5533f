"""Formulas of several lines: aligned equations, cases and matrices, each as lines of text."""
from __future__ import annotations

import unicodedata
from collections.abc import Sequence

ALIGNED = frozenset((
    "aligned", "align", "align*", "alignat", "gathered", "gather", "gather*", "split", "equation", "equation*",
    "multline", "multline*", "eqnarray", "eqnarray*"))
ARRAYS = frozenset(("array", "matrix", "smallmatrix"))
_BRACKETS = {"pmatrix": ("⎛⎜⎝(", "⎞⎟⎠)"), "bmatrix": ("⎡⎢⎣[", "⎤⎥⎦]"), "vmatrix": ("││││", "││││"),
             "Vmatrix": ("‖‖‖‖", "‖‖‖‖"), "Bmatrix": ("⎧⎪⎩{", "⎫⎪⎭}")}
NAMES = ALIGNED | ARRAYS | _BRACKETS.keys() | {"cases", "rcases", "dcases"}


def block(name: str, rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The lines of an environment called `name`, of which `rows` are the cells."""
    if name in ALIGNED:
        return _equations(rows)
    lines = _columns(rows, "  " if name.endswith("cases") else " ")
    if name.endswith("cases"):
        return tuple(f"{brace} {line}".rstrip() for brace, line in zip(_braces(len(lines)), lines, strict=True))
    if name in ARRAYS:
        return tuple(line.rstrip() for line in lines)
    left, right = _BRACKETS[name]
    return tuple(f"{_stroke(left, place, len(lines))} {line} {_stroke(right, place, len(lines))}"
                 for place, line in enumerate(lines))


def beside(before: str, lines: Sequence[str]) -> str:
    """The lines to the right of a text that stands on the first of them."""
    return ("\n" + " " * width(before)).join([f"{before}{lines[0]}", *lines[1:]])


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(0 if unicodedata.combining(character) or unicodedata.category(character) == "Co"
               else 2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _equations(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Rows of which the first cells end in one column, where there are others."""
    wide = max((width(row[0]) for row in rows if len(row) > 1), default=0)
    firsts = [" " * (wide - width(row[0])) + row[0] for row in rows]
    return tuple(" ".join([first, *filter(None, row[1:])]) for first, row in zip(firsts, rows, strict=True))


def _columns(rows: Sequence[Sequence[str]], gap: str) -> list[str]:
    count = max(map(len, rows))
    cells = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(width(row[column]) for row in cells) for column in range(count)]
    return [gap.join(cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True))
            for row in cells]


def _braces(count: int) -> list[str]:
    if count < 3:
        return ["{"] if count == 1 else ["⎧", "⎩"]
    return ["⎧", *("⎨" if place == count // 2 else "⎪" for place in range(1, count - 1)), "⎩"]


def _stroke(strokes: str, place: int, count: int) -> str:
    if count == 1:
        return strokes[3]
    return strokes[0] if place == 0 else strokes[2] if place == count - 1 else strokes[1]
