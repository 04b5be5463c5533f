"""Text of unknown origin on one line of a screen: shown as text, and cut by the cells that it takes."""
from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.style import Style

from localthink.text.visible import visible


def one_line(text: str) -> str:
    """The text without line breaks, tabs and what a terminal would obey."""
    return " ".join(visible(text).split())


def cut(text: str, width: int, style: str | Style = "") -> Content:
    """At most `width` cells of the text, with an ellipsis where there were more."""
    return Content.styled(one_line(text), style).truncate(max(0, width), ellipsis=True)


def cut_inside(text: str, width: int) -> Content:
    """At most `width` cells of the text: its beginning and its end, which tells names apart."""
    content = Content(one_line(text))
    if content.cell_length <= width or width < 3:
        return content.truncate(max(0, width), ellipsis=True)
    head = set_cell_size(content.plain, (width - 1) // 2)
    tail = content.plain
    while cell_len(head) + 1 + cell_len(tail) > width:
        tail = tail[1:]
    return Content(f"{head}…{tail}")


def column(text: str | Content, width: int, right: bool = False) -> Content:
    """Exactly `width` cells."""
    content = (cut(text, width) if isinstance(text, str) else text).truncate(width, ellipsis=True)
    missing = width - content.cell_length
    return content.pad_left(missing) if right else content.pad_right(missing)


def ends(left: Content, right: Content, width: int) -> Content:
    """One at the beginning of the line, the other at its end; the left one is cut if need be."""
    room = max(0, width - right.cell_length - 2)
    return Content.assemble(column(left, room), "  ", right) if room else right.pad_left(width - right.cell_length)
