"""What goes into the store of conversations and comes out of it, frozen."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from localthink.records import Role

# of an answer; others are always "stop"
State = Literal["writing", "stop", "length", "cancelled", "loop", "confidence", "interrupted"]


@dataclass(frozen=True, slots=True)
class ThoughtSpan:
    """One thought of a stored answer; the thoughts lie one after the other in its `thinking`.

    `ticks` are the offsets in the thought's text, in characters, at which a switch was held back.
    """

    characters: int
    tokens: int
    held: float
    seconds: float
    ticks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """What was written of one thought, or of the answer (thought -1), since the last save.

    `ticks` are offsets in the text of the whole thought, in characters.
    """

    thought: int
    text: str
    tokens: int
    held: float
    seconds: float
    ticks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenRun:
    """Token ids that an answer has written from its `start`-th on. `seal` is that of all its text and ids with them."""

    start: int
    ids: tuple[int, ...]
    seal: int


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it was last saved; `details` are an answer's model, settings, seed and statistics.

    `token_ids` are those of an answer that ended early, or is being written; none where they are not known, or
    not known to be the ones that its text was made of.
    """

    id: int
    conversation: int
    parent: int | None
    role: Role
    content: str
    thinking: str
    thoughts: tuple[ThoughtSpan, ...]
    state: State
    created: float
    details: Mapping[str, Any]
    token_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation in a list. `turns` counts its user messages, on all branches; times are seconds since 1970."""

    id: int
    title: str
    created: float
    updated: float
    turns: int


@dataclass(frozen=True, slots=True)
class Hit:
    """Where words were found: the message, or for a title the first message shown (0 where there is none)."""

    conversation: int
    title: str
    message: int
    excerpt: str
