"""What a control did that a person should know of, in a line each."""
from __future__ import annotations

from collections.abc import Iterable

from localthink.records import Intervention

TOLD = ("loop-guard",)  # the others do what they were asked to; `ask --json` has them all


def announcements(interventions: Iterable[Intervention]) -> list[str]:
    """Where the guard found a loop, and what it did."""
    return [f"at token {each.position:,} {each.why}" for each in interventions if each.control in TOLD]
