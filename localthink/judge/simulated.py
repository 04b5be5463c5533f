"""A judge of a stated accuracy: what the oracle says, turned round now and then."""
from __future__ import annotations

from collections.abc import Sequence

from localthink.errors import UsageError
from localthink.judge.interface import Case, Judge, Judgement
from localthink.text.values import json_sha256


class SimulatedJudge:
    """Wrong about a case with the probability 1 - `accuracy`, decided by the seed and the case's key alone.

    Its probability is `accuracy` where it says right, and 1 - `accuracy` where it says wrong: calibrated where as many
    cases are right as wrong. At an accuracy of 0.5 all are 0.5, and say nothing.
    """

    def __init__(self, oracle: Judge, accuracy: float, seed: int = 0) -> None:
        if not 0.5 <= accuracy <= 1:
            raise UsageError(f"the accuracy of a simulated judge is {accuracy:g}: give a number from 0.5 to 1")
        self._oracle, self._accuracy, self._seed = oracle, accuracy, seed

    @property
    def name(self) -> str:
        return f"a simulated judge, {100 * self._accuracy:g} % right"

    def judge(self, cases: Sequence[Case]) -> list[Judgement]:
        return [self._turned(case, known) for case, known in zip(cases, self._oracle.judge(cases), strict=True)]

    def _turned(self, case: Case, known: Judgement) -> Judgement:
        if known.right is None:
            return known
        luck = int(json_sha256([self._seed, case.key])[:13], 16) / 16**13  # uniform in [0, 1)
        says_right = known.right == (luck < self._accuracy)
        return Judgement(self._accuracy if says_right else 1 - self._accuracy)
