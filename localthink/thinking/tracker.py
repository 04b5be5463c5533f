"""Follows one sequence as it is written: thinking or answer, and which thought.

Pure: tokens go in, the state of the thinking comes out. Everything that needs to know where a
thought began (the penalty, the events, the trace) reads it here and nowhere else.
"""
from __future__ import annotations

import numpy as np

from localthink.records import Part
from localthink.thinking.automaton import Automaton, TokenIds

OPENING = 8  # the first so many tokens of a thought that a marker opened are its opening words, in which no marker
#              switches again: "Alternatively, another approach would be ..." is one switch, not two

NO_TOKENS: TokenIds = np.empty(0, dtype=np.int64)


class Span:
    """A thought under way or ended: offsets into the generated tokens; `end` is -1 while it goes on."""

    __slots__ = ("by_marker", "end", "held", "start")

    def __init__(self, start: int, by_marker: bool) -> None:
        self.start, self.end, self.held, self.by_marker = start, -1, 0.0, by_marker


class ThoughtTracker:
    """The state of one sequence's thinking after `position` generated tokens.

    `everywhere` has thoughts followed in the answer as well. `think` and `end_think` are the ids of
    the block's tags, None in a model without them.
    """

    __slots__ = ("_automaton", "_end_think", "_everywhere", "_state", "_think", "part", "position", "spans")

    def __init__(self, automaton: Automaton, think: int | None, end_think: int | None,
                 begins_thinking: bool, everywhere: bool = False) -> None:
        self._automaton, self._think, self._end_think = automaton, think, end_think
        self._everywhere = everywhere
        self._state = 0
        self.position = 0
        self.part: Part = "thinking" if begins_thinking else "answer"
        self.spans: list[Span] = []
        if self.followed:
            self.spans.append(Span(0, by_marker=False))

    @property
    def followed(self) -> bool:
        """Whether thoughts are followed, and switches penalised, at the next token."""
        return self._everywhere or self.part == "thinking"

    @property
    def thought(self) -> int:
        """The index of the thought under way, -1 where none is."""
        return len(self.spans) - 1 if self.spans and self.spans[-1].end < 0 else -1

    @property
    def start(self) -> int:
        """Psi: the position at which the thought under way began."""
        return self.spans[-1].start if self.spans else 0

    @property
    def switch_tokens(self) -> TokenIds:
        """The ids that would open a thought if they came next; empty where none can."""
        return self._automaton.completions[self._state] if self._may_switch else NO_TOKENS

    @property
    def _may_switch(self) -> bool:
        """Whether a marker that the next token completes is a switch."""
        if not self.followed:
            return False
        span = self.spans[-1]
        return not span.by_marker or self.position - span.start >= OPENING

    @property
    def undecided(self) -> int:
        """How many of the latest tokens may turn out to open a thought, together with what follows."""
        begun = self._automaton.depth[self._state]
        return min(begun, self.position - self.start - 1) if begun else 0  # the first of a thought opens no other

    def observe(self, token: int) -> int:
        """Take in the next token. Returns how many of the latest tokens have just opened a new thought.

        A marker as the very first words of a block opens none: they are the first thought's own.
        """
        may_switch = self._may_switch
        self.position += 1
        if token == self._end_think and self.part == "thinking":
            self._turn("answer")
            return 0
        if token == self._think and self.part == "answer":
            self._turn("thinking")
            return 0
        if not self.followed:
            return 0
        self._state = self._automaton.step(self._state, token)
        length = self._automaton.matched[self._state]
        if not length or not may_switch or self.position - length <= self.start:
            return 0
        self._end_thought(self.position - length)
        self.spans.append(Span(self.position - length, by_marker=True))
        return length

    def finish(self) -> None:
        """The sequence has ended: so has the thought under way."""
        self._end_thought(self.position)

    def _turn(self, part: Part) -> None:
        """A tag has been read: it belongs to no thought, and what follows begins a new one."""
        self._end_thought(self.position - 1)
        self._state = 0
        self.part = part
        if self.followed:
            self.spans.append(Span(self.position, by_marker=False))

    def _end_thought(self, end: int) -> None:
        if self.thought >= 0:
            self.spans[-1].end = end
