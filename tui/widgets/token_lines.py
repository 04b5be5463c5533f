"""Tokens one after the other as a text of lines, each token a cell of its own. Knows no widget.

Lines end before words where they can. At the beginning, whole lines of old tokens are let go.
"""
from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rich.cells import cell_len

from localthink.records import Event
from localthink.text.visible import visible
from localthink.tui.widgets.thought_headline import HELD
from localthink.tui.wrapping import shortened

BREAK, NOTHING = "⏎", "·"
STEPS = (0.9, 0.6, 0.3, 0.1)  # probabilities; a token is in the first step that it reaches, or in the last


def step_of(probability: float) -> int:
    """From 0, likely, to len(STEPS), unlikely."""
    return next((step for step, least in enumerate(STEPS) if probability >= least), len(STEPS))


def written(text: str) -> str:
    """A token's text on one line, with every character to be seen."""
    return visible(text.replace("\n", BREAK).replace("\t", "→")) or NOTHING


def token_text(event: Event) -> str:
    """What a token is. Tags and parts of a character are no text of the answer; the alternatives know them."""
    if event.text:
        return event.text
    return next((other.text for other in event.alternatives if other.token == event.token), "")


@dataclass(frozen=True, slots=True)
class Cell:
    """A token on a line, from the column `start` on. `token` counts from the first that was ever added."""

    token: int
    start: int
    width: int
    text: str
    step: int
    held: bool
    begins_word: bool


class TokenLines:
    """At least the latest `most` tokens, in lines of at most `width` cells; `gone` lines were before them.

    `first` is the number of the first token that comes.
    """

    def __init__(self, width: int, most: int, first: int = 0) -> None:
        self.width, self._most = max(2, width), most
        self.events: deque[Event] = deque()
        self.lines: deque[list[Cell]] = deque([[]])
        self.first, self.gone = first, 0
        self._ended = False  # nothing more goes on the last line

    @property
    def end(self) -> int:
        """The number of the next token."""
        return self.first + len(self.events)

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self._add(event)
        while len(self.events) - len(self.lines[0]) >= self._most:
            for _ in self.lines.popleft():
                self.events.popleft()
                self.first += 1
            self.gone += 1

    def rewrapped(self, width: int) -> TokenLines:
        """The same tokens in lines of another width."""
        other = TokenLines(width, self._most, self.first)
        other.add(self.events)
        return other

    def _add(self, event: Event) -> None:
        text, held = token_text(event), event.held > 0
        shown = shortened(HELD * held + written(text), self.width)
        width = cell_len(shown)
        line = self.lines[-1]
        start = line[-1].start + line[-1].width if line else 0
        if start + width > self.width or (self._ended and text.strip("\n")):
            whole_word = not self._ended and not text[:1].isspace()
            start = self._break(self.width - width if whole_word else 0)
        self.lines[-1].append(Cell(self.end, start, width, shown, step_of(math.exp(event.logprob)), held,
                                   text[:1].isspace()))
        self.events.append(event)
        self._ended = text.endswith("\n")

    def _break(self, room: int) -> int:
        """Begin a line; the word that goes on is taken along if it has room. Returns where the line goes on."""
        line, taken = self.lines[-1], 0
        place = next((place for place in range(len(line) - 1, 0, -1) if line[place].begins_word), len(line))
        if place < len(line):
            taken = line[-1].start + line[-1].width - line[place].start
        if not taken or taken > room:
            self.lines.append([])
            return 0
        self.lines.append([replace(cell, start=cell.start - line[place].start) for cell in line[place:]])
        del line[place:]
        return taken

    # Finding tokens

    def line_of(self, token: int) -> int:
        """Which of the lines a token is on."""
        if not self.events:
            return 0
        return max(0, bisect_right(self.lines, token, key=lambda line: line[0].token) - 1)

    def event(self, token: int) -> Event | None:
        place = token - self.first
        return self.events[place] if 0 <= place < len(self.events) else None

    def token_at(self, line: int, column: int) -> int | None:
        """The token at a column of a line, or the nearest on that line."""
        if not 0 <= line < len(self.lines) or not self.lines[line]:
            return None
        cells = self.lines[line]
        return next((cell.token for cell in cells if column < cell.start + cell.width), cells[-1].token)

    def beside(self, token: int, lines: int) -> int:
        """The token so many lines below another, in its column or near it."""
        line = self.line_of(token)
        cell = self.lines[line][token - self.lines[line][0].token]
        found = self.token_at(min(len(self.lines) - 1, max(0, line + lines)), cell.start + cell.width // 2)
        return token if found is None else found

    def mark_beside(self, token: int, step: int) -> int | None:
        """The nearest token behind another (`step` 1) or before it (-1) at which a switch was held back."""
        places = range(token + step, self.end if step > 0 else self.first - 1, step)
        return next((place for place in places if (event := self.event(place)) is not None and event.held > 0), None)
