"""Labels in the form of process supervision that PRM800K has, one JSON object a sample, and back.

The form is that of Lightman et al., "Let's Verify Step by Step" (arXiv 2305.20050), as the repository openai/prm800k
describes it. What it has no place for stands in a field `localthink`, which its readers pass over: the key of the
sample, whether its steps are thoughts or steps of thoughts, and which of them are wrong only by default.

    right is the rating 1, wrong -1, unsure 0 with `flagged`; what nobody rated has null
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localthink.batch.jsonlines import wrong_field
from localthink.errors import UsageError
from localthink.grade.exact import Gold
from localthink.label.file import Said
from localthink.label.labels import KINDS, Rated, Rating, UnitKind, resolved
from localthink.label.run import Sample
from localthink.text.values import quoted

NUMBERS: Mapping[Rating, int] = {"right": 1, "wrong": -1, "unsure": 0}
WORDS: Mapping[int, Rating] = {number: rating for rating, number in NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class Solution:
    """A line of such a file: the texts of its steps, and what somebody said of each; None where nobody did.

    Only a line of our own has the `key` of its sample, and says what its steps are.
    """

    labeler: str
    problem: str
    texts: tuple[str, ...]
    ratings: tuple[Rating | None, ...]
    key: str | None = None
    kind: UnitKind | None = None


def prm_object(sample: Sample, kind: UnitKind, said: Said, by: str) -> dict[str, Any]:
    """What somebody said of a sample, and what follows from it, up to the last unit of which anything is known."""
    units = sample.units(kind)
    rated = resolved(units, said.labels)
    known = max(place for place, each in enumerate(rated) if each.rating is not None) + 1
    texts = [sample.text(unit) for unit in units]
    return {
        "labeler": by, "timestamp": max(said.labels[unit].at for unit in units if unit in said.labels),
        "generation": None, "is_quality_control_question": False, "is_initial_screening_question": False,
        "question": {
            "problem": sample.question, "ground_truth_solution": None,
            "ground_truth_answer": sample.known_text if isinstance(sample.known, Gold) else None,
            "pre_generated_steps": texts,
            "pre_generated_answer": sample.answer, "pre_generated_verifier_score": None},
        "label": {
            "steps": [_step(text, each) for text, each in zip(texts[:known], rated, strict=False)],
            "total_time": None, "finish_reason": _finish_reason(rated)},
        "localthink": {"key": sample.key, "unit": kind, "by_default": [
            place for place, each in enumerate(rated[:known]) if each.rating is not None and not each.said]},
    }


def _step(text: str, rated: Rated) -> dict[str, Any]:
    number = None if rated.rating is None else NUMBERS[rated.rating]
    return {"completions": [{"text": text, "rating": number, "flagged": rated.rating == "unsure"}],
            "human_completion": None, "chosen_completion": 0}


def _finish_reason(rated: list[Rated]) -> str:
    if any(each.rating == "wrong" for each in rated):
        return "found_error"
    return "solution" if rated[-1].rating == "right" else "give_up"


def read_solution(line: object) -> Solution:
    """A line in this form, ours or another's. Raises UsageError, which says what is wrong with it.

    Of several completions of a step it is the chosen one that counts, and the first where none was chosen.
    """
    line = _table(line, "the line")
    question, label = _table(line.get("question"), "question"), _table(line.get("label"), "label")
    if wrong := wrong_field(question, {"problem": str}):
        raise UsageError(f"question.{wrong} is {quoted(question.get(wrong))}: give a text")
    steps = label.get("steps")
    if not isinstance(steps, list) or not steps:
        raise UsageError(f"label.steps is {quoted(steps)}: give a list of steps")
    ours = line["localthink"] if isinstance(line.get("localthink"), dict) else {}
    default, labeler, key = ours.get("by_default"), line.get("labeler"), ours.get("key")
    kind = next((kind for kind in KINDS if kind == ours.get("unit")), None)
    read = [_read_step(step, f"label.steps[{place}]") for place, step in enumerate(steps)]
    ratings = tuple(None if isinstance(default, list) and place in default else rating
                    for place, (_, rating) in enumerate(read))
    return Solution(labeler if isinstance(labeler, str) else "", question["problem"], tuple(text for text, _ in read),
                    ratings, key if isinstance(key, str) else None, kind)


def _read_step(step: object, where: str) -> tuple[str, Rating | None]:
    step = _table(step, where)
    completions, chosen = step.get("completions"), step.get("chosen_completion")
    place = chosen if isinstance(chosen, int) else 0
    if not isinstance(completions, list) or not 0 <= place < len(completions):
        raise UsageError(f"{where} has no completion that was chosen: give `completions`, and which of them")
    completion = _table(completions[place], f"{where}.completions[{place}]")
    text, rating = completion.get("text"), completion.get("rating")
    if not isinstance(text, str):
        raise UsageError(f"{where}.completions[{place}].text is {quoted(text)}: give a text")
    if rating not in (1, 0, -1, None):
        raise UsageError(f"{where}.completions[{place}].rating is {quoted(rating)}: it is 1, 0, -1 or null")
    return text, None if rating is None else WORDS[int(rating)]


def _table(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} is {quoted(value)}: give an object, as PRM800K has it")
    return value
