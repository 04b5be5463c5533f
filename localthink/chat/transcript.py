"""The path through a conversation that a person sees, kept in the store as it grows.

Knows no engine. Where the store fails the path goes on in memory, `trouble` says why, and `catch_up`
saves what is missing once the store works again.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from localthink.chat.turn import Turn, stored_turn
from localthink.errors import HistoryError
from localthink.history import History, StoredMessage
from localthink.records import Message

TITLE = 60  # characters


@dataclass(slots=True, eq=False)
class Entry:
    """One message on the path. `id` is None until it is saved; `turn` is an answer; `siblings` are saved ids.

    `kept` says of an answer that has ended whether its end is saved.
    """

    role: Literal["user", "assistant"]
    content: str = ""
    turn: Turn | None = None
    id: int | None = None
    siblings: tuple[int, ...] = ()
    kept: bool = True
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def saved(self) -> bool:
        return self.id is not None and self.kept

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
        self._renamed = True
        self._cut: list[tuple[Entry | None, Entry]] = []  # what was left before it was saved, each with its parent

    def open(self, conversation: int) -> None:
        """Show a conversation of the store. Raises HistoryError where it cannot be read."""
        assert self.history is not None, "there is no store to open a conversation from"
        found = self.history.conversation(conversation)
        if found is None:
            raise HistoryError(f"conversation {conversation} is not there any more: choose another")
        entries = [self._entry(message) for message in self.history.path(conversation) if message.role != "system"]
        self.conversation, self.title, self.entries = conversation, found.title, entries

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

    @property
    def asked(self) -> int:
        """How many entries there are up to the latest question, itself included; 0 without one."""
        return next((place for place in range(len(self.entries), 0, -1) if self.entries[place - 1].turn is None), 0)

    def cut(self, length: int) -> None:
        """Go back to the first `length` entries; what followed them is in the store, or will be."""
        if self.history is not None:
            self._cut += [(parent, entry) for parent, entry in self._links()[length:] if not entry.saved]
        del self.entries[length:]

    def show(self, length: int, entries: Sequence[Entry]) -> None:
        """Go back to the first `length` entries, and on along these, which were here before: they are seen from now on.
        """
        self.cut(length)
        self.entries += entries
        if entries and (latest := entries[-1].id) is not None:
            self._keep(lambda history: history.choose(latest))
            self._keep(lambda history: self._count_siblings(history, entries[0]))

    def _count_siblings(self, history: History, entry: Entry) -> None:
        if entry.id is not None:
            entry.siblings = tuple(history.siblings(entry.id))

    def _links(self) -> list[tuple[Entry | None, Entry]]:
        """The entries, each with its parent."""
        return list(zip([None, *self.entries], self.entries, strict=False))

    def add_question(self, text: str) -> Entry:
        entry = Entry("user", text)
        self.entries.append(entry)
        self.title = self.title or title_of(text)
        self._save(*self._links()[-1])
        return entry

    def begin_answer(self, turn: Turn, details: dict[str, Any]) -> Entry:
        entry = Entry("assistant", turn=turn, details=details)
        self.entries.append(entry)
        self._save(*self._links()[-1])
        return entry

    def save_progress(self, entry: Entry) -> None:
        """Save what an answer has written since the last time; where that is nothing, that it is still at work."""
        turn, number = entry.turn, entry.id
        assert turn is not None
        if number is None:
            return
        if turn.recast:
            self._write(number, entry, turn)
            return
        run = turn.unsaved_tokens()
        details = {**entry.details, "statistics": turn.statistics()} if run.ids else None
        if self._keep(lambda history: history.append(number, turn.unsaved(), run, details)):
            turn.saved()

    def finish(self, entry: Entry) -> None:
        """Save an answer as it has ended."""
        turn = entry.turn
        assert turn is not None
        if entry.id is not None:
            self._finish(entry.id, entry, turn)

    def _finish(self, number: int, entry: Entry, turn: Turn) -> None:
        entry.kept = self._write(number, entry, turn)

    def _write(self, number: int, entry: Entry, turn: Turn) -> bool:
        """Save an answer as a whole."""
        entry.details["statistics"] = turn.statistics()
        saved = self._keep(lambda history: history.finish(
            number, turn.answer, turn.thinking, turn.spans(), turn.state, entry.details, turn.kept_ids))
        if saved:
            turn.saved()
        return saved

    def choose(self, entry: Entry, step: int) -> bool:
        """Go to the sibling `step` places on, and along its latest branch; False where there is none.

        Nor is there a way as long as something here is not saved: it would be lost.
        """
        place, count = entry.place
        self.catch_up()
        if (number := self.conversation) is None or not self.complete or not 1 <= place + step <= count:
            return False
        sibling = entry.siblings[place + step - 1]
        return self._keep(lambda history: history.choose(sibling)) and self._keep(lambda history: self.open(number))

    def rename(self, title: str) -> None:
        self.title = title
        if (number := self.conversation) is not None:
            self._renamed = self._keep(lambda history: history.rename(number, title))

    @property
    def complete(self) -> bool:
        """Whether everything is in the store."""
        return not self.trouble and self._renamed and not self._cut and all(entry.saved for entry in self.entries)

    def catch_up(self) -> None:
        """Save what could not be saved before."""
        if self.history is None or self.complete:
            return
        self.trouble = ""
        if not self._renamed:
            self.rename(self.title)
        cut = bool(self._cut)
        for parent, entry in (*self._cut, *self._links()):
            if self.trouble:
                break
            if entry.id is None:
                self._save(parent, entry)
            elif entry.turn is not None and not entry.kept:
                self._finish(entry.id, entry, entry.turn)
        self._cut = [(parent, entry) for parent, entry in self._cut if not entry.saved]
        if cut and self.entries and (latest := self.entries[-1].id) is not None:
            self._keep(lambda history: history.choose(latest))  # what was saved last is not what is seen

    def _save(self, parent: Entry | None, entry: Entry) -> None:
        """Put a new entry behind its parent, which must be there."""
        if self.history is None or (parent is not None and parent.id is None):
            return
        self._keep(lambda history: self._add(history, entry, parent.id if parent is not None else None))
        if entry.id is not None and entry.turn is not None and not entry.turn.running:
            self._finish(entry.id, entry, entry.turn)

    def _add(self, history: History, entry: Entry, parent: int | None) -> None:
        if self.conversation is None:
            self.conversation = history.create(self.title)
        if entry.turn is None:
            entry.id = history.add_message(self.conversation, parent, "user", entry.content)
        elif parent is not None:
            entry.id = history.begin_answer(self.conversation, parent, entry.details)
        if entry.id is not None:
            entry.siblings = (entry.id,)  # should the next step fail
            self._count_siblings(history, entry)

    def _keep(self, save: Callable[[History], object]) -> bool:
        """Do something with the store; where there is none, or it fails, which is noted as the trouble, False."""
        if self.history is None:
            return False
        try:
            save(self.history)
        except HistoryError as error:
            self.trouble = str(error)
            return False
        return True


def title_of(text: str) -> str:
    """The first line of a question, as the name of its conversation."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE else line[:TITLE - 1].rstrip() + "…"
