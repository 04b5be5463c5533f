"""The texts of a message: how they are stored, and how an unfinished answer is put together from its pieces."""
from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, cast, get_args

from localthink.errors import HistoryError
from localthink.history.records import Piece, State, StoredMessage, ThoughtSpan
from localthink.history.tokens import read_tokens, storable
from localthink.records import Role

ALIVE_SECONDS = 15.0  # an unfinished answer that was saved more recently is taken to be still written
ANSWER = -1  # what a piece of no thought has for its thought
LATEST = 2e11  # seconds since 1970: calendars end soon after
ENDED = frozenset(get_args(State)) - {"writing"}  # whatever else a state reads, the answer may have pieces


class Texts(NamedTuple):
    content: str
    thinking: str
    thoughts: Sequence[ThoughtSpan]


def moment(column: str) -> str:
    """SQL for a time that can be shown, whatever damage has made of it."""
    return f"max(0.0, min(ifnull({column}, 0.0), {LATEST}))"


def finite(value: Any) -> Any:
    """For JSON, which has neither infinity nor NaN: they become "inf", "-inf" and "nan", which float() reads."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(float(value))
    if isinstance(value, Mapping):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return value


def json_of(value: Any) -> str:
    return storable(json.dumps(finite(value), allow_nan=False, ensure_ascii=False, separators=(",", ":")))


def spans_json(thoughts: Iterable[ThoughtSpan]) -> str:
    return json_of([[span.characters, span.tokens, span.held, span.seconds, span.ticks] for span in thoughts])


def spans_of(text: str) -> tuple[ThoughtSpan, ...]:
    return tuple(ThoughtSpan(characters, tokens, float(held), float(seconds), tuple(ticks))
                 for characters, tokens, held, seconds, ticks in json.loads(text))


def as_pieces(texts: Texts) -> list[Piece]:
    """What `join` makes the same texts of."""
    return [Piece(ANSWER, texts.content, 0, 0.0, 0.0), *thoughts_of(texts.thinking, texts.thoughts)]


def thoughts_of(thinking: str, thoughts: Sequence[ThoughtSpan]) -> Iterator[Piece]:
    """The thoughts with their texts; thinking beyond the last one's end is taken as its own."""
    start = 0
    thoughts = thoughts or [ThoughtSpan(len(thinking), 0, 0.0, 0.0)] * bool(thinking)
    for index, span in enumerate(thoughts):
        end = start + span.characters if index + 1 < len(thoughts) else len(thinking)
        yield Piece(index, thinking[start:end], span.tokens, span.held, span.seconds, span.ticks)
        start = end


def join(pieces: Iterable[Piece]) -> Texts:
    """The texts that pieces make in the order in which they were written."""
    parts: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        parts[piece.thought].append(piece)
    answer = "".join(piece.text for piece in parts.pop(ANSWER, ()))
    thoughts = [parts[index] for index in range(max(parts, default=-1) + 1)]
    texts = ["".join(piece.text for piece in thought) for thought in thoughts]
    return Texts(answer, "".join(texts), [
        ThoughtSpan(len(text), sum(piece.tokens for piece in thought), sum(piece.held for piece in thought),
                    sum(piece.seconds for piece in thought), tuple(tick for piece in thought for tick in piece.ticks))
        for text, thought in zip(texts, thoughts, strict=True)])


def add_pieces(connection: sqlite3.Connection, message: int, pieces: Iterable[Piece]) -> None:
    connection.executemany(
        "INSERT INTO pieces (message, thought, text, tokens, held, seconds, ticks) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(message, piece.thought, storable(piece.text), piece.tokens, finite(piece.held), finite(piece.seconds),
          json_of(piece.ticks)) for piece in pieces])


def read_texts(connection: sqlite3.Connection, message: int) -> Texts:
    """What was saved as a whole, and the pieces that have come since. Raises HistoryError where it is damaged."""
    state, thoughts, content, thinking = connection.execute(
        "SELECT state, thoughts, content, thinking FROM messages WHERE id = ?", (message,)).fetchone()
    with undamaged(message):
        texts = Texts(content, thinking, spans_of(thoughts))
        return texts if state in ENDED else join([*as_pieces(texts), *read_pieces(connection, message)])


def read_message(connection: sqlite3.Connection, message: int, now: float) -> StoredMessage:
    """A message as it is at this moment."""
    conversation, parent, role, state, created, beat, details = connection.execute(
        f"SELECT conversation, parent, role, state, {moment('created')}, {moment('beat')}, details FROM messages "
        "WHERE id = ?", (message,)).fetchone()
    content, thinking, thoughts = read_texts(connection, message)
    with undamaged(message):
        check_words(role, content, thinking)
        return StoredMessage(message, conversation, parent, role, content, thinking, tuple(thoughts),
                             state_at(state, beat, now), created, dict(json.loads(details)),
                             read_tokens(connection, message, content, thinking))


def check_words(role: Any, *texts: Any) -> None:
    if role not in get_args(Role):
        raise ValueError(f"it is by {role!r}")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("its text is gone")


@contextmanager
def undamaged(message: int) -> Iterator[None]:
    """Say in one line that a stored message does not mean anything. Raises HistoryError."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise HistoryError(f"message {message} of the store is damaged ({error}): delete its conversation") from None


def read_pieces(connection: sqlite3.Connection, message: int) -> list[Piece]:
    return [Piece(thought, text, tokens, float(held), float(seconds), tuple(json.loads(ticks)))
            for thought, text, tokens, held, seconds, ticks in connection.execute(
                "SELECT thought, text, tokens, held, seconds, ticks FROM pieces WHERE message = ? ORDER BY id",
                (message,))]


def state_at(state: str, beat: float, now: float) -> State:
    """A beat far ahead is of a clock that was put back since: its program is no more alive than with one long ago."""
    return cast(State, state) if state in ENDED else "interrupted" if abs(now - beat) > ALIVE_SECONDS else "writing"


def write_texts(connection: sqlite3.Connection, message: int, texts: Texts, state: State) -> bool:
    """Store a message as a whole, in place of its pieces; False where it is not there any more."""
    connection.execute("DELETE FROM pieces WHERE message = ?", (message,))
    return connection.execute(
        "UPDATE messages SET content = ?, thinking = ?, thoughts = ?, state = ? WHERE id = ?",
        (storable(texts.content), storable(texts.thinking), spans_json(texts.thoughts), state, message)).rowcount == 1
