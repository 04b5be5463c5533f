"""`confident`: votes weighted by confidence, doubtful attempts ended early, and a stop once one answer has the weight.

DeepConf (arXiv 2508.15260), online: an attempt's confidence C is that of its lowest group of tokens (see
`control.confidence`). Some warm-up attempts run to their end; s is the confidence that a share `keep` of them reaches.
Later attempts are ended once a group falls below s. Every attempt with C >= s votes with the weight C, and all is over
once

    V(leader) / sum of V >= sure,   V(answer) = sum of C over its attempts.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from localthink.control.confidence import Confidence
from localthink.records import ControlSpec, Generation
from localthink.solving.attempts import Attempt
from localthink.solving.strategy import Choice, Move, Plain
from localthink.solving.votes import Group, grouped


@dataclass(frozen=True, slots=True)
class Confident(Plain):
    """`group` is in tokens; of the first `warm_up` attempts, a share `keep` is confident enough.

    The authors warm up with 16, take groups of 2,048, and keep a tenth (`keep` 0.1) or nine tenths (0.9).
    """

    sure: float = 0.95
    warm_up: int = 16
    keep: float = 0.9
    group: int = 2048
    name = "confident"

    def how(self, base: Generation, number: int, ended: Sequence[Attempt]) -> Generation:
        least = self.threshold(ended) if number >= self._first else None
        settings: tuple[tuple[str, float | str], ...] = (("group", self.group), ("least", least or 0))
        others = [spec for spec in base.controls if spec.name != Confidence.name]
        return replace(base, controls=(*others, ControlSpec(Confidence.name, settings)))

    def move(self, ended: Sequence[Attempt]) -> Move:
        if self.threshold(ended) is None:
            return Move(self._first)
        groups = self._groups(ended)
        return Move(self.n, stop=bool(groups) and _share(groups) >= self.sure)

    def choose(self, ended: Sequence[Attempt]) -> Choice:
        groups = self._groups(ended)
        if not groups:
            return Choice(None, ())
        return Choice(groups[0].shortest, groups, _share(groups), "the leader's share of the weighted votes")

    def threshold(self, ended: Sequence[Attempt]) -> float | None:
        """s; None while warming up."""
        warm = [attempt for attempt in ended if attempt.number < self._first]
        if len(warm) < self._first:
            return None
        known = sorted((a.confidence for a in warm if a.confidence is not None), reverse=True)
        return known[max(0, math.ceil(self.keep * len(known)) - 1)] if known else 0.0

    @property
    def _first(self) -> int:
        return min(self.warm_up, self.n)

    def _groups(self, ended: Sequence[Attempt]) -> tuple[Group, ...]:
        least = self.threshold(ended) or 0.0
        return grouped([a for a in ended if _weight(a) >= least], _weight)


def _weight(attempt: Attempt) -> float:
    return attempt.confidence if attempt.confidence is not None else 1.0


def _share(groups: Sequence[Group]) -> float:
    whole = sum(group.weight for group in groups)
    return groups[0].weight / whole if whole > 0 else 0.0
