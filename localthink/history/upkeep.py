"""What is put in order when the store is opened: the long deleted goes, and what nobody finished is finished."""
from __future__ import annotations

import sqlite3
from contextlib import suppress

from localthink.errors import HistoryError
from localthink.history.texts import read_texts, write_texts

UNDO_SECONDS = 86400.0  # a deleted conversation can be brought back for so long
ABANDONED_SECONDS = 3600.0  # an unfinished answer that was not saved for so long is stored as interrupted


def tidy(connection: sqlite3.Connection, now: float) -> None:
    remove_deleted(connection, now - UNDO_SECONDS)
    gather_unfinished(connection, now)


def remove_deleted(connection: sqlite3.Connection, before: float) -> None:
    """Remove for good what was deleted before this moment; the triggers mark its words in the index as gone."""
    gone = "SELECT id FROM conversations WHERE deleted < ?"
    messages = f"SELECT id FROM messages WHERE conversation IN ({gone})"
    for table in ("pieces", "tokens"):
        connection.execute(f"DELETE FROM {table} WHERE message IN ({messages})", (before,))
    connection.execute(f"DELETE FROM messages WHERE conversation IN ({gone})", (before,))
    if connection.execute("DELETE FROM conversations WHERE deleted < ?", (before,)).rowcount:
        for index in ("titles", "texts"):  # the words themselves go when the index is put together anew
            connection.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")


def gather_unfinished(connection: sqlite3.Connection, now: float) -> None:
    """Store as interrupted, so that it is found by its words, what has long shown no sign of life.

    Should its program wake up after all it goes on where it was: what it adds comes behind, what it finishes wins.
    """
    unfinished = connection.execute(
        "SELECT id FROM messages WHERE state = 'writing' AND abs(beat - ?) > ?", (now, ABANDONED_SECONDS)).fetchall()
    for (message,) in unfinished:
        with suppress(HistoryError):  # a damaged one is told of when it is read, and keeps nobody from the rest
            write_texts(connection, message, read_texts(connection, message), "interrupted")
