"""What was done to an answer that a person should know of: how it ended early, and where a control stepped in."""
from __future__ import annotations

from collections.abc import Iterable

from localthink.records import LOOP_GUARD, Intervention

TOLD = (LOOP_GUARD,)  # the others do what they were asked to; `ask --json` has them all

EARLY_ENDS = {"length": "cut off: the context or the most tokens are used up",
              "loop": "ended: it went round in a circle", "confidence": "ended: it was not confident enough"}


def announcements(interventions: Iterable[Intervention]) -> list[str]:
    """Where the guard found a loop, and what it did."""
    return [f"at token {each.position:,} {each.why}" for each in interventions if each.control in TOLD]
