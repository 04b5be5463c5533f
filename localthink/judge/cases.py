"""What there is to be judged in a result of a run: its thoughts, its steps, or its answer."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localthink.grade.countdown import Puzzle
from localthink.grade.exact import Gold
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
    return cases_in(result["key"], kind, result["question"], [str(each["text"]) for each in result["thoughts"]],
                    result["answer"], known_answer(result["item"]))


def cases_in(key: str, kind: Kind, question: str, thoughts: Sequence[str], answer: str,
             known: Puzzle | Gold | None) -> list[Case]:
    """As `cases_of`, where there is no line of results.jsonl; `key` is what the sample is known by."""
    if kind == "answer":
        texts = [("", answer)] if answer.strip() else []
    else:
        texts = [(BETWEEN.join(thoughts[:place]), text) for place, text in enumerate(thoughts)]
        if kind == "step":
            texts = [step for before, text in texts or [("", answer)] for step in _steps(before, text)]
    return [Case(case_key(key, kind, index), kind, question, text, before, known)
            for index, (before, text) in enumerate(texts)]


def _steps(before: str, thought: str) -> list[tuple[str, str]]:
    steps = steps_of(thought)
    start = before + BETWEEN if before else ""
    return [((start + "\n".join(steps[:place])).strip(), step) for place, step in enumerate(steps)]
