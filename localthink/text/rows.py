"""Rows of text in columns, as wide as what is in them. A row stays one line, whatever is in it."""
from __future__ import annotations

from collections.abc import Sequence

from localthink.text.visible import visible

GAP = "  "


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = (), indent: str = "  ") -> list[str]:
    """A line for each row; the columns whose numbers are in `right` end where they are widest, all others begin."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [f"{cell:>{width}}" if index in right else f"{cell:<{width}}"
                 for index, (cell, width) in enumerate(zip(row, widths, strict=True))]
        lines.append(indent + GAP.join(cells).rstrip())
    return lines


def row_lines(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """The same for cells of unknown origin, as text that ends in a newline."""
    return "".join(f"{line}\n" for line in aligned([[one_line(cell) for cell in row] for row in rows], right))


def one_line(text: str) -> str:
    """The text with everything written out that would move the cursor: names of files may hold a line's end."""
    return visible(text).replace("\n", r"\n").replace("\t", r"\t")
