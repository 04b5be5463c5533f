"""DEER (arXiv 2504.15895): an answer is tried out at each "Wait", and thinking ends once that is certain.

At a "Wait" that the model writes, what there is, that word included (in the paper it is left out), is followed, beside
the sample, by a prompt for an answer and at most `tokens` tokens, written greedily up to the brace that closes it. With
p_i the probability of the i-th of n, its certainty is

    C = (p_1 ... p_n)^(1 / n)

and from `certainty` on the thinking is closed. In the paper the sample waits for that; here it goes on meanwhile, for
a few tokens, and is closed at the next end of a sentence. While one trial is under way there is no other. When a trial
ends depends on the slot that it finds, so that batches, whose slots are all taken and whose samples go on behind what
they had, have none.
"""
from __future__ import annotations

import math
from collections.abc import Sequence

from localthink.control.budget import GRACE_TOKENS, ends_sentence
from localthink.control.interface import Action, Control, Fork
from localthink.control.view import View

WAIT = "Wait"
PROMPT = "\n**Final Answer**\n\\boxed{"


class Deer(Control):
    """The trials of one sample."""

    name, forks = "deer", True

    def __init__(self, certainty: float = 0.95, tokens: int = 20) -> None:
        self._certainty, self._tokens = certainty, tokens
        self._waits, self._tries = False, False
        self._certain_at, self._found = -1, 0.0

    def after(self, view: View, token: int) -> None:
        self._waits = view.thinking and view.words.is_word(token, WAIT)

    def before(self, view: View) -> Action | None:
        if not view.thinking or view.wish == "think":
            return None
        if self._certain_at >= 0:
            if view.position < self._certain_at + GRACE_TOKENS and not ends_sentence(view.tail):
                return None
            self._certain_at = -1
            return Action(force=view.words.closing, why=f"closed the thinking: an answer was {self._found:.3f} certain")
        if not self._waits or self._tries:
            return None
        self._tries = True
        return Action(request=Fork(view.words.tokens(PROMPT), self._tokens))

    def forked(self, view: View, tokens: Sequence[int], logprobs: Sequence[float]) -> None:
        self._tries = False
        self._found = math.exp(sum(logprobs) / len(logprobs)) if logprobs else 0.0
        if self._found >= self._certainty:
            self._certain_at = view.position
