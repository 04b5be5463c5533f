"""What an answer that ended early goes on with."""
from __future__ import annotations

from dataclasses import replace

from localthink.chat.asking import ModelState
from localthink.chat.settings import ChatSettings
from localthink.chat.transcript import Entry
from localthink.chat.turn import Turn


def begun_with(entry: Entry, settings: ChatSettings) -> ChatSettings:
    """The settings, with those of the answer that make its prompt: other tokens would stand before the ones it has."""
    begun = entry.details.get("settings", {})
    think = begun.get("think", settings.generation.think)
    return replace(settings.changed("think", think), system=begun.get("system", settings.system))


def why_anew(entry: Entry, turn: Turn, model: ModelState) -> str:
    """Why an answer cannot go on from where it ended; empty where it can."""
    if not (turn.token_ids or turn.thoughts or turn.answer):
        return ""
    if model.loaded is None or entry.details.get("model") != model.loaded.name:
        return f"this answer was begun by another model, {entry.details.get('model') or 'which is not known'}"
    return "" if turn.token_ids else "the tokens of this answer were not kept, or do not belong to its text"
