"""CyclicReflex (arXiv 2506.11077): words of reflection are invited and held back by turns.

    z'(t, v) = z(t, v) + delta(t)   if v is a word of reflection, else z(t, v)
    delta(t) = A |4 ((t - C / 4) mod C) / C - 2| - A

with t the tokens of thinking so far, A the amplitude in logits and C the period in tokens: a triangular wave between
-A and A that begins at 0, rises to A at C / 4 and falls to -A at 3 C / 4. The words are the paper's.
"""
from __future__ import annotations

import numpy as np

from localthink.control.interface import Action, Bias, Control
from localthink.control.view import View

WORDS = ("wait", "Wait", "but", "But", "Alternatively")


def wave(position: int, amplitude: float, period: int) -> float:
    """delta(t): logits to add at `position`."""
    return amplitude * abs(4 * ((position - period / 4) % period) / period - 2) - amplitude


class CyclicReflex(Control):
    """The wave over one sample's thinking."""

    name = "cyclic-reflex"

    def __init__(self, amplitude: float = 5, period: int = 600) -> None:
        self._amplitude, self._period = amplitude, period

    def before(self, view: View) -> Action | None:
        if not view.thinking:
            return None
        delta = wave(view.thinking_tokens, self._amplitude, self._period)
        return Action(Bias(view.words.forms(WORDS), np.float32(delta))) if delta else None
