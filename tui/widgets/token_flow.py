"""Tokens as a text in which each is coloured by its probability, with a cursor on one of them."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from localthink.chat.turn import RECENT, Turn
from localthink.records import Event
from localthink.tui.widgets.thought_headline import HELD
from localthink.tui.widgets.token_lines import STEPS, TokenLines
from localthink.tui.wrapping import Wrapped

NAMES = (f" ≥{STEPS[0] * 100:.0f} % ", *(f" ≥{least * 100:.0f} " for least in STEPS[1:]), f" <{STEPS[-1] * 100:.0f} ")

NOTE = "Here are an answer's tokens, while it is written."


class TokenFlow(ScrollView, can_focus=False):
    """The latest tokens of a turn. Without a `cursor` the last of them is marked, and their end followed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"token-flow--{name}" for name in ("cursor", "held", "note", *range(len(STEPS) + 1))}
    DEFAULT_CSS = """
    TokenFlow {
        height: 1fr; min-height: 3; padding: 0 1; border-top: solid $foreground 20%; border-title-color: $text-muted;
        overflow-x: hidden; scrollbar-gutter: stable; scrollbar-size-vertical: 1;
        & > .token-flow--0 { color: $foreground; }
        & > .token-flow--1 { color: $foreground; background: $warning 20%; }
        & > .token-flow--2 { color: $foreground; background: $warning 45%; }
        & > .token-flow--3 { color: $foreground; background: $error 40%; }
        & > .token-flow--4 { color: $foreground; background: $error 70%; text-style: bold; }
        & > .token-flow--note { color: $text-muted; }
        & > .token-flow--held { color: $text-accent; text-style: bold; }
        & > .token-flow--cursor {
            color: $block-cursor-blurred-foreground; background: $block-cursor-blurred-background;
        }
    }
    TokenFlow:ansi {
        & > .token-flow--1 { color: ansi_cyan; background: ansi_default; }
        & > .token-flow--2 { color: ansi_yellow; background: ansi_default; }
        & > .token-flow--3 { color: ansi_magenta; background: ansi_default; }
        & > .token-flow--4 { color: ansi_red; background: ansi_default; text-style: bold; }
        & > .token-flow--cursor { text-style: reverse; }
    }
    TokenFlow:nocolor {
        & > .token-flow--0 { text-style: dim; background: transparent; }
        & > .token-flow--1 { text-style: none; background: transparent; }
        & > .token-flow--2 { text-style: underline; background: transparent; }
        & > .token-flow--3 { text-style: bold underline; background: transparent; }
        & > .token-flow--4 { text-style: bold italic underline; background: transparent; }
        & > .token-flow--cursor { text-style: reverse; }
    }
    """

    class Chosen(Message):
        """The cursor was moved to another token, or tokens came."""

    def __init__(self) -> None:
        super().__init__()
        self.cursor: int | None = None
        self._turn: Turn | None = None
        self._seen = -1  # tokens of the turn; none of it yet
        self._starting = True  # the cursor is to be put on the latest ⊘
        self._lines = TokenLines(1, RECENT)

    def on_mount(self) -> None:
        self._show_legend()
        self.app.theme_changed_signal.subscribe(self, lambda theme: self._show_legend())

    def _show_legend(self) -> None:
        """Say what the colours mean."""
        steps = [(name, self.get_visual_style(f"token-flow--{step}")) for step, name in enumerate(NAMES)]
        held = (f" {HELD}", self.get_visual_style("token-flow--held"))
        self.border_title = Content.assemble("p ", *steps, held, " held ")

    @property
    def selected(self) -> int:
        """The number of the marked token."""
        return self._lines.end - 1 if self.cursor is None else self.cursor

    @property
    def event(self) -> Event | None:
        """The marked token."""
        return self._lines.event(self.selected)

    def show(self, turn: Turn) -> bool:
        """Take in the turn's new tokens; returns whether there were any. Without a size it waits for one."""
        if turn is not self._turn:
            self._starting = self._starting or not turn.running
            self._turn, self._seen, self.cursor = turn, -1, None
        grown = self._take(turn)
        if self._starting and self.size.width:
            self._starting = False
            self.move_mark(self._lines.end, -1)
        return grown

    def start(self) -> None:
        """Put the cursor on the latest ⊘, where there is one, at the next showing."""
        self._starting = True

    def _take(self, turn: Turn) -> bool:
        if turn.tokens == self._seen or not self.size.width:
            return False
        kept = len(turn.recent)
        new = turn.tokens - self._seen
        if self._seen < 0 or new > kept:  # all are new, or some came and went unseen
            self._lines, new = TokenLines(self._width, RECENT, turn.tokens - kept), kept
            self.scroll_target_y = self.scroll_y = 0
        gone, at_end = self._lines.gone, self.is_vertical_scroll_end
        self._lines.add(islice(turn.recent, kept - new, None))
        self._seen = turn.tokens
        self._grown(self._lines.gone - gone, at_end)
        return True

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _resized(self) -> None:
        self.virtual_size = Size(self._width, len(self._lines.lines))
        self.refresh()

    def _grown(self, gone: int, at_end: bool) -> None:
        """Keep what is looked at where it is: the end, or the lines that were scrolled to."""
        if self.cursor is not None and self.cursor < self._lines.first:
            self.cursor = self._lines.first
        top = self.scroll_y - gone
        self._resized()
        self._scroll(self.max_scroll_y if at_end and self.cursor is None else max(0, top))

    def on_resize(self) -> None:
        if self._turn is not None and self._lines.width != self._width:
            self._lines = self._lines.rewrapped(self._width)
            self._resized()
            if self.show(self._turn):
                self.post_message(self.Chosen())
        self._look()

    def render_line(self, y: int) -> Strip:
        line = y + round(self.scroll_y)
        pieces = self._pieces(line) if self._lines.events else self._note(line)
        segments = [Segment(text, self.get_component_rich_style(f"token-flow--{name}")) for text, name in pieces]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _pieces(self, line: int) -> Iterator[tuple[str, str | int]]:
        """The texts of a line, and in what they are shown."""
        marked = self.selected
        for cell in self._lines.lines[line] if line < len(self._lines.lines) else ():
            if cell.held:
                yield HELD, "held"
            yield cell.text[len(HELD) * cell.held:], "cursor" if cell.token == marked else cell.step

    def _note(self, line: int) -> Iterator[tuple[str, str | int]]:
        note = Wrapped(self.size.width, NOTE)
        if line < len(note):
            yield note[line], "note"

    # The cursor

    def move(self, step: int) -> None:
        """To the next token or the one before."""
        self.go(self.selected + step)

    def move_line(self, step: int) -> None:
        """To a token on the next line or the one before."""
        if self._lines.events:
            self.go(self._lines.beside(self.selected, step))

    def move_mark(self, token: int, step: int) -> None:
        """To the nearest ⊘ behind a token or before it."""
        if (place := self._lines.mark_beside(token, step)) is not None:
            self.go(place)

    def go(self, token: int) -> None:
        """To a token, or the nearest there is; from the last of them on, the end is followed."""
        token = max(self._lines.first, token)
        self.cursor = token if token < self._lines.end - 1 else None
        self.refresh()
        self._look()
        self.post_message(self.Chosen())

    def follow(self) -> None:
        """To the last token, and to those that follow."""
        self.go(self._lines.end)

    def _look(self) -> None:
        """Scroll to the marked token."""
        line, height = self._lines.line_of(self.selected), self.scrollable_content_region.height
        self._scroll(min(line, max(round(self.scroll_y), line - height + 1)))

    def _scroll(self, line: float) -> None:
        self.scroll_to(y=line, animate=False, force=True)  # also before the scrollbar has been laid out

    def on_click(self, event: events.Click) -> None:
        event.stop()
        place = event.get_content_offset(self)
        if place is not None:
            token = self._lines.token_at(place.y + round(self.scroll_y), place.x)
            if token is not None:
                self.go(token)
