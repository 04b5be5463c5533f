"""Writing to a terminal or to a pipe: colour only where it is wanted, nothing a model says is obeyed."""
from __future__ import annotations

import json
import os
import sys
from typing import TextIO

import click

from localthink.errors import UsageError
from localthink.text.visible import visible


def redraws(stream: TextIO) -> bool:
    """Whether what is written to it can be drawn anew: on a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def json_line(value: object) -> str:
    """JSON for standard output: plain ASCII on a terminal, which obeys control characters, UTF-8 in a pipe."""
    return json.dumps(value, ensure_ascii=sys.stdout.isatty())


class Terminal:
    """One stream. On a terminal, text is made visible and may be styled; a pipe gets it as it is."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.colour = self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.at_line_start = True

    def write(self, text: str, style: str = "") -> None:
        """Write at once. `style` holds the numbers of an ANSI sequence, such as "2" for dim."""
        if not text:
            return
        self.at_line_start = text.endswith("\n")
        if self.is_terminal:
            text = visible(text)
        if self.colour and style:
            text = f"\x1b[{style}m{text}\x1b[0m"
        click.echo(self.sayable(text), self.stream, nl=False, color=self.colour)  # colorama on Windows, and a flush

    def replace_line(self, text: str) -> None:
        """Write over the current line, on a terminal that can."""
        if self.colour:
            click.echo(f"\r\x1b[K{self.sayable(text)}", self.stream, nl=False, color=True)

    def end_line(self) -> None:
        if not self.at_line_start:
            self.write("\n")

    def sayable(self, text: str) -> str:
        """The text as the stream's encoding can say it."""
        encoding = self.stream.encoding or "utf-8"
        return text.encode(encoding, "replace").decode(encoding)


def read_text(argument: str | None, what: str) -> str:
    """The text given as an argument, or standard input for `-` or where nothing was given and it is piped."""
    if argument is None and sys.stdin.isatty():
        raise UsageError(f"there is no {what}: give one as an argument, or - to read standard input")
    text = sys.stdin.read() if argument in (None, "-") else argument
    assert text is not None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"the {what} is not UTF-8 at character {error.start + 1}: save or type it as UTF-8") from None
    if not text.strip():
        raise UsageError(f"the {what} is empty: give some text")
    return text
