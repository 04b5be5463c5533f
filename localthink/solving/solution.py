"""What came of solving a question: the answer, how it was found, how sure it is, and what it has cost."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from localthink.records import FinishReason
from localthink.solving.attempts import Form

State = FinishReason | Literal["writing"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with the numbers of the attempts that gave it; `weight` is what their votes weigh together.

    `form` says by what they are one answer; see `attempts.Said`.
    """

    answer: str
    form: Form
    weight: float
    attempts: tuple[int, ...]

    @property
    def votes(self) -> int:
        return len(self.attempts)


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt, by its number, as far as it came. `said` is its final answer, "" where it settled on nothing.

    `judged` are the probabilities that its steps are right, or its answer alone.
    """

    number: int
    seed: int
    state: State
    tokens: int
    said: str = ""
    confidence: float | None = None
    judged: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Solution:
    """`answer` is the final answer, "" where no attempt said any, and `text` the whole answer of the attempt `winner`.

    `sure` is from 0 to 1, or None where the strategy cannot say; `meaning` says what it is the probability of. `tokens`
    are those of all attempts, the cancelled ones too. `correct` says whether the answer is right, where that is known.
    """

    strategy: str
    n: int
    question: str
    answer: str
    text: str
    winner: int | None
    sure: float | None
    meaning: str
    answers: tuple[Answer, ...]
    attempts: tuple[Attempted, ...]
    tokens: int
    seconds: float
    notes: tuple[str, ...] = ()
    correct: bool | None = None

    @property
    def votes(self) -> int:
        """Of the answer."""
        return next((each.votes for each in self.answers if self.winner in each.attempts), 0)

    @property
    def cancelled(self) -> int:
        return sum(each.state == "cancelled" for each in self.attempts)

    def as_object(self) -> dict[str, Any]:
        """As JSON."""
        answers = [{**asdict(each), "votes": each.votes, "weight": round(each.weight, 6)} for each in self.answers]
        return {**asdict(self), "answers": answers, "seconds": round(self.seconds, 3)}
