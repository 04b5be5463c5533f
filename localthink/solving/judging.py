"""What a verifier is shown of an attempt: its answer, or all that the answer rests on."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from localthink.judge.cases import cases_of
from localthink.judge.interface import Case, Judgement
from localthink.solving.attempts import Attempt
from localthink.solving.strategy import Judged


def cases_to_judge(result: Mapping[str, Any], what: Judged) -> list[Case]:
    """The cases of an attempt, which is a line of results.jsonl, in their order.

    Of one that thinks, the steps are its last thought and its answer: what it has left itself it does not rest on. Of
    one that does not think they are the steps of its answer, and the answer as a whole.
    """
    answer = cases_of(result, "answer")
    if what != "steps":
        return answer
    return [*(cases_of(result, "thought")[-1:] or cases_of(result, "step")), *answer]


def judged(attempt: Attempt, judgements: Sequence[Judgement]) -> Attempt:
    """The attempt with what a verifier says of its cases."""
    return replace(attempt, judged=tuple(judgement.probability for judgement in judgements))
