"""The chat's answers as a run that can be labelled: its labels lie with localthink's own data."""
from __future__ import annotations

import sys

from localthink import locations
from localthink.batch.ledger import make_folder
from localthink.errors import UsageError
from localthink.grade.countdown import read_puzzle
from localthink.history import History, StoredMessage
from localthink.history.texts import thoughts_of, undamaged
from localthink.label.run import Run, Sample
from localthink.records import CUT_OFF
from localthink.text.values import json_sha256

IDENTITY, NAME = "history", "the chat's answers"
KEY = 32  # hexadecimal digits, as of a run's samples


def answer_run(history: History, conversation: int, answer: int) -> Run:
    """One answer of the chat, by its id. Raises UsageError where it has no thoughts or is not there any more."""
    return _run([sample for message, sample in _answers(history, conversation) if message.id == answer])


def read_answers(history: History) -> Run:
    """All answers of all conversations that have thoughts. Raises UsageError where none has."""
    return _run([sample for found in reversed(history.conversations(limit=sys.maxsize))
                 for _, sample in _answers(history, found.id)])


def _run(samples: list[Sample]) -> Run:
    if not samples:
        raise UsageError("the chat has no finished answer with thoughts here: ask a model that thinks something first")
    folder = locations.labels()
    make_folder(folder)
    return Run(folder, IDENTITY, NAME, tuple(samples))


def _answers(history: History, conversation: int) -> list[tuple[StoredMessage, Sample]]:
    messages = history.messages(conversation)
    asked = {message.id: message.content for message in messages}
    found = []
    for message in messages:
        if message.role == "assistant" and message.state != "writing":
            sample = _sample(message, asked.get(message.parent or 0, ""))
            found += [(message, sample)] if sample.thoughts else []
    return found


def _sample(message: StoredMessage, question: str) -> Sample:
    """Its key stays when the answer goes on, and is another for whatever comes to have its id in another store."""
    with undamaged(message.id):
        thoughts = tuple(piece.text for piece in thoughts_of(message.thinking, message.thoughts))
    return Sample(json_sha256([message.id, message.created])[:KEY], f"answer {message.id}", 0, question,
                  read_puzzle(question), thoughts, message.content, None, message.state in CUT_OFF)
