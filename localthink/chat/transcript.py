"""The path through a conversation that a person sees, kept in the store as it grows.

Knows no engine. Where the store fails the path goes on in memory, `trouble` says why, and `catch_up`
saves what is missing once the store works again.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from localthink.chat.turn import Turn, stored_turn
from localthink.errors import HistoryError
from localthink.history import History, StoredMessage
from localthink.records import Message

TITLE = 60  # characters
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Entry:
    """One message on the path. `id` is None until it is saved; `turn` is an answer; `siblings` are saved ids."""

    role: Literal["user", "assistant"]
    content: str = ""
    turn: Turn | None = None
    id: int | None = None
    siblings: tuple[int, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, int]:
        """Which of how many siblings it is, from 1."""
        if self.id is None or self.id not in self.siblings:
            return 1, 1
        return self.siblings.index(self.id) + 1, len(self.siblings)

    def message(self) -> Message:
        return Message(self.role, self.turn.answer if self.turn is not None else self.content)


class Transcript:
    """The entries of one conversation, from its first to the latest."""

    def __init__(self, history: History | None) -> None:
        self.history = history
        self.conversation: int | None = None
        self.title = ""
        self.entries: list[Entry] = []
        self.trouble = ""

    def clear(self) -> None:
        self.conversation, self.title, self.entries = None, "", []

    def open(self, conversation: int) -> None:
        """Show a conversation of the store. Raises HistoryError where it cannot be read."""
        assert self.history is not None, "there is no store to open a conversation from"
        found = self.history.conversation(conversation)
        if found is None:
            raise HistoryError(f"conversation {conversation} is not there any more: choose another")
        path = self.history.path(conversation)
        self.conversation, self.title = conversation, found.title
        self.entries = [self._entry(message) for message in path if message.role != "system"]

    def _entry(self, message: StoredMessage) -> Entry:
        assert self.history is not None
        siblings = tuple(self.history.siblings(message.id))
        if message.role == "assistant":
            return Entry("assistant", turn=stored_turn(message), id=message.id, siblings=siblings,
                         details=dict(message.details))
        return Entry("user", message.content, id=message.id, siblings=siblings)

    def messages(self, system: str, first: int = 0, before: int | None = None) -> list[Message]:
        """What a model is sent: the entries from `first` on and before `before`, without their thinking."""
        start = [Message("system", system)] if system else []
        return start + [entry.message() for entry in self.entries[first:before]]

    def cut(self, length: int) -> None:
        """Go back to the first `length` entries; what followed them stays in the store."""
        del self.entries[length:]

    def add_question(self, text: str) -> Entry:
        entry = Entry("user", text)
        self.entries.append(entry)
        self.title = self.title or title_of(text)
        self._save(len(self.entries) - 1)
        return entry

    def begin_answer(self, turn: Turn, details: dict[str, Any]) -> Entry:
        entry = Entry("assistant", turn=turn, details=details)
        self.entries.append(entry)
        self._save(len(self.entries) - 1)
        return entry

    def save_progress(self, entry: Entry) -> None:
        """Save what an answer has written since the last time."""
        assert entry.turn is not None
        if entry.id is not None and (pieces := entry.turn.unsaved()):
            number = entry.id
            self._keep(lambda history: history.append(number, pieces))

    def finish(self, entry: Entry) -> None:
        """Save an answer as it has ended."""
        turn = entry.turn
        assert turn is not None
        entry.details["statistics"] = turn.statistics()
        if entry.id is not None:
            self._finish(entry.id, turn, entry.details)

    def _finish(self, number: int, turn: Turn, details: dict[str, Any]) -> None:
        thinking, spans = turn.thinking, turn.spans()
        self._keep(lambda history: history.finish(number, turn.answer, thinking, spans, turn.state, details))
        if not self.trouble:
            turn.unsaved()

    def choose(self, entry: Entry, step: int) -> bool:
        """Go to the sibling `step` places on, and along its latest branch; False where there is none."""
        place, count = entry.place
        if self.conversation is None or not 1 <= place + step <= count:
            return False
        sibling = entry.siblings[place + step - 1]
        self._keep(lambda history: history.choose(sibling))
        if not self.trouble:
            self.open(self.conversation)
        return not self.trouble

    def rename(self, title: str) -> None:
        self.title = title
        if (number := self.conversation) is not None:
            self._keep(lambda history: history.rename(number, title))

    @property
    def complete(self) -> bool:
        """Whether everything on the path is in the store."""
        return not self.trouble and all(entry.id is not None for entry in self.entries)

    def catch_up(self) -> None:
        """Save what could not be saved before."""
        if self.history is None or self.complete:
            return
        self.trouble = ""
        for place, entry in enumerate(self.entries):
            if entry.id is None:
                self._save(place)
            elif entry.turn is not None and not entry.turn.running:
                self._finish(entry.id, entry.turn, entry.details)
            if self.trouble:
                return

    def _save(self, place: int) -> None:
        """Put a new entry behind its parent, which must be there."""
        parent = self.entries[place - 1].id if place else None
        if self.history is None or (place and parent is None):
            return
        if self.conversation is None:
            self.conversation = self._keep(lambda history: history.create(self.title))
        if (conversation := self.conversation) is None:
            return
        entry = self.entries[place]
        if entry.turn is None:
            entry.id = self._keep(lambda history: history.add_message(conversation, parent, "user", entry.content))
        elif parent is not None:
            entry.id = self._keep(lambda history: history.begin_answer(conversation, parent, entry.details))
            if entry.id is not None and not entry.turn.running:
                self._finish(entry.id, entry.turn, entry.details)
        if (number := entry.id) is not None:
            entry.siblings = tuple(self._keep(lambda history: history.siblings(number)) or (number,))

    def _keep(self, save: Callable[[History], T]) -> T | None:
        """Do something with the store; where it fails the trouble is noted and None returned."""
        if self.history is None:
            return None
        try:
            result = save(self.history)
        except HistoryError as error:
            self.trouble = str(error)
            return None
        return result


def title_of(text: str) -> str:
    """The first line of a question, as the name of its conversation."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE else line[:TITLE - 1].rstrip() + "…"


def sendable(entries: Sequence[Entry]) -> int:
    """How many of the entries go before the next question: all but an answer that has not ended."""
    return len(entries) - bool(entries and entries[-1].turn is not None and entries[-1].turn.running)
