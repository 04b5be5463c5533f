"""The judge that knows: thoughts and steps of Countdown by their arithmetic, answers by the grader."""
from __future__ import annotations

from collections.abc import Sequence

from localthink.grade.countdown import Puzzle
from localthink.grade.countdown_thoughts import leads_on, step_holds
from localthink.grade.grading import Grader
from localthink.judge.interface import Case, Judgement


class Oracle:
    """Judges what its cases' `known` decides, with certainty; of all else it says why it cannot."""

    name = "the exact oracle"

    def __init__(self, grader: Grader) -> None:
        self._grader = grader

    def judge(self, cases: Sequence[Case]) -> list[Judgement]:
        return [self._judge(case) for case in cases]

    def _judge(self, case: Case) -> Judgement:
        known = case.known
        if known is None:
            return Judgement(None, "the right answer is not known")
        if case.kind == "answer":
            verdict = self._grader.grade(known, case.text)
            return _certain(None if verdict.failure else verdict.correct, verdict.failure)
        if not isinstance(known, Puzzle):
            return Judgement(None, f"only of Countdown is it known which {case.kind} is right")
        if case.kind == "thought":
            return _certain(leads_on(case.text, known), "the thought names no operation")
        return _certain(step_holds(case.text, case.before, known), "the step names no operation")


def _certain(right: bool | None, otherwise: str) -> Judgement:
    return Judgement(None, otherwise) if right is None else Judgement(float(right))
