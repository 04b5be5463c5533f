"""Rows of text in columns, as wide as what is in them."""
from __future__ import annotations

from collections.abc import Sequence

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
