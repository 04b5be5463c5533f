"""Labels: what is rated, what was said of it, and what follows for what nobody rated."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Rating = Literal["right", "wrong", "unsure"]
RATINGS: tuple[Rating, ...] = ("right", "wrong", "unsure")
UnitKind = Literal["thoughts", "steps"]
KINDS: tuple[UnitKind, ...] = ("thoughts", "steps")
MEANING: Mapping[UnitKind, str] = {
    "thoughts": "Right: the right answer can be reached from it, whatever it concludes itself.",
    "steps": "Right: what it says is right, given what stands before it."}


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """What gets one rating: a thought of a sample, or a step of a thought. All places count from 0.

    `key` is the sample's. A whole thought has the `step` -1.
    """

    key: str
    thought: int
    step: int = -1

    @property
    def kind(self) -> UnitKind:
        return "thoughts" if self.step < 0 else "steps"

    @property
    def name(self) -> str:
        """As people count: thought 3, step 2 of it is 3.2."""
        return f"{self.thought + 1}" if self.step < 0 else f"{self.thought + 1}.{self.step + 1}"


@dataclass(frozen=True, slots=True)
class Label:
    """A rating of a unit, and when it was given (ISO 8601, UTC)."""

    unit: Unit
    rating: Rating
    at: str


@dataclass(frozen=True, slots=True)
class Rated:
    """What holds for a unit. A rating that nobody `said` is the default that follows from an earlier unit."""

    rating: Rating | None = None
    said: bool = False


def resolved(units: Sequence[Unit], labels: Mapping[Unit, Label]) -> list[Rated]:
    """What holds for the units of one sample, in their order.

    Behind a wrong one the rest is wrong by default, until one is rated right. Steps rest on each other only within
    their thought: another thought begins anew.
    """
    found, spoiled = [], False
    for before, unit in zip((None, *units), units, strict=False):
        if before is not None and unit.step >= 0 and unit.thought != before.thought:
            spoiled = False
        label = labels.get(unit)
        if label is not None and label.rating != "unsure":
            spoiled = label.rating == "wrong"
        found.append(Rated(label.rating, True) if label is not None else Rated("wrong" if spoiled else None))
    return found
