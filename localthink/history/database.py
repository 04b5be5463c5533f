"""One SQLite file, used by several programs at once: opened with care, changed in whole transactions.

Knows what can go wrong with a file, and nothing of what is in it beyond its version.
"""
from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from localthink.errors import HistoryError, UsageError
from localthink.history.schema import check, migrate
from localthink.locations import HOME_VARIABLE

RETRY_SECONDS = 0.01  # until a locked file is tried again
REMEDIES = {
    sqlite3.SQLITE_FULL: "the disk is full: make room",
    sqlite3.SQLITE_BUSY: "another program keeps it locked: wait for it, or end it",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked: wait for it, or end it",
    sqlite3.SQLITE_READONLY: "it may only be read: change the permissions of the file and its folder",
    sqlite3.SQLITE_PERM: "its permissions forbid it: change them",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: look at the permissions of the file and its folder",
    sqlite3.SQLITE_IOERR: "the disk fails, or is full: look at it, or make room",
    sqlite3.SQLITE_CORRUPT: "it is damaged: put a copy in its place, or move it away, and a new one will be made",
    sqlite3.SQLITE_NOTADB: "it is no database: move it away, and a new one will be made",
}
TROUBLES = (sqlite3.DatabaseError, UnicodeDecodeError)  # the second where SQLite's own words quote damaged bytes
PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR,
           sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM}  # troubles of the moment, not of the file that was named


class Database:
    """Opens the file, which is made with its folder where there is none, and lets `tidy` put it in order.

    Waits `lock_seconds` seconds for other programs' transactions. Raises UsageError where the file cannot be
    used, and HistoryError where it cannot be used just now; reading and writing raise HistoryError.
    """

    def __init__(self, path: Path, lock_seconds: float, tidy: Callable[[sqlite3.Connection], None]) -> None:
        self.path = path
        with opening(path):
            make_file(path)
            self._file = identity(path)
            look(path)
            self._connection = connect(path, lock_seconds)
            try:
                with self._transaction("BEGIN IMMEDIATE"):
                    migrate(self._connection, path)
                    tidy(self._connection)
            except BaseException:
                self._connection.close()
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """What is read within it is the store at one moment, whatever other programs write meanwhile."""
        with self._told("read"), self._transaction("BEGIN"):
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of what is written within it comes to be when it ends, or nothing."""
        # IMMEDIATE: a transaction that began by reading could not wait for another program's to end
        with self._told("written"), self._transaction("BEGIN IMMEDIATE"):
            yield self._connection

    @contextmanager
    def _told(self, verb: str) -> Iterator[None]:
        """Say in one line what went wrong, but for a mistake of our own (ProgrammingError)."""
        try:
            self._check_there()
            yield
        except sqlite3.ProgrammingError:
            raise
        except (*TROUBLES, OverflowError) as error:
            raise HistoryError(f"{self.path} cannot be {verb}: {remedy(error)}") from None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._roll_back()  # where the disk let an earlier one neither end nor be taken back
        try:
            self._connection.execute(begin)
            yield
            self._connection.execute("COMMIT")
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with suppress(*TROUBLES):  # what went wrong before it is what is to be told
                self._connection.execute("ROLLBACK")

    def _check_there(self) -> None:
        """SQLite would go on writing to a file that has no name any more."""
        try:
            there = identity(self.path)
        except OSError as error:
            raise HistoryError(f"{self.path} is gone ({error.strerror}): put it back, or start again") from None
        if there != self._file:
            raise HistoryError(f"{self.path} is another file than the one that was opened: put that one back, or "
                               "start again")

    def close(self) -> None:
        self._connection.close()


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be opened, and whose trouble it is: the file's, or the moment's."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be opened: {error.strerror}: correct that, or let {HOME_VARIABLE} name "
                         "another folder") from None
    except TROUBLES as error:
        kind = HistoryError if primary_code(error) in PASSING else UsageError
        raise kind(f"{path} cannot be opened: {remedy(error)}") from None


def make_file(path: Path) -> None:
    """Make the folder and the file where there are none; only its owner may read what is said in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
    if path.is_dir():
        raise UsageError(f"{path} is a folder: move it away, and a new store will be made")


def identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def look(path: Path) -> None:
    """Raise UsageError where the file is not for this localthink; nothing of it is changed by looking."""
    # immutable, where no program has it open: SQLite would leave files beside one that it only reads
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    with suppress(*TROUBLES), \
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
        check(connection, path)  # what is wrong with it otherwise is told when it is opened


def connect(path: Path, lock_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=lock_seconds, isolation_level=None)
    connection.text_factory = readable
    try:
        # With the write-ahead log readers and a writer do not wait for each other, and what a transaction
        # wrote survives the death of its process at any moment. NORMAL does not sync it each time: a power
        # failure may cost the last second, but never the file.
        keep_log(connection, time.monotonic() + lock_seconds)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")  # what is removed is not to be read in the file's free space
    except BaseException:
        connection.close()
        raise
    return connection


def readable(text: bytes) -> str:
    """Damaged text is shown with U+FFFD for what is no UTF-8; the file keeps its bytes."""
    return text.decode("utf-8", "replace")


def keep_log(connection: sqlite3.Connection, until: float) -> None:
    """Turn the write-ahead log on; SQLite does not wait by itself where several programs do it at once."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(RETRY_SECONDS)


def primary_code(error: Exception) -> int:
    """SQLite's result code without its extension; 0 where it is not SQLite that complains."""
    if isinstance(error, UnicodeDecodeError):
        return sqlite3.SQLITE_CORRUPT
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def remedy(error: Exception) -> str:
    """What is wrong, and what to do about it; in SQLite's own words where it is nothing foreseen."""
    return REMEDIES.get(primary_code(error), " ".join(str(error).split()))
