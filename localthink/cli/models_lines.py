"""What the models commands print of files and names: a row stays one line, whatever is in it."""
from __future__ import annotations

from collections.abc import Sequence

from localthink.text.rows import aligned
from localthink.text.visible import visible


def one_line(text: str) -> str:
    """The text with everything written out that would move the cursor: names of files may hold a line's end."""
    return visible(text).replace("\n", r"\n").replace("\t", r"\t")


def row_lines(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows in columns, as `aligned` has them, a line for each."""
    return "".join(f"{line}\n" for line in aligned([[one_line(cell) for cell in row] for row in rows], right))
