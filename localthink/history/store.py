"""Conversations as trees of messages: nothing is overwritten, and every parent remembers its chosen child.

An answer that is being written is saved piece by piece, and as a whole when it ends. Used from one thread;
any number of programs may use the same file.
"""
from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from localthink.errors import HistoryError
from localthink.history.database import Database
from localthink.history.records import Conversation, Hit, Piece, State, StoredMessage, ThoughtSpan, TokenRun
from localthink.history.search import search
from localthink.history.texts import Texts, add_pieces, json_of, moment, read_message, write_texts
from localthink.history.tokens import add_tokens, seal, storable
from localthink.history.upkeep import tidy
from localthink.records import Role

LOCK_SECONDS = 5.0  # seconds to wait for another program's transaction
EVERY = f"""
    SELECT id, CAST(ifnull(title, '') AS TEXT), {moment("created")}, {moment("updated")},
        (SELECT count(*) FROM messages WHERE conversation = conversations.id AND role = 'user')
    FROM conversations"""
LISTED = f"{EVERY} WHERE deleted IS NULL"


class History:
    """The store in the file `path`, which is made where there is none; `now` gives seconds since 1970.

    Raises UsageError where the file cannot be used: of a newer localthink, damaged, not to be written.
    Every method raises HistoryError where the store cannot be read or written, or lacks what it is asked
    to change; it has then changed nothing, and works again once the cause is gone.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time, lock_seconds: float = LOCK_SECONDS) -> None:
        self._now = now
        self._database = Database(path, lock_seconds, lambda connection: tidy(connection, now()))

    # Conversations

    def conversations(self, limit: int = 200, offset: int = 0) -> list[Conversation]:
        """Those that are not deleted, the latest updated first."""
        with self._database.reading() as connection:
            return [Conversation(*row) for row in connection.execute(
                f"{LISTED} ORDER BY updated DESC, id DESC LIMIT ? OFFSET ?", (limit, offset))]

    def conversation(self, conversation: int) -> Conversation | None:
        """None where there is none, or it is deleted."""
        with self._database.reading() as connection:
            row = connection.execute(f"{LISTED} AND id = ?", (conversation,)).fetchone()
            return Conversation(*row) if row else None

    def latest(self) -> Conversation | None:
        """The one that was last written in."""
        return next(iter(self.conversations(limit=1)), None)

    def create(self, title: str) -> int:
        now = self._now()
        with self._database.writing() as connection:
            return _new_id(connection.execute(
                "INSERT INTO conversations (title, created, updated) VALUES (?, ?, ?)", (storable(title), now, now)))

    def rename(self, conversation: int, title: str) -> None:
        self._change(conversation, "title = ?", storable(title))

    def delete(self, conversation: int) -> None:
        """Leave it out from now on; when the store is opened after more than a day it is removed for good."""
        self._change(conversation, "deleted = coalesce(deleted, ?)", self._now())

    def deleted(self) -> list[Conversation]:
        """Those that can be had back, the latest deleted last."""
        with self._database.reading() as connection:
            return [Conversation(*row) for row in connection.execute(
                f"{EVERY} WHERE deleted IS NOT NULL ORDER BY deleted, id")]

    def restore(self, conversation: int) -> None:
        self._change(conversation, "deleted = ?", None)

    def _change(self, conversation: int, change: str, value: object) -> None:
        with self._database.writing() as connection:
            if not connection.execute(f"UPDATE conversations SET {change} WHERE id = ?",
                                      (value, conversation)).rowcount:
                raise _gone("conversation", conversation)

    # Messages

    def add_message(self, conversation: int, parent: int | None, role: Role, content: str) -> int:
        """Add a message, which becomes its parent's chosen child; returns its id.

        A conversation that another window deleted is had back: somebody is talking in it.
        """
        return self._add(conversation, parent, role, "stop", storable(content), {})

    def begin_answer(self, conversation: int, parent: int, details: Mapping[str, Any]) -> int:
        """Add an answer that is about to be written, as `add_message` does; `append` and `finish` fill it.

        An infinite or undefined number in `details` is kept as "inf", "-inf" or "nan", which float() reads.
        """
        return self._add(conversation, parent, "assistant", "writing", "", details)

    def _add(self, conversation: int, parent: int | None, role: Role, state: State, content: str,
             details: Mapping[str, Any]) -> int:
        now = self._now()
        with self._database.writing() as connection:
            if not connection.execute("UPDATE conversations SET updated = ?, deleted = NULL WHERE id = ?",
                                      (now, conversation)).rowcount:
                raise _gone("conversation", conversation)
            if parent is not None and _place(connection, parent)[0] != conversation:
                raise HistoryError(f"message {parent} is of another conversation than {conversation}: give one of its "
                                   "own as the parent")
            message = _new_id(connection.execute(
                "INSERT INTO messages (conversation, parent, role, state, created, beat, details, thoughts, content, "
                "thinking) VALUES (?, ?, ?, ?, ?, ?, ?, '[]', ?, '')",
                (conversation, parent, role, state, now, now, json_of(details), content)))
            _choose(connection, conversation, parent, message)
            return message

    def append(self, message: int, pieces: Sequence[Piece], run: TokenRun | None = None,
               details: Mapping[str, Any] | None = None) -> None:
        """Save what was written of an answer since the last time; with no pieces, that it is still at work.

        An answer that had ended is being written again from here on: its text so far comes before the pieces.
        `run` are the tokens that the pieces were made of, `details` what is now to be known beside the answer.
        """
        with self._database.writing() as connection:
            if not connection.execute("UPDATE messages SET state = 'writing', beat = ? WHERE id = ?",
                                      (self._now(), message)).rowcount:
                raise _gone("message", message)
            add_pieces(connection, message, pieces)
            if run is not None and run.ids:
                add_tokens(connection, message, run)
            if details is not None:
                connection.execute("UPDATE messages SET details = ? WHERE id = ?", (json_of(details), message))

    def finish(self, message: int, content: str, thinking: str, thoughts: Sequence[ThoughtSpan], state: State,
               details: Mapping[str, Any], token_ids: Sequence[int] = ()) -> None:
        """Save an answer as a whole, in place of everything that was saved of it before.

        `token_ids` are those that it was made of, where it may go on.
        """
        now = self._now()
        with self._database.writing() as connection:
            if not write_texts(connection, message, Texts(content, thinking, thoughts), state):
                raise _gone("message", message)
            connection.execute("UPDATE messages SET beat = ?, details = ? WHERE id = ?",
                               (now, json_of(details), message))
            add_tokens(connection, message, TokenRun(0, tuple(token_ids), seal(content, thinking, token_ids)))
            connection.execute("UPDATE conversations SET updated = ? WHERE id = ?",
                               (now, _place(connection, message)[0]))

    def path(self, conversation: int) -> list[StoredMessage]:
        """What a person sees: from the chosen root along the chosen children, the newest where none was chosen."""
        with self._database.reading() as connection:
            root = connection.execute("SELECT chosen FROM conversations WHERE id = ?", (conversation,)).fetchone()
            messages = connection.execute("SELECT id, parent, chosen FROM messages WHERE conversation = ? ORDER BY id",
                                          (conversation,)).fetchall()
            return self._read(connection, _shown(messages, root[0] if root else None))

    def siblings(self, message: int) -> list[int]:
        """The messages in the same place, itself included, in the order of their creation; none of a lost one."""
        with self._database.reading() as connection:
            return [number for number, in connection.execute(
                "SELECT other.id FROM messages JOIN messages other ON other.conversation = messages.conversation "
                "AND other.parent IS messages.parent WHERE messages.id = ? ORDER BY other.id", (message,))]

    def choose(self, message: int) -> None:
        """Let it, and all that it answers to, be what is seen; what follows it is what was chosen there before."""
        with self._database.writing() as connection:
            child: int | None = message
            while child is not None:
                conversation, parent = _place(connection, child)
                _choose(connection, conversation, parent, child)
                child = parent

    def messages(self, conversation: int) -> list[StoredMessage]:
        """All of its branches, by id."""
        with self._database.reading() as connection:
            return self._read(connection, [number for number, in connection.execute(
                "SELECT id FROM messages WHERE conversation = ? ORDER BY id", (conversation,))])

    def _read(self, connection: sqlite3.Connection, messages: Sequence[int]) -> list[StoredMessage]:
        now = self._now()
        return [read_message(connection, message, now) for message in messages]

    def search(self, words: str, limit: int = 50) -> list[Hit]:
        """Where all the words are found, in titles, questions, thinking and answers; the last may be a beginning."""
        with self._database.reading() as connection:
            return search(connection, words, limit)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _new_id(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _gone(what: str, number: int) -> HistoryError:
    return HistoryError(f"{what} {number} is not in the store any more: it was removed permanently")


def _place(connection: sqlite3.Connection, message: int) -> tuple[int, int | None]:
    """Conversation and parent of a message."""
    row = connection.execute("SELECT conversation, parent FROM messages WHERE id = ?", (message,)).fetchone()
    if row is None:
        raise _gone("message", message)
    conversation, parent = row
    return conversation, parent


def _shown(messages: Sequence[tuple[int, int | None, int | None]], root: int | None) -> list[int]:
    """The path through messages, each given as its id, its parent and its chosen child, in the order of their ids."""
    children: dict[int | None, list[int]] = {}
    chosen: dict[int | None, int | None] = {None: root}
    for message, parent, choice in messages:
        children.setdefault(parent, []).append(message)
        chosen[message] = choice
    path: list[int] = []
    place: int | None = None
    while among := children.get(place):
        choice = chosen[place]
        place = choice if choice is not None and choice in among else among[-1]
        path.append(place)
    return path


def _choose(connection: sqlite3.Connection, conversation: int, parent: int | None, message: int) -> None:
    """Let a parent, or the conversation for a root, remember its child."""
    table, place = ("conversations", conversation) if parent is None else ("messages", parent)
    connection.execute(f"UPDATE {table} SET chosen = ? WHERE id = ?", (message, place))
