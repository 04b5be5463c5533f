"""`single` and `consensus`: one attempt, or as many as it takes until the most frequent answer is safe.

Adaptive-Consistency (arXiv 2305.11860, section 3, the Beta criterion): of the two most frequent answers, with a and b
votes, the first leads in truth with probability

    P(p > 1/2),  p ~ Beta(a + 1, b + 1),

which for whole numbers is a tail of the binomial distribution.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from localthink.solving.attempts import Attempt
from localthink.solving.strategy import Choice, Move, Plain
from localthink.solving.votes import grouped


def leads(votes: int, other: int) -> float:
    """The probability that an answer with so many votes is more frequent than one with `other` votes, at a flat prior.

    1 - I_{1/2}(a, b) = P(Binomial(a + b - 1, 1/2) < a), with a = votes + 1 and b = other + 1.
    """
    tosses = votes + other + 1
    return float(sum(math.comb(tosses, heads) for heads in range(votes + 1)) / 2**tosses)


@dataclass(frozen=True, slots=True)
class Single(Plain):
    """One attempt. It says nothing of how sure it is."""

    name = "single"

    def move(self, ended: Sequence[Attempt]) -> Move:
        return Move(1)

    def choose(self, ended: Sequence[Attempt]) -> Choice:
        groups = grouped(ended)
        return Choice(groups[0].shortest if groups else None, groups)


@dataclass(frozen=True, slots=True)
class Consensus(Plain):
    """The majority of answers. It begins no more attempts than could make the leader safe if they all agreed with it.

    The leader is safe once it leads with a probability of `sure`, or cannot be overtaken by the attempts that are left.
    """

    sure: float = 0.95
    name = "consensus"

    def move(self, ended: Sequence[Attempt]) -> Move:
        first, second = _leaders(ended)
        left = self.n - len(ended)
        more = next((more for more in range(left) if self._safe(first + more, second, left - more)), left)
        return Move(len(ended) + more, stop=more == 0)

    def _safe(self, first: int, second: int, left: int) -> bool:
        return first > 0 and (leads(first, second) >= self.sure or first - second > left)

    def choose(self, ended: Sequence[Attempt]) -> Choice:
        groups = grouped(ended)
        if not groups:
            return Choice(None, ())
        return Choice(groups[0].shortest, groups, leads(*_leaders(ended)), "that no other answer is more frequent")


def _leaders(ended: Sequence[Attempt]) -> tuple[int, int]:
    """The votes of the two most frequent answers."""
    votes = [group.votes for group in grouped(ended)]
    first, second = (*votes, 0, 0)[:2]
    return first, second
