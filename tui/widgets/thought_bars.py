"""How thoughts are drawn as bars on one scale: which cells they fill, and what stands in them. Knows no widget."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from localthink.chat.turn import ThoughtView, Turn
from localthink.tui.widgets.thought_headline import HELD

EIGHTHS = " ▏▎▍▌▋▊▉█"
HEIGHTS = "▁▂▃▄▅▆▇█"
REACH, BEYOND = "░", "›"
FILLED = {"bar": "█", "even": "▓", "held": HELD}
LEAST = 60  # tokens on a scale
AHEAD = 3  # a scale makes room for what the penalty reaches, up to so many times the longest thought
LEAST_SHARED = 40  # tokens on the scale of two answers
MOST_REACH = 600  # tokens that a scale makes room for only to show how far the penalty reaches


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a map: the thoughts from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def label(self) -> str:
        return f"{self.first + 1}" if self.first == self.last else f"{self.first + 1}–{self.last + 1}"


def rows_of(thoughts: int, rows: int) -> list[Row]:
    """The rows for so many thoughts: one each, where need be after one for all the earlier ones."""
    each = thoughts if thoughts <= rows else max(1, rows - 1)
    merged = [Row(0, thoughts - each - 1)] if thoughts > rows > 1 else []
    return [*merged, *(Row(index, index) for index in range(thoughts - each, thoughts))]


def reach(turn: Turn) -> float:
    """How many tokens from the start of a thought the penalty of this answer holds; 0 without one."""
    return turn.beta if turn.alpha > 0 else 0


def longest_of(turn: Turn) -> int:
    return max(LEAST, max((thought.tokens for thought in turn.thoughts), default=0))


def scale_of(turn: Turn) -> int:
    """The tokens that the whole width stands for. It grows by an eighth at most, not at every token."""
    longest = longest_of(turn)
    return _stepped(max(longest, int(min(reach(turn), AHEAD * longest, MOST_REACH))))


def shared_scale(turn: Turn, beside: Turn) -> int:
    """The same for two answers, which are to be told from each other and not from what is usual."""
    lengths = (thought.tokens for thought in (*turn.thoughts, *beside.thoughts))
    return _stepped(max(LEAST_SHARED, max(lengths, default=0)))


def whole_scale(turns: Iterable[Turn]) -> int:
    """The tokens that the whole width stands for where each answer has all its thoughts on one line."""
    return _stepped(max(LEAST, max((turn.thinking_tokens for turn in turns), default=0)))


def in_a_row(thoughts: Sequence[ThoughtView], scale: int, width: int) -> list[tuple[str, str]]:
    """Thoughts one behind the other on one line, as (part, text) pairs; a part is `bar`, `even` or `held`.

    Every other one is shaded, so that they are told apart without colours.
    """
    cells: list[str] = []
    tokens = 0
    for thought in thoughts:
        tokens, first = tokens + thought.tokens, len(cells)
        end = max(1, min(width, round(tokens / scale * width)))
        cells += ["even" if thought.index % 2 else "bar"] * (end - first)
        for tick in thought.ticks if end > first else ():
            cells[min(end - 1, first + int(tick / max(1, thought.characters) * (end - first)))] = "held"
    return [(part, FILLED[part] * len(list(run))) for part, run in groupby(cells)]


def _stepped(longest: int) -> int:
    step = 1 << max(0, longest.bit_length() - 4)
    return -(-longest // step) * step


def bar(thought: ThoughtView, scale: int, width: int) -> list[tuple[str, str]]:
    """A thought as (part, text) pairs; a part is `bar` or `held`."""
    eighths = max(1, min(width * 8, round(thought.tokens / scale * width * 8)))
    cells = ["█"] * (eighths // 8) + ([EIGHTHS[eighths % 8]] if eighths % 8 else [])
    for tick in thought.ticks:
        place = tick / max(1, thought.characters) * eighths / 8
        cells[min(len(cells) - 1, int(place))] = HELD
    runs = groupby(cells, key=lambda cell: "held" if cell == HELD else "bar")
    return [(part, "".join(run)) for part, run in runs]


def window(begun: int, beta: float, scale: int, width: int) -> str:
    """The cells from `begun` on in which the penalty still holds."""
    if beta > scale:
        return REACH * max(0, width - begun - 1) + BEYOND * (width > begun)
    return REACH * max(0, round(beta / scale * width) - begun)


def share_of(thoughts: int, width: int) -> int:
    """How many thoughts share a cell, when all of them are to be upright bars in one line."""
    return max(1, -(-thoughts // max(1, width)))


def heights(thoughts: Sequence[ThoughtView], tallest: int, width: int) -> str:
    """Thoughts as small upright bars; those that share a cell are shown by the longest of them."""
    share = share_of(len(thoughts), width)
    highest = [max(thought.tokens for thought in thoughts[first:first + share])
               for first in range(0, len(thoughts), share)]
    return "".join(HEIGHTS[max(0, min(7, round(tokens / tallest * 8) - 1))] for tokens in highest)
