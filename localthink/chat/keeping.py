"""Answers that are kept beside those that their question has: both of a comparison, or many as they end."""
from __future__ import annotations

from localthink.chat.compare import Comparison, Side
from localthink.chat.session import Session
from localthink.chat.transcript import Entry
from localthink.chat.turn import Turn
from localthink.errors import HistoryError


class Beside:
    """Answers to the question that is the last of a session's first `length` entries, each kept as it ends.

    Without a store only the one that is shown stays.
    """

    def __init__(self, session: Session, length: int) -> None:
        self._session, self._length = session, length
        self._before = session.entries[length:]
        self._kept: dict[int, Entry] = {}

    def keep(self, number: int, side: Side, turn: Turn, left_out: int) -> None:
        """Save an answer that has ended, under a number of the caller's."""
        transcript = self._session.transcript
        transcript.cut(self._length)
        self._kept[number] = transcript.begin_answer(turn, _details(side, turn, left_out))
        self._session.path += 1

    def show(self, number: int | None, note: str = "") -> None:
        """Let this one be the answer that is seen, with a note below it; with None the one that was before.

        Where there was none, it is the latest.
        """
        transcript = self._session.transcript
        entry = self._kept.get(number, None) if number is not None else None
        shown = [entry] if entry is not None else self._before or list(self._kept.values())[-1:]
        if shown != transcript.entries[self._length:]:
            transcript.show(self._length, shown)
            self._session.path += 1
        if entry is not None and note:
            entry.details["solved"] = note
            transcript.finish(entry)


def keep(session: Session, comparison: Comparison) -> str:
    """Put both answers into the store, as siblings of the answer to the same question; what has come of it, in words.

    What is there already, word for word, is not kept twice. Seen afterwards is the last that was.
    """
    transcript = session.transcript
    asked = transcript.asked
    question = next((message.content for message in reversed(comparison.messages) if message.role == "user"), None)
    if transcript.history is None:
        return "this program was started without a history: nothing is kept"
    if (transcript.conversation is None or session.busy or comparison.running or not asked
            or transcript.entries[asked - 1].content != question):
        return "it can be kept once both have ended, in the conversation that asked its question"
    try:
        there = {(message.thinking, message.content) for message in transcript.history.messages(transcript.conversation)
                 if message.parent == transcript.entries[asked - 1].id}
    except HistoryError as error:
        return f"not kept: {error}"
    new = [(side, turn) for side, turn in zip(comparison.sides, comparison.turns, strict=True)
           if turn.token_ids and (turn.thinking, turn.answer) not in there]
    for side, turn in new:
        transcript.cut(asked)
        transcript.finish(transcript.begin_answer(turn, _details(side, turn, session.first)))
    session.path += bool(new)
    return ("there is nothing new to keep", "kept: the one answer that was not there yet",
            "kept: both answers")[len(new)]


def _details(side: Side, turn: Turn, left_out: int) -> dict[str, object]:
    loaded = side.asker.model.loaded
    return {"model": side.model, "quantization": loaded.quantization if loaded else "", "seed": turn.seed,
            "settings": side.settings.as_object(), "left_out": left_out,
            "penalised": side.asker.model.penalises(side.settings)}
