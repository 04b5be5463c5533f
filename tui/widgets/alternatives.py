"""What else was likely in a token's place, without the penalty and with it."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from localthink.chat.going_on import would_have_come
from localthink.records import Event
from localthink.tui.widgets.thought_headline import HELD
from localthink.tui.widgets.token_lines import token_text, written
from localthink.tui.wrapping import shortened

ROWS = 6
EIGHTHS = " ▏▎▍▌▋▊▉"
PERCENT = 6  # cells
GAP = 1
WIDEST_BAR = 24


@dataclass(frozen=True, slots=True)
class Row:
    """A token, its probability without the penalty and with it, and whether it is the one that came, or would have."""

    text: str
    before: float
    after: float
    came: bool
    held: bool = False


class Alternatives(Widget):
    """A line about one token, and a table of the tokens that might have come."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"alternatives--{name}" for name in ("faint", "row", "came", "held", "before", "after")}
    DEFAULT_CSS = """
    Alternatives {
        height: auto; padding: 0 1; border-top: solid $foreground 20%; border-title-color: $foreground;
        & > .alternatives--faint { color: $text-muted; }
        & > .alternatives--row { color: $foreground; }
        & > .alternatives--came { color: $text-accent; text-style: bold; }
        & > .alternatives--held { color: $text-warning; text-style: bold; }
        & > .alternatives--before { color: $foreground 35%; }
        & > .alternatives--after { color: $primary; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._token = 0
        self._event: Event | None = None
        self._rows: list[Row] = []

    def show(self, token: int, event: Event | None) -> None:
        """Show the token of this number; None where there is no token."""
        if event is not self._event:
            self._token, self._event = token, event
            self._rows = rows_of(event) if event is not None else []
            self.border_title = about(token, event) if event is not None else ""
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return ROWS + 1

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self._event is None:
            pieces = []
        elif y == 0:
            pieces = self._heading()
        else:
            pieces = self._row(self._rows[y - 1]) if y <= len(self._rows) else []
        segments = [Segment(text, self.get_component_rich_style(f"alternatives--{name}")) for text, name in pieces]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _heading(self) -> list[tuple[str, str]]:
        label, bar = self._columns()
        column = bar + PERCENT + GAP
        before, after = ("without penalty", "with penalty") if column > 15 else ("without α", "with α")
        return [(" " * (label + 1) + before.ljust(column) + after, "faint")]

    def _row(self, row: Row) -> list[tuple[str, str]]:
        label, bar = self._columns()
        name, sign = ("came", "▸") if row.came else ("held", HELD) if row.held else ("row", " ")
        text = shortened(row.text, label - 2)
        text += " " * (label - 2 - cell_len(text))
        return [(f"{sign} ", name), (text + " ", name),
                (bar_of(row.before, bar), "before"), (percent(row.before).rjust(PERCENT) + " " * GAP, "faint"),
                (bar_of(row.after, bar), "after"), (percent(row.after).rjust(PERCENT), name)]

    def _columns(self) -> tuple[int, int]:
        """The cells of a label and of a bar."""
        label = min(18, max(6, self.size.width * 3 // 10))
        return label, max(1, min(WIDEST_BAR, (self.size.width - label - 1 - GAP - 2 * PERCENT) // 2))


def about(token: int, event: Event) -> Content:
    """Which token this is, and which switch was held back at it, from what probability down to what."""
    where = f"thought {event.thought + 1}" if event.thought >= 0 else event.part
    other = would_have_come(event)
    held = f" · {HELD} a switch held back" if other is None else (
        f" · {HELD} {label(other.text)} {percent(other.before)} → {percent(other.after)}")
    return Content(f"token {token + 1:,} · {where}{held if event.held > 0 else ''} ")


def rows_of(event: Event) -> list[Row]:
    """The likeliest first; the token that came is among them, and the one that would have, however unlikely it was."""
    rows = [Row(label(other.text), other.before, other.after, other.token == event.token,
                event.held > 0 and other.token == event.instead) for other in event.alternatives[:ROWS]]
    if any(row.came for row in rows):
        return rows
    if len(rows) == ROWS:
        del rows[-2 if rows[-1].held else -1]
    return [*rows, Row(label(token_text(event)), math.exp(event.raw_logprob), math.exp(event.logprob), True)]


def label(text: str) -> str:
    """A token's text as one of a list: the space before a word is seen."""
    spaces = len(text) - len(text.lstrip(" "))
    return "␣" * spaces + (written(text[spaces:]) if text[spaces:] or not spaces else "")


def percent(share: float) -> str:
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{share * 100:.0f} %"


def bar_of(share: float, cells: int) -> str:
    """A bar of blocks, padded to its cells; whatever is more than nothing can be seen."""
    eighths = min(8 * cells, max(int(share > 0), round(share * 8 * cells)))
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(cells)
