"""What a person types, or a pipe brings, line by line: a thread reads, so that an answer can go on meanwhile."""
from __future__ import annotations

import codecs
import io
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

READ_BYTES = 65_536  # at a time
MOST_AHEAD = 1000  # lines that are read before they are wanted
RETRY_SECONDS = 0.05  # until a stream that had nothing yet is asked again
Read = Callable[[], bytes | None]  # b"" at the end, None where there is nothing yet


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a person said: a question of any number of lines, or a command with its slash."""

    text: str
    is_command: bool


class Assembly:
    """Puts lines together: one that ends in a backslash goes on, and /paste takes all lines to a single dot."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.pasting = False

    @property
    def begun(self) -> bool:
        """Whether more lines are wanted."""
        return self.pasting or bool(self._parts)

    def add(self, line: str) -> Said | None:
        """Take in a line; returns what is complete with it."""
        if self.pasting:
            if line == ".":
                return self.end()
            self._parts.append(line)
            return None
        if not self._parts and line.strip() == "/paste":
            self.pasting = True
            return None
        if line.endswith("\\"):
            self._parts.append(line[:-1])
            return None
        self._parts.append(line)
        return self.end()

    def end(self) -> Said | None:
        """What there is, complete or not; None for nothing but space."""
        text = "\n".join(self._parts)
        said = Said(text.strip(), text.startswith("/") and not self.pasting) if text.strip() else None
        self._parts, self.pasting = [], False
        return said


class Lines:
    """A stream's lines, without their ends. `typed` says that a person sits at the other end."""

    def __init__(self, read: Read, encoding: str, typed: bool) -> None:
        self._read, self._encoding, self.typed = read, encoding, typed
        self._queue: queue.Queue[str | None] = queue.Queue(MOST_AHEAD)
        self.ended = False

    def start(self) -> None:
        threading.Thread(target=self._fill, daemon=True).start()

    def get(self, seconds: float) -> str | None:
        """The next line, after waiting for it up to so long; None where there is none, or at the end."""
        if self.ended:
            time.sleep(seconds)
            return None
        try:
            line = self._queue.get(timeout=seconds) if seconds else self._queue.get_nowait()
        except queue.Empty:
            return None
        self.ended = line is None
        return line

    def _fill(self) -> None:
        for line in self._lines():
            self._queue.put(line.removesuffix("\r"))
        self._queue.put(None)

    def _lines(self) -> Iterator[str]:
        parts: list[str] = []
        for text in self._texts():
            first, *more = text.split("\n")
            parts.append(first)
            for line in more:
                yield "".join(parts)
                parts = [line]
        if any(parts):
            yield "".join(parts)

    def _texts(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)("surrogateescape")
        with suppress(OSError):  # where the terminal is gone, its text has ended
            while (data := self._read()) != b"":
                if data is None:
                    time.sleep(RETRY_SECONDS)
                else:
                    yield decoder.decode(data)
        yield decoder.decode(b"", True)


def standard_input() -> Lines:
    """Unbuffered: a thread that waits within a buffer would hold its lock when the program ends."""
    assert isinstance(sys.stdin, io.TextIOWrapper) and isinstance(sys.stdin.buffer, io.BufferedReader)
    raw = sys.stdin.buffer.raw  # of a file, a pipe and a console alike
    return Lines(partial(raw.read, READ_BYTES), sys.stdin.encoding, sys.stdin.isatty())
