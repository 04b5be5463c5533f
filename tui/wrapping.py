"""A text that grows at its end, broken into lines of a terminal's cells.

Lines end at words where they can, and before and after wide characters, which need no spaces; what is
wider than a line is broken between two characters as they are seen. Spaces behind the last word of a
line hang beyond it and are not shown. Knows no widget.
"""
from __future__ import annotations

import re
from bisect import bisect_right

from rich.cells import cell_len, get_character_cell_size, set_cell_size, split_graphemes

TAB = " " * 4
# one cell each, and nothing that follows can change that; a test holds it against rich's own table
NARROW = re.compile("[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2070-\u209c\u20a0-\u20bf"
                    "\u2100-\u218b\u2190-\u2319\u2500-\u25fc]*")
INK = re.compile("[^ ]")
CLOSING = frozenset(",.;:!?)]}、。，．：；？！）」』】》〉”’…")  # never at the start of a line


class Wrapped:
    """`text` in lines of at most `width` cells; a character of two cells needs a width of two."""

    __slots__ = ("_starts", "text", "width")

    def __init__(self, width: int, text: str = "") -> None:
        self.width = max(1, width)
        self.text = ""
        self._starts = [0]
        self.append(text)

    def append(self, text: str) -> int:
        """Add to the end, which costs what the last line and `text` do. Returns the first line that has changed."""
        changed, start = len(self._starts) - 1, self._starts.pop()
        self.text += text
        for line in self.text[start:].split("\n"):
            self._starts += [start + place for place in line_starts(line, self.width)]
            start += len(line) + 1
        return changed

    def __len__(self) -> int:
        """How many lines there are: one more than line breaks, and those between."""
        return len(self._starts)

    def start(self, line: int) -> int:
        """Where in the text a line starts."""
        return self._starts[line]

    def line_at(self, place: int) -> int:
        """The line in which a place of the text is."""
        return max(0, bisect_right(self._starts, place) - 1)

    def __getitem__(self, line: int) -> str:
        last = line + 1 == len(self._starts)
        return self.text[self._starts[line]:None if last else self._starts[line + 1]].rstrip("\n ")


def line_starts(line: str, width: int) -> list[int]:
    """Where lines start in a text without line breaks."""
    return _narrow_starts(line, width) if NARROW.fullmatch(line) else _wide_starts(line, width)


def _narrow_starts(line: str, width: int) -> list[int]:
    starts, start = [0], 0
    while len(line) - start > width:
        space = line.rfind(" ", start, start + width + 1)
        if space < 0:
            start += width
        elif ink := INK.search(line, space):
            start = ink.start()
        else:
            break
        starts.append(start)
    return starts


def _wide_starts(line: str, width: int) -> list[int]:
    """As the other, for any text: cells are counted by clusters of characters."""
    starts, cells = [0], 0  # cells of the line so far
    gap, gap_cells = 0, 0  # the last place where it may be broken, and the cells before that
    after_wide = False
    for place, end, size in split_graphemes(line)[0]:
        if line[place:end] == " ":
            cells += 1
            gap, gap_cells, after_wide = end, cells, False
            continue
        wide = get_character_cell_size(line[place]) == 2  # of its own, whatever sign may yet come to change that
        if (wide or after_wide) and line[place] not in CLOSING:
            gap, gap_cells = place, cells
        while cells + size > width and place > starts[-1]:
            if gap <= starts[-1]:
                gap, gap_cells = place, cells
            starts.append(gap)
            cells, gap_cells = cells - gap_cells, 0
        cells += size
        after_wide = wide
    return starts


def shortened(text: str, width: int) -> str:
    """A text without line breaks in at most `width` cells, with an ellipsis where it was longer."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip(" ") + "…" if width > 0 else ""
