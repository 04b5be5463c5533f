"""An answer as plain text: what is new of it, again and again, its figures when it has ended, and two of them compared.
"""
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from localthink.chat.steering import steering, switches_held
from localthink.chat.turn import ThoughtView, Turn
from localthink.plain.voice import Voice
from localthink.text.announcements import EARLY_ENDS, announcements
from localthink.text.page import Sheet
from localthink.text.sizes import counted

if TYPE_CHECKING:
    from localthink.chat.compare import Comparison, Summary

LONG_PROMPT = 256  # tokens: reading fewer is over before it could be said
ENDS = {**EARLY_ENDS, "cancelled": "stopped: /go goes on", "interrupted": "interrupted: /go goes on"}


class Follower:
    """Writes a turn on a sheet as it grows."""

    def __init__(self, turn: Turn, sheet: Sheet) -> None:
        self.turn, self._sheet = turn, sheet
        self._thought, self._characters, self._ticks = -1, 0, 0  # of the latest thought, what is written
        self._answer = 0

    def show(self) -> None:
        """Write what has come since the last time."""
        if len(self.turn.answer) < self._answer:
            self._recast()
        self.show_thoughts(self.turn.thoughts[max(self._thought, 0):])
        if len(self.turn.answer) > self._answer:
            self._sheet.answer(self.turn.answer[self._answer:])
            self._answer = len(self.turn.answer)

    def _recast(self) -> None:
        """What was written as the answer turns out to have been the thinking."""
        self._sheet.recast()
        self._thought, self._characters, self._answer = 0, self._answer, 0

    def show_thoughts(self, thoughts: Sequence[ThoughtView]) -> None:
        """Write what is new of these, in their order."""
        for thought in thoughts:
            self._show_thought(thought)

    def _show_thought(self, thought: ThoughtView) -> None:
        text, is_new = thought.text, thought.index != self._thought
        if is_new:
            self._thought, self._characters, self._ticks = thought.index, 0, 0
        cuts = [*thought.ticks[self._ticks:], len(text)]
        if is_new or cuts[0] > self._characters:
            self._sheet.think(thought.index, text[self._characters:cuts[0]], held=False)
        for start, end in pairwise(cuts):
            self._sheet.think(thought.index, text[start:end], held=True)
        self._characters, self._ticks = len(text), len(thought.ticks)

    def end(self) -> None:
        self._sheet.end()


def figures(turn: Turn, longest: int) -> str:
    """What an answer took, in one line; `longest` is the context that the model has, 0 if that is not known."""
    parts = [*([ENDS[turn.state]] if turn.state in ENDS else []), *announcements(turn.interventions)]
    if turn.thoughts:
        parts += [counted(len(turn.thoughts), "thought"), switches_held(turn.held)]
    parts.append(counted(turn.tokens, "token"))
    if turn.speed:
        parts.append(f"{turn.speed:,.0f} tokens/s")
    parts.append(steering(turn))
    parts.append(f"seed {turn.seed}")
    if longest and turn.prompt_tokens:
        parts.append(f"context {turn.prompt_tokens + turn.tokens:,} of {longest:,}")
    return " · ".join(parts)


def thought_figures(thought: ThoughtView) -> str:
    return f"{counted(thought.tokens, 'token')}, {thought.seconds:.1f} s, {switches_held(thought.held)}"


def show_comparison(comparison: Comparison, voice: Voice) -> None:
    """Two answers with one seed, one below the other, and what there is to say of them."""
    from localthink.chat.compare import summary

    said = summary(comparison)
    for header, turn in zip(said.names.headers, comparison.turns, strict=True):
        voice.say(f"── {header} ──", "1")
        follower = Follower(turn, voice.sheet())
        follower.show()
        follower.end()
    voice.say("\n".join(_comparison_lines(said)))


def _comparison_lines(said: Summary) -> list[str]:
    """Figures first, each of both sides in one line, as it is heard best; then where the two part."""
    lines = [f"── {said.names.headers[0]} / {said.names.headers[1]} ──"]
    lines += [f"{row.label}: {row.left} / {row.right}" for row in said.rows]
    lines += [said.opening, *(f"{name}: {words}" for name, words in said.quotes), said.meaning]
    return [line for line in lines if line]
