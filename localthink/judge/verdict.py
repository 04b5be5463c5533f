"""A model's verdict, read from the logits of the first token of its answer: nothing is written, nothing is parsed."""
from __future__ import annotations

import math

import numpy as np

from localthink.control.interface import Action, Control, Finish
from localthink.control.view import FloatRow, View
from localthink.thinking.automaton import TokenIds


class Verdict(Control):
    """Looks at the first row of one sample, then ends it. `probability` is NaN until then, and where logits are not
    finite.
    """

    name = "verdict"

    def __init__(self, yes: TokenIds, no: TokenIds) -> None:
        self._yes, self._no = yes, no
        self.probability = math.nan

    def before(self, view: View) -> Action | None:
        self.probability = yes_against_no(view.logits, self._yes, self._no)
        return Action(request=Finish("stop"))


def yes_against_no(logits: FloatRow, yes: TokenIds, no: TokenIds) -> float:
    """P(yes) / (P(yes) + P(no)), each summed over its tokens, from a row of logits [V]; NaN where they say nothing."""
    with np.errstate(invalid="ignore"):
        apart = float(np.logaddexp.reduce(logits[no].astype(np.float64)) -
                      np.logaddexp.reduce(logits[yes].astype(np.float64)))
    return 1 / (1 + math.exp(min(apart, 700.0)))  # what is larger overflows, and is 0 anyway
