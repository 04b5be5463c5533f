"""Text of unknown origin, as it may be shown: nothing in it is obeyed by a terminal."""
from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

# C0 and C1 controls but tab and newline, other line ends, and the marks that reorder a line
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
PLAIN = re.compile(r"[\w@%+=:,./\\-]+", re.ASCII)  # nothing here means anything to a shell of Windows


def visible(text: str) -> str:
    """The text with control characters written out, so that it cannot move the cursor or change the colours."""
    return UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def printable(text: str) -> str:
    """The text on one line: whatever a terminal would not simply print is written as an escape."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def shown(value: object, limit: int = 60) -> str:
    """A value of unknown origin as it may stand in a one-line message: quoted, escaped and short."""
    text = repr(value[:limit] if isinstance(value, (str, bytes)) else value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown_name(name: str | Path) -> str:
    """A name or a path as it is, or quoted where it holds what cannot be printed."""
    return str(name) if str(name).isprintable() else repr(str(name))


def as_typed(word: str) -> str:
    """In quotes where a shell would not take it as it is."""
    if sys.platform != "win32":
        return shlex.quote(word)
    return word if PLAIN.fullmatch(word) else f'"{word}"'  # no name of a file has a quote in it there
