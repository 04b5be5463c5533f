"""The blocks of an answer as lines of a given width. No line is wider, and nothing is cut off."""
from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from textual.content import Content
from textual.highlight import ANSIDarkHighlightTheme, ANSILightHighlightTheme, HighlightTheme, highlight

from localthink.tui.widgets.answer_blocks import Block, Code, Formula, Item, Paragraph, Quote, Rule, Side, Table

Colours = Literal["theme", "dark", "light"]  # of code: the theme's, or those of a terminal that has sixteen

LEAST = 12  # columns of what stands within something else, on a terminal that is narrower than that
FORMULA_INDENT = 4
BETWEEN = 3  # columns from one cell of a table to the next
MOST_COLOURED = 20_000  # characters of one block of code: colouring reads them all at once
NARROWEST = 4  # columns of a cell; a table that needs less is written as a list

HEADINGS = ("", "bold underline $primary", "bold $primary", "bold $secondary", "bold", "bold italic", "italic")
MARK, CELL_HEADING, CODE_GROUND = "$foreground 50%", "bold $primary", "on $foreground 6%"

THEMES: dict[Colours, type[HighlightTheme]] = {
    "theme": HighlightTheme, "dark": ANSIDarkHighlightTheme, "light": ANSILightHighlightTheme}

BLANK = Content("")
QUOTE_MARK = Content.styled("▌ ", MARK)


def lines_of(blocks: Sequence[Block], width: int, colours: Colours) -> list[Content]:
    """The lines of an answer, a blank one between its blocks."""
    lines: list[Content] = []
    for place, block in enumerate(blocks):
        if place and not _continues(block):
            lines.append(BLANK)
        lines += _lines(block, width, colours)
    return [part for line in lines for part in (line.fold(width) if line.cell_length > width else [line])]


def _continues(block: Block) -> bool:
    return isinstance(block, Item) and block.continues


def _lines(block: Block, width: int, colours: Colours) -> list[Content]:
    match block:
        case Paragraph(content, level):
            return _wrapped(content.stylize(HEADINGS[level]) if level else content, width)
        case Formula(content):
            indent = Content(" " * FORMULA_INDENT)
            return [indent + line for line in _wrapped(content, width - FORMULA_INDENT)]
        case Code(text, language):
            return _code(_coloured(text, language, colours), width)
        case Rule():
            return [Content.styled("─" * width, MARK)]
        case Quote(inner):
            return [QUOTE_MARK + line for line in _held(inner, width - QUOTE_MARK.cell_length, colours)]
        case Item(marker, inner):
            return _item(marker, inner, width, colours)
        case Table():
            return _table(block, width)


def _wrapped(content: Content, width: int) -> list[Content]:
    return content.wrap(max(width, LEAST))


@lru_cache(maxsize=32)
def _coloured(code: str, language: str, colours: Colours) -> Content:
    """The code in the colours of its language; where none is said none is guessed."""
    known = language if language and len(code) <= MOST_COLOURED else "text"
    return highlight(code, language=known, theme=THEMES[colours])


def _code(content: Content, width: int) -> list[Content]:
    """Lines of code on a ground of their own, folded where they are too long."""
    inner = max(width - 2, LEAST)
    return [folded.pad_left(1).extend_right(1 + inner - folded.cell_length).stylize_before(CODE_GROUND)
            for line in content.split("\n", allow_blank=True) for folded in line.fold(inner)]


def _held(blocks: Sequence[Block], width: int, colours: Colours) -> list[Content]:
    """The lines of blocks within another one, close together but for two paragraphs and tables."""
    lines: list[Content] = []
    before: Block | None = None
    for block in blocks:
        if before is not None and (type(block) is type(before) is Paragraph or Table in (type(block), type(before))):
            lines.append(BLANK)
        lines += _lines(block, max(width, LEAST), colours)
        before = block
    return lines


def _item(marker: str, blocks: Sequence[Block], width: int, colours: Colours) -> list[Content]:
    first = Content.styled(f" {marker}", MARK)
    rest = Content(" " * first.cell_length)
    lines = _held(blocks, width - first.cell_length, colours) or [BLANK]
    return [(rest if place else first) + line for place, line in enumerate(lines)]


# Tables

def _table(table: Table, width: int) -> list[Content]:
    widths = _widths(table, width)
    if not widths:
        return _as_list(table, width)
    lines: list[Content] = []
    cells = [[cell.wrap(wide) for cell, wide in zip(row, widths, strict=True)] for row in table.rows]
    ruled = any(len(cell) > 1 for row in cells[1:] for cell in row)
    rule = Content.styled("─┼─".join("─" * wide for wide in widths), MARK)
    for place, row in enumerate(cells):
        if place == 1 or (place and ruled):
            lines.append(rule)
        lines += _row(row, widths, table.sides, heading=place == 0)
    return lines


def _row(cells: Sequence[Sequence[Content]], widths: Sequence[int], sides: Sequence[Side],
         heading: bool) -> list[Content]:
    bar = Content.styled(" │ ", MARK)
    lines = []
    for line in range(max(map(len, cells))):
        parts = [_set(cell[line] if line < len(cell) else BLANK, wide, side)
                 for cell, wide, side in zip(cells, widths, sides, strict=True)]
        lines.append(bar.join(part.stylize(CELL_HEADING) if heading else part for part in parts))
    return lines


def _set(cell: Content, width: int, side: Side) -> Content:
    room = width - cell.cell_length
    left = {"left": 0, "center": room // 2, "right": room}[side]
    return cell.pad_left(left).pad_right(room - left)


def _widths(table: Table, width: int) -> list[int]:
    """The widths of the columns: what they need, or a fair share of what there is. None if there is too little."""
    needed = [max(1, *(line.cell_length for row in table.rows for line in row[column].split("\n", allow_blank=True)))
              for column in range(len(table.sides))]
    left = width - BETWEEN * (len(needed) - 1)
    if sum(needed) <= left:
        return needed
    widths = [0] * len(needed)
    for share, column in enumerate(sorted(range(len(needed)), key=needed.__getitem__)):
        widths[column] = min(needed[column], left // (len(needed) - share))
        left -= widths[column]
    return [] if min(wide - min(need, NARROWEST) for wide, need in zip(widths, needed, strict=True)) < 0 else widths


def _as_list(table: Table, width: int) -> list[Content]:
    """Every cell on a line of its own, after its heading."""
    lines: list[Content] = []
    for row in table.rows[1:] or table.rows:
        for heading, cell in zip(table.rows[0], row, strict=True):
            name = heading.stylize(CELL_HEADING) + ": " if heading else BLANK
            lines += _wrapped(name + cell, width)
        lines.append(BLANK)
    return lines[:-1]
