"""One attempt at a question that has ended, as strategies see it, and what it says its answer is."""
from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from localthink.control.confidence import lowest_group
from localthink.grade.answer_key import answer_key
from localthink.grade.boxes import last_boxed
from localthink.grade.countdown import Puzzle, expression_form, read_puzzle
from localthink.grade.exact import Gold
from localthink.grade.final_answer import final_answer
from localthink.grade.grading import known_answer
from localthink.grade.numbers import read_number

Form = Literal["number", "expression", "letter", "text"]


@dataclass(frozen=True, slots=True)
class Said:
    """A final answer: as it was written, and the `key` that it has in common with others that are the same answer.

    `form` says by what they are the same: a number's value, an expression up to order and brackets, a letter, or the
    text alone, which is the last resort.
    """

    text: str
    key: Hashable
    form: Form


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that has ended: the `number` of its sample, and what it `said`, None where it settled on nothing.

    `confidence` is that of its lowest group of tokens, where the control of that name looked on. `judged` are the
    probabilities that its steps are right, or its answer alone (see `judging`).
    """

    number: int
    tokens: int
    said: Said | None = None
    confidence: float | None = None
    judged: tuple[float | None, ...] = ()


def attempt_of(result: Mapping[str, Any]) -> Attempt:
    """A line of results.jsonl, or as much of one, as an attempt. One that was cut off has said nothing."""
    known = known_answer(result["item"]) or read_puzzle(result["question"])
    said = said_in(result["answer"], known) if result["finish_reason"] == "stop" else None
    notes = ((each["control"], each["why"]) for each in result.get("interventions", ()))
    return Attempt(result["sample"], result["tokens"], said, lowest_group(notes))


def said_in(answer: str, known: Puzzle | Gold | None) -> Said | None:
    r"""The final answer of a text, which is what follows the thinking. Of `known` only the kind of answer counts.

    Of a puzzle it is what stands in the last `\boxed{}`, as for the grader: without one, nothing was said.
    """
    if isinstance(known, Puzzle):
        text = (last_boxed(answer) or "").strip()
        if not text:
            return None
        form = expression_form(text)
        return Said(text, ("expression", form), "expression") if form else Said(text, ("text", text), "text")
    text = final_answer(answer, isinstance(known, Gold) and known.kind == "choice").strip()
    if not text:
        return None
    key = answer_key(text)
    if read_number(text, equation=True) is not None:
        return Said(text, key, "number")
    return Said(text, key, "letter" if len(str(key)) == 1 else "text")
