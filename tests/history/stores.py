"""Stores as tests need them: a clock that is set by hand, raw SQL beside them, and disks that fail when told to."""
from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from localthink.history import History, Piece

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)  # halves of surrogate pairs as well
ODD_TEXT = "\0a\ud83d\ude00\udfff\ud800 \"\u0301\n\0"  # what random texts seldom have


class Clock:
    """Seconds since 1970, as far as a test is concerned."""

    def __init__(self, time: float = 1_000_000.5) -> None:
        self.time = time

    def __call__(self) -> float:
        return self.time


def sql(path: Path, statement: str, *values: object) -> list[Any]:
    """What another program does to the file, or sees in it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def everything(path: Path) -> list[Any]:
    """All rows of a store, whose index must agree with them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for index in ("titles", "texts"):
            connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
        return [connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
                for table in ("conversations", "messages", "pieces", "tokens")]


def piece(text: str, thought: int = -1) -> Piece:
    return Piece(thought, text, 1, 0.25, 0.5)


def asked(store: History, question: str = "why?", title: str = "a title") -> tuple[int, int]:
    """A new conversation with one question: the ids of both."""
    conversation = store.create(title)
    return conversation, store.add_message(conversation, None, "user", question)


def contents(store: History, conversation: int) -> list[str]:
    return [message.content for message in store.path(conversation)]


class Faults(list[sqlite3.Connection]):
    """The connections that were opened, and how many more statements they carry out before one fails; None is never."""

    left: int | None = None
    code = sqlite3.SQLITE_IOERR
    rolls_back = True

    def arm(self, left: int, code: int = sqlite3.SQLITE_IOERR, rolls_back: bool = True) -> None:
        self.left, self.code, self.rolls_back = left, code, rolls_back

    def disarm(self) -> None:
        self.left = None

    def count(self, statement: str) -> None:
        """Fails at the last statement that is left, and from then on if asked to roll back where it must not."""
        if self.left is None or (statement == "ROLLBACK" and (self.rolls_back or self.left >= 0)):
            return
        self.left -= 1
        if self.left < 0:
            error = sqlite3.OperationalError("a fault of the test")
            error.sqlite_errorcode = self.code
            raise error


def failing(monkeypatch: pytest.MonkeyPatch) -> Faults:
    """From here on the connections of this process fail as the faults are told to."""
    real, faults = sqlite3.connect, Faults()

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            faults.count(statement)
            return super().execute(statement, *values)

        def executemany(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
            faults.count(statement)
            return super().executemany(statement, values)

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        faults.append(real(*arguments, **options, factory=Connection))
        return faults[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    return faults
