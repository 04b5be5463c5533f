"""The token ids of an answer that is not finished, and whether they are the ones that its text was made of.

They are written in the transaction in which the text is. What disturbs either alone all the same (damage, a program
that wakes up after another has gone on with its answer) is known by a seal over both.
"""
from __future__ import annotations

import json
import re
import sqlite3
import zlib
from array import array
from collections.abc import Sequence

from localthink.history.records import TokenRun

SURROGATES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """UTF-8 has no half of a surrogate pair: U+FFFD stands in its place, so that offsets stay right."""
    return SURROGATES.sub("\ufffd", text)


def seal(content: str, thinking: str, ids: Sequence[int]) -> int:
    """A checksum of the two texts of an answer and of the ids of all its tokens."""
    texts = storable(f"{len(content)} {content}{thinking}").encode()
    return zlib.crc32(array("q", ids).tobytes(), zlib.crc32(texts))


def add_tokens(connection: sqlite3.Connection, message: int, run: TokenRun) -> None:
    """Keep what follows the tokens before its start, in place of what did so."""
    connection.execute("DELETE FROM tokens WHERE message = ? AND start >= ?", (message, run.start))
    if run.ids:
        connection.execute("INSERT INTO tokens (message, start, seal, ids) VALUES (?, ?, ?, ?)",
                           (message, run.start, run.seal, json.dumps(run.ids, separators=(",", ":"))))


def read_tokens(connection: sqlite3.Connection, message: int, content: str, thinking: str) -> tuple[int, ...]:
    """The ids of all that was written; none where they do not belong to these texts."""
    ids: list[int] = []
    runs = connection.execute("SELECT start, ids, seal FROM tokens WHERE message = ? ORDER BY start",
                              (message,)).fetchall()
    try:
        for start, run, _ in runs:
            if start != len(ids):
                return ()
            ids += json.loads(run)
        return tuple(ids) if ids and runs[-1][2] == seal(content, thinking, ids) else ()
    except (ValueError, TypeError, OverflowError, RecursionError):
        return ()
