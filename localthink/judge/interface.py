"""What a judge is asked, and what it says."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from localthink.grade.countdown import Puzzle
from localthink.grade.exact import Gold

Kind = Literal["thought", "step", "answer"]
KINDS: tuple[Kind, ...] = ("thought", "step", "answer")
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to be judged.

    A `thought` is right if going on from it can lead to the right answer, whatever it concludes itself; a `step` is
    right if what it says is right, given what stands `before` it; an `answer` is right if it is what the question asks
    for. `known` is what is known of the right answer, which an oracle needs and a model never sees. `key` names the
    case: the same key is the same case, in another process too.
    """

    key: str
    kind: Kind
    question: str
    text: str
    before: str = ""
    known: Puzzle | Gold | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The probability, from 0 to 1, that a case is right; None where the judge cannot tell, and `failure` says why.

    `cut` is how many tokens of what stood before the case the judge had no room for, where its prompt could have `room`
    tokens; with a `cut` of 0 its room is not told.
    """

    probability: float | None
    failure: str = ""
    cut: int = 0
    room: int = 0

    def stands(self, room: int) -> bool:
        """Whether asking again with so much room would say nothing new: it was told, and with all that was before."""
        return self.probability is not None and (not self.cut or self.room >= room)

    @property
    def right(self) -> bool | None:
        """The verdict: right from THRESHOLD on."""
        return None if self.probability is None else self.probability >= THRESHOLD


class Judge(Protocol):
    """Judges many cases at once, in their order. It may take as long as it needs, and never raises for a case."""

    @property
    def name(self) -> str:
        """What reports call it."""

    def judge(self, cases: Sequence[Case]) -> list[Judgement]:
        """One judgement for each case."""
