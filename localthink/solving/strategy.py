"""What a strategy is: told which attempts have ended, it says how many more are worth it, and at last which one counts.

A strategy is pure. Whether attempts are being written (`live`) or were written long ago (`replay`), it is asked the
same questions, and gives the same answers.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from localthink.records import Generation
from localthink.solving.attempts import Attempt
from localthink.solving.votes import Group

Judged = Literal["", "answer", "steps"]  # what a verifier is to look at


@dataclass(frozen=True, slots=True)
class Move:
    """What is to happen now: so many attempts may have been `begun` by now, those that have ended counted.

    A running attempt that has written `longest` tokens is of no use any more. With `stop`, nothing that runs is.
    """

    begun: int
    longest: int | None = None
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What came out: the attempt whose answer counts, None where no attempt said anything.

    `groups` are the answers by the weight of their votes. `sure` is from 0 to 1, and None where the strategy cannot
    say; what it is the probability of is `meaning`. `notes` are what a person should know about it.
    """

    winner: Attempt | None
    groups: tuple[Group, ...]
    sure: float | None = None
    meaning: str = ""
    notes: tuple[str, ...] = ()


class Strategy(Protocol):
    """`n` is the most attempts that it takes, `judges` what a verifier has to tell it about each of them."""

    @property
    def name(self) -> str: ...
    @property
    def n(self) -> int: ...
    @property
    def judges(self) -> Judged: ...

    def how(self, base: Generation, number: int, ended: Sequence[Attempt]) -> Generation:
        """How attempt `number` is to be written, where `base` is what was asked for."""

    def move(self, ended: Sequence[Attempt]) -> Move:
        """What to do when these have ended, in this order."""

    def choose(self, ended: Sequence[Attempt]) -> Choice:
        """The answer, when nothing more comes."""


@dataclass(frozen=True, slots=True)
class Plain:
    """What most strategies have in common: they take n attempts as they are asked for, and no verifier."""

    n: int

    @property
    def judges(self) -> Judged:
        return ""

    def how(self, base: Generation, number: int, ended: Sequence[Attempt]) -> Generation:
        return base
