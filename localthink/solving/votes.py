"""Attempts grouped by their answer."""
from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from localthink.solving.attempts import Attempt, Said


@dataclass(frozen=True, slots=True)
class Group:
    """Attempts with one answer, by number; `weight` is the sum of what each of their votes weighs."""

    attempts: tuple[Attempt, ...]
    weight: float

    @property
    def said(self) -> Said:
        said = self.attempts[0].said
        assert said is not None, "only attempts that say something are grouped"
        return said

    @property
    def votes(self) -> int:
        return len(self.attempts)

    @property
    def shortest(self) -> Attempt:
        return min(self.attempts, key=lambda attempt: (attempt.tokens, attempt.number))


def grouped(attempts: Sequence[Attempt], weight: Callable[[Attempt], float] = lambda attempt: 1.0) -> tuple[Group, ...]:
    """The answers by weight, the heaviest first; of equals the one with the shortest attempt.

    Attempts that settled on nothing have no vote.
    """
    found: dict[Hashable, list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.number):
        if attempt.said is not None:
            found.setdefault(attempt.said.key, []).append(attempt)
    groups = [Group(tuple(own), sum(map(weight, own))) for own in found.values()]
    return tuple(sorted(groups, key=lambda group: (-group.weight, group.shortest.tokens, group.shortest.number)))
