"""Notices a loop and breaks it: first helps the text out of it, then, where it comes back, ends the thinking.

A loop is a cycle as `cycles` finds it. The first one in a part (the thinking, or the answer) gets help: for `help`
tokens the temperature is multiplied by `heat`, and wherever the text is going round again the token that would be next
in the circle loses STRENGTH logits for each token that it has followed the circle by. A cycle that is found again in
that part closes the thinking, at a sentence end within GRACE_TOKENS if there is one; an answer ends there, with the
reason "loop". While a person wants it to think on, it is helped again and not closed.
"""
from __future__ import annotations

import numpy as np

from localthink.control.budget import GRACE_TOKENS, ends_sentence
from localthink.control.cycles import Cycle, CycleFinder
from localthink.control.interface import Action, Bias, Control, Finish
from localthink.control.view import View
from localthink.records import LOOP_GUARD

STRENGTH = 2.0  # logits, for each token by which the text has followed the circle; 8 of them at most
FOLLOWING = 2  # tokens from which it is following the circle, and not just using its words


class LoopGuard(Control):
    """The guard of one sample. What it does follows from the tokens alone."""

    name = LOOP_GUARD

    def __init__(self, rounds: int = 3, tokens: int = 120, heat: float = 1.5, help: int = 128) -> None:
        self._rounds, self._least, self._heat, self._length = rounds, tokens, heat, help
        self._part = ""
        self._begin()

    def _begin(self) -> None:
        self._finder = CycleFinder(self._rounds, self._least)
        self._cycle: Cycle | None = None  # the latest that was found
        self._found_at = self._helps_until = -1  # positions
        self._gives_up = False

    def after(self, view: View, token: int) -> None:
        if view.tracker.part != self._part:
            self._part = view.tracker.part
            self._begin()
            return
        cycle, position = self._finder.add(token), view.position
        if position == self._helps_until:
            self._finder.forget()
        elif cycle is not None and position > self._helps_until and not self._gives_up:
            self._gives_up = self._cycle is not None and view.wish != "think"
            self._cycle, self._found_at, self._helps_until = cycle, position, position + self._length
            self._finder.rounds = 2  # once is enough for what comes back
            self._finder.forget()

    def before(self, view: View) -> Action | None:
        if self._gives_up:
            return self._end(view)
        if view.position >= self._helps_until or self._cycle is None:
            return None
        period, tokens = self._cycle.period, self._finder.tokens
        why = self._why("helps it out") if view.position == self._found_at else ""
        followed = self._finder.follows(period)
        if followed < FOLLOWING:
            return Action(temperature=self._heat, why=why)
        next_one = np.array([tokens[len(tokens) - period]], np.int64)
        return Action(Bias(next_one, np.float32(-STRENGTH * followed)), temperature=self._heat, why=why)

    def _end(self, view: View) -> Action | None:
        if not view.thinking:
            return Action(request=Finish("loop"), why=self._why("came back, and ends the answer"))
        if view.wish == "think" or (view.position < self._found_at + GRACE_TOKENS and not ends_sentence(view.tail)):
            return None
        return Action(force=view.words.closing, why=self._why("came back, and closes the thinking"))

    def _why(self, what: str) -> str:
        assert self._cycle is not None
        period, rounds, alike = self._cycle
        return f"a loop of {period:,} tokens, {rounds:.1f} rounds, {alike:.0%} alike: {what}"
