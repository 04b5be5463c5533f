"""AlphaOne (arXiv 2505.24863): slow thinking first, then fast.

With N the mean length of thinking and T = alpha N the alpha moment:
    t < T, behind a paragraph's end   the next token is "Wait" with probability 1 - t / T
    t >= T                            "Wait" is replaced by the closing tag

t counts the tokens of thinking. The probability falls as a straight line, the paper's choice among its schedules. The
dice are the sample's own: the same seed has the same "Wait" put in at the same place.
"""
from __future__ import annotations

import random

from localthink.control.interface import Action, Control
from localthink.control.view import View

WAIT = "Wait"


class AlphaOne(Control):
    """One sample's schedule; `length` is N."""

    name = "alpha-one"

    def __init__(self, alpha: float = 1.4, length: int = 2500) -> None:
        self._moment = alpha * length

    def before(self, view: View) -> Action | None:
        if not view.tail.endswith("\n\n") or not view.thinking or view.wish == "answer":
            return None
        position = view.thinking_tokens
        chance = 1 - position / self._moment
        if chance <= 0 or random.Random(view.seed << 32 | view.position).random() >= chance:
            return None
        return Action(force=view.words.tokens(WAIT), why="put a Wait in")

    def instead(self, view: View, drawn: int) -> Action | None:
        if not view.thinking or view.wish == "think" or view.thinking_tokens < self._moment:
            return None
        if not view.words.is_word(drawn, WAIT):
            return None
        return Action(force=view.words.closing, why=f"closed the thinking in place of a Wait, after "
                                                    f"{view.thinking_tokens:,} tokens")
