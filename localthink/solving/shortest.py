"""`shortest` and `short-m@k`: of attempts that run side by side, those that end first are the ones that count.

short-m@k (arXiv 2505.17813): k attempts begin together; once m have ended, the others are cancelled, and the majority
among the m is the answer, of equals the shortest. `shortest` is short-1 of all. An attempt that ends without an answer
is none of the m. What counts is its number of tokens and not the clock: where fewer than k run side by side, an attempt
that began later and is shorter still takes the place of a longer one.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from localthink.solving.attempts import Attempt
from localthink.solving.strategy import Choice, Move, Plain
from localthink.solving.votes import grouped


@dataclass(frozen=True, slots=True)
class Shortest(Plain):
    """The majority among the `m` shortest attempts of n."""

    m: int = 1

    @property
    def name(self) -> str:
        return "shortest" if self.m == 1 else f"short-{self.m}"

    def move(self, ended: Sequence[Attempt]) -> Move:
        counted = self._counted(ended)
        return Move(self.n, longest=counted[-1].tokens if len(counted) == self.m else None)

    def choose(self, ended: Sequence[Attempt]) -> Choice:
        groups = grouped(self._counted(ended))
        return Choice(groups[0].shortest if groups else None, groups)

    def _counted(self, ended: Sequence[Attempt]) -> list[Attempt]:
        answered = sorted((a for a in ended if a.said is not None), key=lambda a: (a.tokens, a.number))
        return answered[:self.m]
