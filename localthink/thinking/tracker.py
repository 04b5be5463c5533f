"""Follows one sequence as it is written: thinking or answer, and which thought.

Pure: tokens go in, the state of the thinking comes out. Everything that needs to know where a
thought began (the penalty, the events, the trace) reads it here and nowhere else.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from localthink.records import Part
from localthink.thinking.automaton import Automaton, TokenIds

OPENING = 8  # the first so many tokens of a thought that a marker opened are its opening words: a marker in them is
#              counted with it, for "Alternatively, another approach would be ..." is one switch, not two

NO_TOKENS: TokenIds = np.empty(0, dtype=np.int64)
NOTHING = Automaton(())


class Span:
    """A thought under way or ended: offsets into the generated tokens; `end` is -1 while it goes on."""

    __slots__ = ("by_marker", "end", "held", "start")

    def __init__(self, start: int, by_marker: bool) -> None:
        self.start, self.end, self.held, self.by_marker = start, -1, 0, by_marker


class ThoughtTracker:
    """The state of one sequence's thinking after `position` generated tokens.

    `everywhere` has thoughts followed in the answer as well. `paraphrase` finds words that open a line of thought
    and are no markers; they are only counted, in `paraphrases`.
    """

    __slots__ = ("_automaton", "_counted", "_everywhere", "_paraphrase", "_paraphrase_state", "_paraphrased", "_state",
                 "paraphrases", "part", "position", "spans")

    def __init__(self, automaton: Automaton, begins_thinking: bool, everywhere: bool = False,
                 paraphrase: Automaton = NOTHING) -> None:
        self._automaton, self._everywhere, self._paraphrase = automaton, everywhere, paraphrase
        self._begin(begins_thinking)

    def _begin(self, thinking: bool) -> None:
        self._state = self._paraphrase_state = self.position = self.paraphrases = 0
        self._paraphrased, self._counted = -OPENING, False  # where the latest paraphrase ended, and whether it counts
        self.part: Part = "thinking" if thinking else "answer"
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
    def opened_by_marker(self) -> bool:
        """Whether the thought under way began with a switch, and not with its block."""
        return bool(self.spans) and self.spans[-1].by_marker

    @property
    def switch_tokens(self) -> TokenIds:
        """The ids that would complete a marker if they came next, in ascending order.

        A marker at the very beginning of a thought is that thought's own and switches nothing.
        """
        if not self.followed:
            return NO_TOKENS
        completions, since = self._automaton.completions[self._state], self.position - self.start
        if since >= self._automaton.longest or not completions.size:
            return completions
        return completions[[self._length_after(token) <= since for token in completions.tolist()]]

    def _length_after(self, token: int) -> int:
        """The length of the marker that the next token would complete."""
        return self._automaton.matched[self._automaton.step(self._state, token)]

    @property
    def may_switch(self) -> bool:
        """Whether one of `switch_tokens` would open a thought: in the opening words of one it would not."""
        return self.followed and not (self.opened_by_marker and self.position - self.start < OPENING)

    @property
    def undecided(self) -> int:
        """How many of the latest tokens may turn out to open a thought, together with what follows."""
        begun = self._automaton.depth[self._state]
        return min(begun, self.position - self.start - 1) if begun else 0  # the first of a thought opens no other

    def observe(self, token: int) -> int:
        """Take in the next token. Returns how many of the latest tokens have just opened a new thought."""
        if not self.followed:
            self.position += 1
            return 0
        may_switch = self.may_switch
        self._state = self._automaton.step(self._state, token)
        length = self._automaton.matched[self._state]
        switches = 0 < length <= self.position - self.start and may_switch
        self.position += 1
        if switches:
            self.paraphrases -= self._counted and self.position - self._paraphrased < OPENING
            self._end_thought(self.position - length)
            self.spans.append(Span(self.position - length, by_marker=True))
        self._count_paraphrase(token)
        return length if switches else 0

    def _count_paraphrase(self, token: int) -> None:
        """One that stands beside a switch, or beside another paraphrase, is no more than a part of it."""
        self._paraphrase_state = self._paraphrase.step(self._paraphrase_state, token)
        if self._paraphrase.matched[self._paraphrase_state]:
            self._counted = self.may_switch and self.position - self._paraphrased >= OPENING
            self.paraphrases += self._counted
            self._paraphrased = self.position

    def turn(self, part: Part, tokens: int, kept: int = 0) -> None:
        """The next token has completed a tag: `part` follows.

        The tag is in the latest `tokens` tokens, of which the first `kept` also hold text from before it. They belong
        to no thought, and what follows begins a new one.
        """
        self.position += 1
        self._end_thought(max(self.position - tokens + kept, self.start))
        self._state = self._paraphrase_state = 0
        self.part = part
        if self.followed:
            self.spans.append(Span(self.position, by_marker=False))

    def recast(self, tokens: Sequence[int], held: Mapping[int, int]) -> None:
        """All `tokens` so far turn out to have been thinking; `held` says at which of them how many switches were."""
        self._begin(thinking=True)
        for position, token in enumerate(tokens):
            self.spans[-1].held += held.get(position, 0)
            self.observe(token)

    def finish(self) -> None:
        """The sequence has ended: so has the thought under way."""
        self._end_thought(self.position)

    def _end_thought(self, end: int) -> None:
        if self.thought >= 0:
            self.spans[-1].end = end
