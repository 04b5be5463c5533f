"""TIP, the thought-switching penalty (arXiv 2501.18585, equation 4).

    z'(t, v) = z(t, v) - alpha   if v would complete a marker and t < Psi + beta, else z(t, v)

with t the position of the token to come and Psi the position at which the current thought began. A `grace`, which
the paper does not have, lets the penalty rest over the first words of a thought that a marker opened.
"""
from __future__ import annotations

import numpy as np

from localthink.control.interface import Action, Bias, Control
from localthink.control.view import View
from localthink.records import Tip
from localthink.thinking.tracker import ThoughtTracker


def penalty(tip: Tip, tracker: ThoughtTracker) -> float:
    """What to take off the logits of `tracker.switch_tokens` at the next token."""
    since = tracker.position - tracker.start
    rests = since < tip.grace and tracker.opened_by_marker
    return tip.alpha if since < tip.beta and not rests else 0.0


class TipControl(Control):
    """The penalty on one sample. What it holds back is counted where the token is drawn, and is no intervention."""

    name = "tip"

    def __init__(self, tip: Tip) -> None:
        self.tip = tip

    def before(self, view: View) -> Action | None:
        alpha = penalty(self.tip, view.tracker)
        if not alpha or not (ids := view.tracker.switch_tokens).size:
            return None
        return Action(Bias(ids, np.float32(-alpha)))
