"""TIP, the thought-switching penalty (arXiv 2501.18585, equation 4), as a pure rule.

    z'(t, v) = z(t, v) - alpha   if v would complete a marker and t < Psi + beta, else z(t, v)

with t the position of the token to come and Psi the position at which the current thought began.
"""
from __future__ import annotations

from localthink.records import Tip
from localthink.thinking.tracker import ThoughtTracker


def penalty(tip: Tip, tracker: ThoughtTracker) -> float:
    """What to take off the logits of `tracker.switch_tokens` at the next token."""
    return tip.alpha if tracker.position < tracker.start + tip.beta else 0.0
