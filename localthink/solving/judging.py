"""What a verifier is shown of an attempt, its answer or all steps that the answer rests on; and how it is asked."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from localthink.judge.cases import cases_of
from localthink.judge.interface import Case, Judge, Judgement, Kind
from localthink.judge.model_judge import ModelJudge
from localthink.solving.attempts import Attempt
from localthink.solving.strategy import Judged
from localthink.thinking.steps import steps_of


def kinds_judged(what: Judged) -> tuple[Kind, ...]:
    """The kinds of the cases that `cases_to_judge` makes."""
    return ("step", "answer") if what == "steps" else ("answer",)


def cases_to_judge(result: Mapping[str, Any], what: Judged) -> list[Case]:
    """The cases of an attempt, which is a line of results.jsonl, in their order; the last is its answer.

    Of one that thinks, the steps are those of its last thought: the answer does not rest on the thoughts that it has
    left. Of one that does not think, they are those of its answer.
    """
    answer = cases_of(result, "answer")
    if what != "steps":
        return answer
    steps = cases_of(result, "step")
    if result["thoughts"]:
        count = len(steps_of(result["thoughts"][-1]["text"]))
        steps = steps[len(steps) - count:]
    return [*steps, *answer]


def judged(attempt: Attempt, judgements: Sequence[Judgement]) -> Attempt:
    """The attempt with what a verifier says of its cases."""
    return replace(attempt, judged=tuple(judgement.probability for judgement in judgements))


def ask(judge: Judge, cases: Sequence[Case], stopped: Callable[[], bool]) -> dict[int, Judgement]:
    """Judgements by the places of their cases; only those that came before `stopped` said so.

    A model judges many cases side by side, and is stopped between two of its steps; others between two cases.
    """
    found: dict[int, Judgement] = {}
    if isinstance(judge, ModelJudge) and not stopped():
        with closing(judge.steps(cases)) as steps:
            for brought in steps:
                found.update(brought)
                if stopped():
                    break
        return found
    for place, case in enumerate(cases):
        if stopped():
            break
        [found[place]] = judge.judge([case])
    return found
