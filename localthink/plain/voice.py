"""Where a plain conversation is written: answers on one stream, all else on another; only ever appended."""
from __future__ import annotations

from localthink.text.page import DIM, HELD_STYLE, Sheet
from localthink.text.terminal import Terminal


class Voice:
    """Two streams; those that are terminals are taken to be one screen."""

    def __init__(self, out: Terminal, err: Terminal) -> None:
        self._out, self._err = out, err
        self._screen = out if out.is_terminal and not err.is_terminal else err
        self._prompted = self._answered = False

    def say(self, text: str, style: str = "") -> None:
        """A line, or several, that are no answer."""
        self.end_lines()
        self._err.write(f"{text}\n", style)

    def warn(self, text: str) -> None:
        self.say(text, HELD_STYLE)

    def answer(self, text: str) -> None:
        """An answer, or a part of one, as a whole."""
        sheet = self.sheet()
        sheet.answer(text)
        sheet.end()

    def sheet(self) -> Sheet:
        """For an answer that is written from now on; in a pipe a blank line comes between two."""
        self.end_lines()
        if self._answered and not self._out.is_terminal:
            self._out.write("\n")
        self._answered = True
        return Sheet(self._out, self._err)

    def side_sheet(self) -> Sheet:
        """For what was written before: a pipe of answers does not get it again."""
        self.end_lines()
        return Sheet(self._err, self._err)

    def prompt(self, mark: str) -> None:
        """Say that a line is expected, once."""
        if self._screen.is_terminal and not self._prompted:
            self.end_lines()
            self._screen.write(f"{mark} ", DIM)
            self._prompted = True

    def entered(self) -> None:
        """A line was typed: its end is on the screen."""
        self._prompted = False
        self._err.at_line_start = True
        if self._out.is_terminal:
            self._out.at_line_start = True

    def end_lines(self) -> None:
        self._prompted = False
        self._err.end_line()
        if self._out.is_terminal:  # a pipe may be in the middle of an answer, which goes on behind what is said
            self._out.end_line()
