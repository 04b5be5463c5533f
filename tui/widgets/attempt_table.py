"""Many attempts at one question, a line each: what it is doing, its thoughts, what it took, and its answer."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from localthink.chat.solving import Solving, Try
from localthink.chat.solving_summary import BEST, sign, state_of
from localthink.tui.lines import cut
from localthink.tui.widgets.thought_bars import in_a_row, whole_scale
from localthink.tui.widgets.thought_headline import HELD

LATER = "·"
STATE, TOKENS, HELDS = 11, 7, 5  # cells
NARROW = 56  # cells; with fewer the figures give way


@dataclass(frozen=True, slots=True)
class Columns:
    """The cells of the number, the thoughts and the answer, and whether there is room for figures."""

    number: int
    thoughts: int
    answer: int
    figured: bool


def columns_of(width: int, attempts: int) -> Columns:
    number, figured = len(str(attempts)), width >= NARROW
    free = max(2, width - number - len(" ★✓ ") - STATE - 2 - (TOKENS + HELDS if figured else 0))
    return Columns(number, free * 11 // 20, free - free * 11 // 20, figured)


class AttemptTable(ScrollView, can_focus=True):
    """As many lines as there may be attempts, from the beginning on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor(-1)", show=False), Binding("down", "cursor(1)", show=False),
        Binding("pageup", "cursor(-10)", show=False), Binding("pagedown", "cursor(10)", show=False),
        Binding("home", "cursor(-1000)", show=False), Binding("end", "cursor(1000)", show=False)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"attempts--{part}" for part in ("number", "best", "right", "wrong", "state", "writing", "bar", "even", "held",
                                         "figures", "answer", "off", "cursor")}
    DEFAULT_CSS = """
    AttemptTable {
        height: 1fr; width: 1fr; padding: 0 1; overflow-x: hidden; scrollbar-size-vertical: 1;
        & > .attempts--number { color: $text-muted; }
        & > .attempts--best { color: $text-accent; text-style: bold; }
        & > .attempts--right { color: $text-success; text-style: bold; }
        & > .attempts--wrong { color: $text-error; }
        & > .attempts--state { color: $text-muted; }
        & > .attempts--writing { color: $text-primary; }
        & > .attempts--bar { color: $primary 65%; }
        & > .attempts--even { color: $primary 50%; }
        & > .attempts--held { color: $text-warning; text-style: bold; }
        &:light > .attempts--held { color: $text-error; }
        & > .attempts--figures { color: $text-muted; }
        & > .attempts--answer { color: $text; }
        & > .attempts--off { color: $text-disabled; }
        & > .attempts--cursor { background: $foreground 10%; }
        &:focus > .attempts--cursor { background: $block-cursor-blurred-background; }
        &:ansi > .attempts--cursor, &:nocolor > .attempts--cursor { text-style: reverse; }
    }
    """

    class Chosen(Message):
        """A person has clicked an attempt."""

    def __init__(self) -> None:
        super().__init__()
        self.cursor = 0
        self._solving: Solving | None = None
        self._scale, self._best = 1, -1
        self._seen: tuple[object, ...] = ()

    def show(self, solving: Solving) -> None:
        """Draw the attempts as they are now."""
        if solving is not self._solving:
            self._solving, self.cursor = solving, 0
            self.virtual_size = Size(self.scrollable_content_region.width, solving.strategy.n)
        winner = solving.choice.winner
        seen = (id(solving), winner and winner.number, solving.running,
                *((each.turn.tokens, each.turn.phase, each.turn.state) for each in solving.tries))
        if seen != self._seen:
            self._seen, self._best = seen, winner.number if winner is not None else -1
            self._scale = whole_scale(each.turn for each in solving.tries)
            self.refresh()

    @property
    def chosen(self) -> Try | None:
        """The attempt that the cursor is on, if it was begun."""
        tries = self._solving.tries if self._solving is not None else []
        return tries[self.cursor] if self.cursor < len(tries) else None

    def action_cursor(self, step: int) -> None:
        self.go(self.cursor + step)

    def go(self, place: int) -> None:
        """Put the cursor on a line, and have it in view."""
        self.cursor = max(0, min(self.virtual_size.height - 1, place))
        height = self.scrollable_content_region.height
        top = min(max(self.scroll_offset.y, self.cursor - height + 1), self.cursor)
        self.scroll_to(y=top, animate=False)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        if (place := event.get_content_offset(self)) is not None:
            self.go(self.scroll_offset.y + place.y)
            self.post_message(self.Chosen())

    def on_resize(self) -> None:
        if self._solving is not None:
            self.virtual_size = Size(self.scrollable_content_region.width, self._solving.strategy.n)

    def render_line(self, y: int) -> Strip:
        width, place = self.scrollable_content_region.width, self.scroll_offset.y + y
        if self._solving is None or place >= self._solving.strategy.n:
            return Strip.blank(width, self._style("answer"))
        columns = columns_of(width, self._solving.strategy.n)
        tries = self._solving.tries
        parts = (_line(tries[place], columns, self._scale, place == self._best) if place < len(tries)
                 else [(f"{place + 1:>{columns.number}} ", "off"), (f" {LATER}", "off")])
        over = self._cursor_style() if place == self.cursor else Style()
        return Strip([Segment(text, self._style(part) + over) for text, part in parts]).adjust_cell_length(
            width, self._style("answer") + over)

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"attempts--{part}")

    def _cursor_style(self) -> Style:
        style = self.get_component_rich_style("attempts--cursor")
        return Style(bgcolor=style.bgcolor, reverse=style.reverse)


def _line(each: Try, columns: Columns, scale: int, best: bool) -> list[tuple[str, str]]:
    """An attempt as (text, part) pairs; one that was cancelled is all in one dim colour."""
    turn, off = each.turn, each.turn.state == "cancelled"
    known = "off" if off else {None: "answer", True: "right", False: "wrong"}[each.right]
    bars = in_a_row(turn.thoughts, scale, columns.thoughts)
    parts = [(f"{each.number + 1:>{columns.number}} ", "number"), (BEST if best else " ", "best"),
             (f"{sign(each.right) or ' '} ", known),
             (f"{state_of(each):<{STATE}} ", "writing" if turn.running and turn.tokens else "state"),
             *((text, part) for part, text in bars),
             (" " * (columns.thoughts - sum(len(text) for _, text in bars)), "figures")]
    if columns.figured:
        held = f"{HELD} {turn.ticks}" if turn.ticks else ""
        parts += [(f"{turn.tokens:>{TOKENS},}" if turn.tokens else " " * TOKENS, "figures"),
                  (f" {held:<{HELDS - 1}}", "held")]
    parts.append((f" {cut(each.said, columns.answer).plain}", known))
    return [(text, "off") for text, _ in parts] if off else parts
