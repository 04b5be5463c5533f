"""A comparison that is kept: its two answers, beside those that the question has."""
from __future__ import annotations

from localthink.chat.compare import Comparison, Side
from localthink.chat.session import Session
from localthink.chat.turn import Turn


def keep(session: Session, comparison: Comparison) -> str:
    """Put both answers into the store, as siblings of the answer to the same question; what has come of it, in words.

    A side that wrote what is there already, token for token, is not kept twice. Seen afterwards is the last of them.
    """
    transcript = session.transcript
    asked = transcript.asked
    question = next((message.content for message in reversed(comparison.messages) if message.role == "user"), None)
    if transcript.history is None:
        return "this program was started with --no-history: nothing is kept"
    if session.busy or comparison.running or not asked or transcript.entries[asked - 1].content != question:
        return "it can be kept once both have ended, in the conversation that asked its question"
    there = [entry.turn.token_ids for entry in transcript.entries[asked:] if entry.turn is not None]
    new = [(side, turn) for side, turn in zip(comparison.sides, comparison.turns, strict=True)
           if turn.token_ids and turn.token_ids not in there]
    for side, turn in new:
        transcript.cut(asked)
        transcript.finish(transcript.begin_answer(turn, _details(side, turn, session.first)))
    session.path += bool(new)
    return (f"kept: {len(new)} of 2 answers, beside the one there is" if len(new) < 2
            else "kept: both answers, beside what was there")


def _details(side: Side, turn: Turn, left_out: int) -> dict[str, object]:
    loaded = side.asker.model.loaded
    return {"model": side.model, "quantization": loaded.quantization if loaded else "", "seed": turn.seed,
            "settings": side.settings.as_object(), "left_out": left_out}
