"""Which line shows what of an answer's thoughts, when some are open and the others folded to one line each.

Counts and wraps, and knows no widget. The text of a thought is wrapped while it is open; what comes to
it costs what comes, not what is there.
"""
from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from localthink.chat.turn import ThoughtView, Turn
from localthink.text.visible import visible
from localthink.tui.widgets.thought_headline import HELD
from localthink.tui.wrapping import TAB, Wrapped

OPENING = 200  # characters of a thought that its one line can show


class ThoughtText:
    """The text of one thought in lines, with a mark wherever a switch was held back."""

    def __init__(self, width: int) -> None:
        self._lines = Wrapped(width)
        self._marks: list[int] = []  # places of marks in the wrapped text
        self._taken, self._ticks = 0, 0
        self._inked = 0  # lines down to the last that is not blank

    def __len__(self) -> int:
        return self._inked

    def take(self, thought: ThoughtView) -> int:
        """Add what has been written since. Returns the first line that is other than before."""
        text, changed = thought.text, len(self._lines) - 1
        for tick in thought.ticks[self._ticks:]:
            self._add(text[self._taken:tick])
            self._taken = tick
            self._marks.append(len(self._lines.text))
            self._add(HELD)
        self._add(text[self._taken:])
        self._taken, self._ticks = len(text), len(thought.ticks)
        for line in range(len(self._lines) - 1, changed - 1, -1):
            if self._lines[line]:
                self._inked = line + 1
                break
        return changed

    def _add(self, text: str) -> None:
        if not self._lines.text:
            text = text.lstrip()
        if text:
            self._lines.append(visible(text).replace("\t", TAB))

    def wrap(self, width: int) -> None:
        self._lines = Wrapped(width, self._lines.text)
        self._inked = next((line + 1 for line in range(len(self._lines) - 1, -1, -1) if self._lines[line]), 0)

    def line(self, number: int) -> tuple[str, list[int]]:
        """A line, and where in it the marks are."""
        text, start = self._lines[number], self._lines.start(number)
        first, last = bisect_left(self._marks, start), bisect_left(self._marks, start + len(text))
        return text, [mark - start for mark in self._marks[first:last]]

    def start(self, number: int) -> int:
        return self._lines.start(number)

    def line_at(self, place: int) -> int:
        return self._lines.line_at(place)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a text, whatever the width; `place` -1 is the line of the thought itself."""

    thought: int
    place: int


def unanswered(turn: Turn) -> bool:
    """Whether its thinking goes on, or was cut off before an answer."""
    return bool(turn.thoughts) and not turn.answer and turn.phase != "answering"


class ThoughtLines:
    """The lines of a turn at a width; none where it is 0. What is unfinished is open, and what a person opened."""

    def __init__(self, turn: Turn, width: int) -> None:
        self.turn, self.width = turn, width
        self.current = -1  # the unfinished thought
        self._chosen: dict[int, bool] = {}  # what a person opened and folded
        self._all = False  # all are open, those too that are to come
        self._texts: dict[int, ThoughtText] = {}
        self._tops = [0]  # the first line of each thought, and behind them the number of lines
        self._openings: dict[int, str] = {}

    @property
    def height(self) -> int:
        return self._tops[-1]

    @property
    def count(self) -> int:
        return len(self._tops) - 1

    @property
    def touched(self) -> bool:
        """Whether a person opened or folded anything."""
        return self._all or bool(self._chosen)

    def is_open(self, thought: int) -> bool:
        return self._chosen.get(thought, self._all or thought == self.current)

    def top(self, thought: int) -> int:
        return self._tops[thought]

    def place(self, line: int) -> tuple[int, int]:
        """The thought that a line belongs to, and which of its lines it is; 0 is that of the thought itself."""
        thought = bisect_right(self._tops, line) - 1
        return thought, line - self._tops[thought]

    def text(self, thought: int, row: int) -> tuple[str, list[int]]:
        """A line of an open thought's text, from 1, and where in it a switch was held."""
        return self._texts[thought].line(row - 1)

    def opening(self, thought: int) -> str:
        """How a thought begins, in one line."""
        known = self._openings.get(thought)
        if known is None:
            start = self.turn.thoughts[thought].text[:OPENING * 2]
            known = " ".join(visible(start).split())[:OPENING]
            if len(known) == OPENING or thought < len(self.turn.thoughts) - 1:
                self._openings[thought] = known
        return known

    def spot(self, line: int) -> Spot:
        thought, row = self.place(line)
        return Spot(thought, self._texts[thought].start(row - 1) if row else -1)

    def line_of(self, spot: Spot) -> int:
        text = self._texts.get(spot.thought)
        below = 1 + text.line_at(spot.place) if text is not None and spot.place >= 0 else 0
        return self._tops[spot.thought] + below

    def take(self, reading: int | None) -> int:
        """Take over what has been written; `reading` is the thought that a person is amid, and stays open.

        Returns the first line that is other than before; the line of the latest thought is so as well.
        """
        current = len(self.turn.thoughts) - 1 if unanswered(self.turn) else -1
        if reading is not None and reading == self.current != current and self.is_open(reading):
            self._chosen[reading] = True
        self.current = current
        return self._arrange(max(0, self.count - 1))

    def toggle(self, thought: int) -> int:
        return self.open(thought, not self.is_open(thought))

    def open(self, thought: int, opened: bool = True) -> int:
        """Open or fold a thought, whatever comes. Returns the first line that is other than before."""
        self._chosen[thought] = opened
        return self._arrange(thought)

    def toggle_all(self) -> None:
        """Open all thoughts, those to come as well; where all are open fold them."""
        thoughts = range(len(self.turn.thoughts))
        self._all = not all(self.is_open(thought) for thought in thoughts)
        self._chosen = {} if self._all else dict.fromkeys(thoughts, False)
        self._arrange(0)

    def wrap(self, width: int) -> None:
        """Break the open texts at another width."""
        self.width = width
        for text in self._texts.values():
            text.wrap(width)
        self._arrange(0)

    def _arrange(self, first: int) -> int:
        """Count the lines from a thought on. Returns the first of them that is other than before."""
        changed, before, known = self._tops[first], self.count, first in self._texts
        del self._tops[first + 1:]
        if not self.width:
            return changed
        for index in range(first, len(self.turn.thoughts)):
            self._tops.append(self._tops[-1] + 1)
            if not self.is_open(index):
                self._texts.pop(index, None)
                continue
            text = self._texts.setdefault(index, ThoughtText(self.width))
            grown = text.take(self.turn.thoughts[index])
            self._tops[-1] += len(text)
            if known and index == first == before - 1:
                changed += 1 + grown
        return changed
