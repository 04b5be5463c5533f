"""`best` and `steps`: of n attempts the one that a verifier rates highest, by its answer or by its steps."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from localthink.judge.interface import THRESHOLD
from localthink.solving.attempts import Attempt
from localthink.solving.strategy import Choice, Judged, Move, Plain
from localthink.solving.votes import grouped

Take = Literal["highest", "votes"]
Aggregation = Literal["min", "product", "last"]


@dataclass(frozen=True, slots=True)
class Best(Plain):
    """The attempt whose answer is rated highest; once one is certainly right, no others are needed.

    Of equals the first counts, and where the verifier tells none from another, the most frequent answer. To `take` the
    votes is to add up the ratings of each answer, and to take the answer with the highest sum.
    """

    take: Take = "highest"
    name = "best"

    @property
    def judges(self) -> Judged:
        return "answer"

    def rating(self, attempt: Attempt) -> float | None:
        """The probability that the attempt is right; None where the verifier could not tell."""
        return attempt.judged[0] if attempt.judged else None

    def move(self, ended: Sequence[Attempt]) -> Move:
        return Move(self.n, stop=any(attempt.said is not None and self.rating(attempt) == 1 for attempt in ended))

    def choose(self, ended: Sequence[Attempt]) -> Choice:
        answered = [attempt for attempt in ended if attempt.said is not None]
        rated = {attempt.number: rating for attempt in answered if (rating := self.rating(attempt)) is not None}
        groups = grouped(answered, lambda attempt: rated.get(attempt.number, 0.0))
        if not groups:
            return Choice(None, ())
        winner = self._winner(answered, rated)
        unknown = len(answered) - len(rated)
        notes = ("no answer could be judged: this is the most frequent one",) if not rated else (
            f"{unknown} of {len(answered)} answers could not be judged",) if unknown else ()
        return Choice(winner, groups, rated.get(winner.number), "that it is right, says the verifier", notes)

    def _winner(self, answered: Sequence[Attempt], rated: dict[int, float]) -> Attempt:
        if len(set(rated.values())) < 2:
            return grouped(answered)[0].shortest
        if self.take == "votes":
            group = grouped(answered, lambda attempt: rated.get(attempt.number, 0.0))[0]
            return min(group.attempts, key=lambda attempt: (-rated.get(attempt.number, 0.0), attempt.number))
        return min((attempt for attempt in answered if attempt.number in rated),
                   key=lambda attempt: (-rated[attempt.number], attempt.number))


@dataclass(frozen=True, slots=True)
class Steps(Best):
    """The same by all steps that an answer rests on, and the answer: the worst one, the product of all, or the last."""

    by: Aggregation = "min"
    name = "steps"

    @property
    def judges(self) -> Judged:
        return "steps"

    def rating(self, attempt: Attempt) -> float | None:
        steps = carried_on(attempt.judged)
        if not steps:
            return None
        return {"min": min(steps), "product": math.prod(steps), "last": steps[-1]}[self.by]


def carried_on(judged: Sequence[float | None]) -> list[float]:
    """The probabilities of steps, where what follows a wrong one is no better than that; unknown ones are left out."""
    most, found = 1.0, []
    for probability in judged:
        if probability is not None:
            found.append(min(probability, most))
            if probability < THRESHOLD:
                most = min(most, probability)
    return found
