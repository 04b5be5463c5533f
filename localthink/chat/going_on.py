"""How an answer goes on: from where it ended early, or as it would have gone where a switch was held back."""
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from localthink.chat.asking import ModelState
from localthink.chat.settings import ChatSettings
from localthink.chat.transcript import Entry
from localthink.chat.turn import Turn
from localthink.records import Alternative, Event, Prefix


@dataclass(frozen=True, slots=True)
class Branch:
    """The beginning of another answer, and its events by position, as they were seen when its tokens were drawn."""

    prefix: Prefix
    seen: Mapping[int, Event]


def would_have_come(event: Event) -> Alternative | None:
    """What the same random numbers would have drawn in place of this token without the penalty."""
    if event.instead is None:
        return None
    return next((other for other in event.alternatives if other.token == event.instead), None)


def marks(turn: Turn) -> list[int]:
    """The positions at which a switch was held, among the tokens that are kept, in their order."""
    first = turn.tokens - len(turn.recent)
    return [place for place, event in enumerate(turn.recent, first) if event.held > 0 and event.instead is not None]


def branch_at(turn: Turn, position: int) -> Branch | None:
    """An answer that begins as this one does before the token at `position`, and has there what would have come.

    None where no switch was held at it, or its events are not kept any more.
    """
    first = turn.tokens - len(turn.recent)
    if not first <= position < turn.tokens:
        return None
    seen = dict(zip(range(first, position + 1), turn.recent, strict=False))
    held = seen[position]
    other = would_have_come(held)
    if other is None or held.held < 1:
        return None
    seen[position] = replace(held, logprob=_log(other.after), raw_logprob=_log(other.before), instead=None)
    prefix = Prefix((*turn.token_ids[:position], other.token),
                  tuple(each for each in turn.held_at if each[0] < position), told=False)
    return Branch(prefix, seen)


def _log(probability: float) -> float:
    return math.log(probability) if probability > 0 else -math.inf


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
