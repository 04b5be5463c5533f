"""A comparison that is kept: its two answers, beside those that the question has."""
from __future__ import annotations

from localthink.chat.compare import Comparison, Side
from localthink.chat.session import Session
from localthink.chat.turn import Turn
from localthink.errors import HistoryError


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
            "settings": side.settings.as_object(), "left_out": left_out}
