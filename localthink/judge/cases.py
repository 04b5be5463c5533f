"""What there is to be judged in a result of a run: its thoughts, its steps, or its answer."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localthink.grade.grading import known_answer
from localthink.judge.interface import Case, Kind
from localthink.thinking.steps import steps_of

BETWEEN = "\n\n"  # two thoughts


def case_key(result_key: str, kind: Kind, index: int) -> str:
    """The key of the `index`-th case of a kind in a result, from 0: thought by thought, as the result has them."""
    return f"{result_key}:{kind}:{index}"


def cases_of(result: Mapping[str, Any], kind: Kind) -> list[Case]:
    """The cases of a kind in a line of results.jsonl, in their order; of answers one, or none where it is blank.

    Steps are those of `steps_of`, of a sample without thoughts those of its answer. What stands before a thought or a
    step is all that the sample said before it.
    """
    if kind == "answer":
        texts = [("", result["answer"])] if result["answer"].strip() else []
    else:
        thoughts = [str(thought["text"]) for thought in result["thoughts"]]
        texts = [(BETWEEN.join(thoughts[:place]), text) for place, text in enumerate(thoughts)]
        if kind == "step":
            texts = [step for before, text in texts or [("", result["answer"])] for step in _steps(before, text)]
    known = known_answer(result["item"])
    return [Case(case_key(result["key"], kind, index), kind, result["question"], text, before, known)
            for index, (before, text) in enumerate(texts)]


def _steps(before: str, thought: str) -> list[tuple[str, str]]:
    steps = steps_of(thought)
    start = before + BETWEEN if before else ""
    return [((start + "\n".join(steps[:place])).strip(), step) for place, step in enumerate(steps)]
