"""What a command of a plain conversation gets to work with."""
from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from localthink.chat.session import Session
from localthink.chat.surveying import Surveyor
from localthink.plain.news import Narrator
from localthink.plain.voice import Voice


class Talk(Protocol):
    """A conversation under way, as its commands see it; `PlainChat` is one.

    `deleted` are conversations that can be brought back, the latest last.
    """

    session: Session
    voice: Voice
    news: Narrator
    surveyor: Surveyor
    clock: Callable[[], float]
    deleted: list[int]

    def ask(self, asking: Callable[[], None]) -> None:
        """Ask the model something, in place of what may be waiting because it did not fit."""

    def ask_again(self) -> None:
        """Once a model is open, ask what did not fit."""

    def stop(self) -> bool:
        """End what is under way; False where nothing is."""

    def leave(self, code: int = 0) -> None:
        """End the conversation, with this exit code."""


Act = Callable[[Talk, str], None]  # a command, which gets what follows its name
