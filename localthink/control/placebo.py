"""A placebo of the switch penalty: the same penalty at the same times, on words that have nothing to do with switches.

    z'(t, v) = z(t, v) - alpha   if v is one of the words, as a token of its own, and t < Psi + beta, else z(t, v)

with t and Psi as in `control.tip`. Words that come together about as often as switches do make a setting that
disturbs a text about as often as the penalty does, and changes no mind. They are matched by how often they come, not by
how likely they are now: where a switch is likely, a penalty on what else is as likely there would invite the switch.
"""
from __future__ import annotations

import numpy as np

from localthink.control.interface import Action, Bias, Control
from localthink.control.view import View


class Placebo(Control):
    """`words` are joined by "+"; each counts as it is written and with a capital. Those of several tokens are left out:
    their pieces belong to other words too.
    """

    name = "placebo"

    def __init__(self, alpha: float, beta: float, words: str) -> None:
        named = [word.strip() for word in words.split("+") if word.strip()]
        self._beta, self._value = beta, np.float32(-alpha)
        self._words = tuple(dict.fromkeys(form for word in named for form in (word, word[:1].upper() + word[1:])))
        self._action: Action | None = None

    def before(self, view: View) -> Action | None:
        tracker = view.tracker
        if not tracker.followed or tracker.position - tracker.start >= self._beta:
            return None
        if self._action is None:
            self._action = Action(Bias(view.words.forms(self._words), self._value))
        return self._action

    def summary(self) -> str:
        if self._action is None or self._action.bias is None or self._action.bias.ids.size:
            return ""
        return "none of its words is one token of this model: it changed nothing"
