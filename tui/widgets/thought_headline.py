"""The one line that stands for a thought: its number, how it begins, and its figures in columns. Knows no widget."""
from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from localthink.chat.turn import ThoughtView, Turn
from localthink.text.sizes import lasted
from localthink.tui.wrapping import shortened

HELD = "⊘"
OPEN, FOLDED, RULE = "▾", "▸", "─"
NARROW = 60  # cells; below, figures have no words


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide the figures of a turn's thoughts are."""

    number: int
    tokens: int
    seconds: int
    held: int


def columns_of(turn: Turn) -> Columns:
    tokens = max((thought.tokens for thought in turn.thoughts), default=0)
    seconds = max((thought.seconds for thought in turn.thoughts), default=0.0)
    held = max((len(thought.ticks) for thought in turn.thoughts), default=0)
    number = len(str(len(turn.thoughts)))
    return Columns(number, len(f"{tokens:,}"), len(lasted(seconds)), len(str(held)) if held else 0)


def headline(thought: ThoughtView, opening: str | None, columns: Columns, width: int) -> list[tuple[str, str]]:
    """(part, text) pairs that fill `width` cells. An open thought has no `opening`: its text stands below."""
    lead = f"{FOLDED if opening is not None else OPEN} {thought.index + 1:>{columns.number}} "
    figures, held = _figures(thought, columns, width < NARROW)
    room = width - cell_len(lead) - cell_len(figures) - cell_len(held) - 2
    if opening is None:
        body = ("rule", RULE * max(0, room))
    else:
        text = shortened(f"· {opening}", room)
        body = ("opening", text + " " * (room - cell_len(text)))
    return [("number", lead), body, ("figures", f" {figures}"), ("held", held), ("figures", " ")]


def _figures(thought: ThoughtView, columns: Columns, narrow: bool) -> tuple[str, str]:
    held = len(thought.ticks)
    if narrow:
        figures, between, mark = f"{thought.tokens:>{columns.tokens},}", " ", f"{HELD} {held:>{columns.held}}"
    else:
        figures = f"{thought.tokens:>{columns.tokens},} tokens · {lasted(thought.seconds):>{columns.seconds}}"
        between, mark = " · ", f"held {held:>{columns.held}}"
    if not columns.held:
        return figures, ""
    return (figures + between, mark) if held else (figures + " " * len(between + mark), "")
