"""The thoughts of an answer as bars: many short ones are underthinking, ⊘ is a jump that was held back."""
from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from localthink.chat.turn import Turn
from localthink.tui.widgets.thought_bars import (
    REACH,
    Row,
    bar,
    heights,
    longest_of,
    reach,
    rows_of,
    scale_of,
    share_of,
    shared_scale,
    window,
)
from localthink.tui.widgets.thought_headline import HELD

ROWS = 8
LINES_A_ROW = 5  # of the terminal: a small one has fewer rows
CAPTION_FROM = 16  # lines of the terminal
LEAST_BAR = 8  # cells; where there is no more, the figures give way
AIRY_FROM = 30
LENGTHS = ("thoughts by length: many short ones are underthinking", "thoughts by length", "by length", "")
SWITCHES = (f"{HELD} a jump held back", f"{HELD} a switch held back", f"{HELD} held back", f"{HELD} held back")
REACHES = (f"{REACH} the penalty reaches so far", f"{REACH} the penalty reaches so far", f"{REACH} the penalty's reach",
           f"{REACH} penalty")


class ThoughtMap(Widget):
    """A row for each thought, `rows` at most; the earliest share the first one when there are more."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "thought-map--number", "thought-map--latest", "thought-map--bar", "thought-map--even", "thought-map--current",
        "thought-map--held", "thought-map--reach", "thought-map--figures", "thought-map--caption",
        "thought-map--pointed",
    }
    DEFAULT_CSS = """
    ThoughtMap {
        height: auto; width: 1fr;
        & > .thought-map--number { color: $text-muted; }
        & > .thought-map--latest { color: $text-primary; text-style: bold; }
        & > .thought-map--bar { color: $primary 65%; }
        & > .thought-map--even { color: $primary 50%; }
        & > .thought-map--current { color: $primary; }
        & > .thought-map--held { color: $text-warning; text-style: bold; }
        &:light > .thought-map--held { color: $text-error; }
        & > .thought-map--reach { color: $text-warning 75%; }
        & > .thought-map--figures { color: $text-muted; }
        & > .thought-map--caption { color: $text-disabled; }
        & > .thought-map--pointed { background: $foreground 10%; }
    }
    """

    class Chosen(Message):
        """A person points at a thought, or has clicked it."""

        def __init__(self, index: int, clicked: bool) -> None:
            super().__init__()
            self.index, self.clicked = index, clicked

    def __init__(self, rows: int = ROWS, captioned: bool = True, figured: bool = True, *, id: str | None = None,
                 classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.rows, self.captioned, self.figured = rows, captioned, figured
        self._turn: Turn | None = None
        self._beside: Turn | None = None
        self._scale = 0
        self._seen: tuple[object, ...] = ()
        self._lines: list[Row] = []
        self._pointed: int | None = None

    def show(self, turn: Turn, beside: Turn | None = None) -> None:
        """Draw the answer as it is now. With another one `beside` it the maps of both share scale and columns."""
        scale = scale_of(turn) if beside is None else shared_scale(turn, beside)
        thoughts = len(turn.thoughts)
        seen = (id(turn), thoughts, turn.thinking_tokens, turn.ticks, scale, self._beta(turn), turn.alpha > 0,
                beside and (id(beside), len(beside.thoughts), beside.thinking_tokens, beside.ticks))
        if seen == self._seen:
            return
        self._seen, self._turn, self._beside, self._scale = seen, turn, beside, scale
        lines = rows_of(thoughts, self._room)
        self.refresh(layout=len(lines) != len(self._lines))
        self._lines = lines

    def _beta(self, turn: Turn) -> float:
        """How far the penalty reaches in the thought that is being written; 0 where none is."""
        return reach(turn) if turn.running and turn.phase == "thinking" else 0

    @property
    def _room(self) -> int:
        return max(1, min(self.rows, self.app.size.height // LINES_A_ROW))

    @property
    def _below(self) -> int:
        """The lines below the bars: a caption and a blank one, where there is room."""
        if not self._lines:
            return 0
        return (self.captioned and self.app.size.height >= CAPTION_FROM) + (self.app.size.height >= AIRY_FROM)

    def on_resize(self) -> None:
        if self._turn is not None:
            self._lines = rows_of(len(self._turn.thoughts), self._room)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        if self._turn is None:
            return 0
        self._lines = rows_of(len(self._turn.thoughts), self._room)
        return len(self._lines) + self._below

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        turn = self._turn
        if turn is None or y > len(self._lines) or (y == len(self._lines) and not (self.captioned and self._below)):
            return Strip.blank(width, self._style("figures"))
        if y == len(self._lines):
            segments = [Segment(self._caption(turn, width), self._style("caption"))]
        else:
            segments = self._draw(turn, self._lines[y], width)
        return Strip(segments).adjust_cell_length(width, self._style("figures"))

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"thought-map--{part}")

    def _caption(self, turn: Turn, width: int) -> str:
        for lengths, switches, reaches in zip(LENGTHS, SWITCHES, REACHES, strict=True):
            parts = [lengths, switches if turn.alpha > 0 or turn.ticks else "", reaches if self._beta(turn) else ""]
            caption = " · ".join(part for part in parts if part)
            if cell_len(caption) <= width:
                break
        return caption

    def _columns(self, turn: Turn, width: int) -> tuple[int, int, int, int]:
        """The widths of the number, the bar, the tokens and the count of held switches."""
        rows = [(turn, row) for row in self._lines]
        if self._beside is not None:
            rows += [(self._beside, row) for row in rows_of(len(self._beside.thoughts), self._room)]
        number = max(len(row.label) for _, row in rows)
        tokens = max(len(self._tokens(drawn, row)) for drawn, row in rows)
        held = max(len(self._held(drawn, row)) for drawn, row in rows)
        free = width - number - 1
        figures = 1 + tokens + (held and held + 2)
        if not self.figured or free - figures < LEAST_BAR:
            return number, max(1, free), 0, 0
        return number, free - figures, tokens, held

    def _tokens(self, turn: Turn, row: Row) -> str:
        tokens = sum(thought.tokens for thought in turn.thoughts[row.first:row.last + 1])
        return f"{tokens:,}" if row.first == row.last else f"~{tokens / (row.last - row.first + 1):,.0f}"

    def _held(self, turn: Turn, row: Row) -> str:
        held = sum(len(thought.ticks) for thought in turn.thoughts[row.first:row.last + 1])
        return f"{HELD} {held}" if held else ""

    def _draw(self, turn: Turn, row: Row, width: int) -> list[Segment]:
        number, room, tokens, held = self._columns(turn, width)
        last = row.last == len(turn.thoughts) - 1 and turn.running and turn.phase == "thinking"
        body = self._style("current" if last else "bar" if row.last % 2 else "even")
        segments = [Segment(f"{row.label:>{number}} ", self._style("latest" if last else "number"))]
        if row.first == row.last:
            parts = bar(turn.thoughts[row.first], self._scale, room)
        else:
            longest = longest_of(turn) if self._beside is None else self._scale
            parts = [("bar", heights(turn.thoughts[row.first:row.last + 1], longest, room))]
        segments += [Segment(text, body if part == "bar" else self._style("held")) for part, text in parts]
        drawn = sum(len(text) for _, text in parts)
        if last:
            track = window(drawn, self._beta(turn), self._scale, room)
            segments.append(Segment(track, self._style("reach")))
            drawn += len(track)
        segments.append(Segment(" " * (room - drawn), self._style("figures")))
        if tokens:
            segments.append(Segment(f" {self._tokens(turn, row):>{tokens}}", self._style("figures")))
        if held:
            segments.append(Segment(f"  {self._held(turn, row):<{held}}", self._style("held")))
        if self._pointed is not None and row.first <= self._pointed <= row.last:
            behind = Style(bgcolor=self._style("pointed").bgcolor)
            segments = [Segment(text, style + behind if style else behind) for text, style, _ in segments]
        return segments

    def _at(self, event: events.MouseEvent) -> int | None:
        """The thought under the pointer."""
        place = event.get_content_offset(self)
        if self._turn is None or place is None or place.y >= len(self._lines):
            return None
        row = self._lines[place.y]
        if row.first == row.last:
            return row.first
        number, room, _, _ = self._columns(self._turn, self.content_size.width)
        share = share_of(row.last - row.first + 1, room)
        return min(row.last, row.first + max(0, place.x - number - 1) * share)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._point(self._at(event))

    def on_leave(self) -> None:
        self._point(None)

    def _point(self, index: int | None) -> None:
        if index != self._pointed:
            self._pointed = index
            self.refresh()
            if index is not None:
                self.post_message(self.Chosen(index, clicked=False))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if (index := self._at(event)) is not None:
            self.post_message(self.Chosen(index, clicked=True))
