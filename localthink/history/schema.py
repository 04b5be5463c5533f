"""The tables of the store. A version is never changed: what is to be different is another script at the end."""
from __future__ import annotations

import sqlite3
from pathlib import Path

from localthink.errors import UsageError

APPLICATION = 0x6C74686B  # "lthk": what PRAGMA application_id says of a file of ours

# AUTOINCREMENT: an id that a window still holds is never another message's. What is large comes last in a
# row, so that reading the rest does not touch it. The index of words keeps no text of its own, and its
# triggers see every change; a parent's choice and an answer's beat change none of what they index.
FIRST = """
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    deleted REAL,
    chosen INTEGER,
    title TEXT NOT NULL)

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL,
    parent INTEGER,
    chosen INTEGER,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    beat REAL NOT NULL,
    details TEXT NOT NULL,
    thoughts TEXT NOT NULL,
    content TEXT NOT NULL,
    thinking TEXT NOT NULL)

CREATE INDEX messages_of ON messages (conversation, parent, role)

CREATE INDEX messages_unfinished ON messages (id) WHERE state = 'writing'

CREATE TABLE pieces (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    thought INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    held REAL NOT NULL,
    seconds REAL NOT NULL,
    ticks TEXT NOT NULL,
    text TEXT NOT NULL)

CREATE INDEX pieces_of ON pieces (message)

CREATE VIRTUAL TABLE titles USING fts5 (
    title, content = 'conversations', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2')

CREATE TRIGGER title_in AFTER INSERT ON conversations BEGIN
    INSERT INTO titles (rowid, title) VALUES (new.id, new.title);
END

CREATE TRIGGER title_out AFTER DELETE ON conversations BEGIN
    INSERT INTO titles (titles, rowid, title) VALUES ('delete', old.id, old.title);
END

CREATE TRIGGER title_changed AFTER UPDATE OF title ON conversations BEGIN
    INSERT INTO titles (titles, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO titles (rowid, title) VALUES (new.id, new.title);
END

CREATE VIRTUAL TABLE texts USING fts5 (
    content, thinking, content = 'messages', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2')

CREATE TRIGGER text_in AFTER INSERT ON messages BEGIN
    INSERT INTO texts (rowid, content, thinking) VALUES (new.id, new.content, new.thinking);
END

CREATE TRIGGER text_out AFTER DELETE ON messages BEGIN
    INSERT INTO texts (texts, rowid, content, thinking) VALUES ('delete', old.id, old.content, old.thinking);
END

CREATE TRIGGER text_changed AFTER UPDATE OF content, thinking ON messages BEGIN
    INSERT INTO texts (texts, rowid, content, thinking) VALUES ('delete', old.id, old.content, old.thinking);
    INSERT INTO texts (rowid, content, thinking) VALUES (new.id, new.content, new.thinking);
END
"""
# What an unfinished answer goes on with. Earlier versions kept the ids beside the text, and did not write both at once:
# those are not used.
SECOND = """
CREATE TABLE tokens (
    message INTEGER NOT NULL,
    start INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    ids TEXT NOT NULL,
    PRIMARY KEY (message, start))
"""
MIGRATIONS = (FIRST, SECOND)  # statements parted by an empty line; the first makes version 1 of an empty file


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the latest version, within the transaction that is open. Raises UsageError as `check` does."""
    version = check(connection, path)
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        for statement in script.strip().split("\n\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")


def check(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the file, 0 for an empty one. Raises UsageError where it is newer than this, or not ours."""
    version = pragma(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    ours = APPLICATION if version or tables else 0
    if pragma(connection, "application_id") != ours:
        raise UsageError(f"{path} is the database of another program: move it away, and a new one will be made")
    if version > len(MIGRATIONS):
        raise UsageError(f"{path} was written by a newer localthink (version {version}; this one reads up to "
                         f"{len(MIGRATIONS)}): install the newer localthink, or move the file away")
    return version


def pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
