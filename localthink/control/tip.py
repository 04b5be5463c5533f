"""TIP, the thought-switching penalty (arXiv 2501.18585, equation 4), as a pure rule.

    z'(t, v) = z(t, v) - alpha   if v would complete a marker and t < Psi + beta, else z(t, v)

with t the position of the token to come and Psi the position at which the current thought began. A `grace`, which
the paper does not have, lets the penalty rest over the first words of a thought that a marker opened.
"""
from __future__ import annotations

from localthink.records import Tip
from localthink.thinking.tracker import ThoughtTracker


def penalty(tip: Tip, tracker: ThoughtTracker) -> float:
    """What to take off the logits of `tracker.switch_tokens` at the next token."""
    since = tracker.position - tracker.start
    rests = since < tip.grace and tracker.opened_by_marker
    return tip.alpha if since < tip.beta and not rests else 0.0
