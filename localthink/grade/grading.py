"""What is known of the right answer to an item, and whether an answer is right."""
from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from localthink.grade import countdown, exact
from localthink.grade.countdown import Puzzle

_WHOLE = r"-?[0-9]{1,18}+"
_NUMBER = re.compile(rf"\s*+({_WHOLE})\s*+")
_NUMBERS = re.compile(rf"\s*+[\[(]?\s*+{_WHOLE}(?:(?:\s*+,\s*+|\s++){_WHOLE})*+\s*+[\])]?\s*+")


@dataclass(frozen=True, slots=True)
class Grader:
    """Grades the answers to one item: its puzzle, or the answer that is known to be right."""

    known: Puzzle | str | int | float

    @property
    def name(self) -> Literal["countdown", "exact"]:
        return "countdown" if isinstance(self.known, Puzzle) else "exact"

    def solves(self, answer: str) -> bool:
        """Whether `answer`, which is what follows `</think>`, is right. Never raises."""
        if isinstance(self.known, Puzzle):
            return countdown.solves(answer, self.known.numbers, self.known.target)
        return exact.matches(answer, self.known)


def known_answer(carried: Mapping[str, Any]) -> Grader | None:
    """The grader of an item that carries these fields, or None if they do not say what is right.

    A `target` with `numbers` (or `nums`) is a Countdown puzzle; else an `answer` that is a number or a
    text, and not empty, is matched exactly. Whole numbers may be written as text, as from a CSV file:
    "39", and "[4, 7, 11]", "4, 7, 11" or "4 7 11". Fields of other forms are as good as missing.
    """
    target = _whole(carried.get("target"))
    for name in ("numbers", "nums"):
        numbers = _wholes(carried.get(name))
        if target is not None and numbers:
            return Grader(Puzzle(numbers, target))
    answer = carried.get("answer")
    return Grader(answer) if _is_answer(answer) else None


def _whole(value: object) -> int | None:
    if isinstance(value, str) and (written := _NUMBER.fullmatch(value)):
        return int(written[1])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _wholes(value: object) -> tuple[int, ...]:
    """The numbers of a list or of a text; none if it is neither, or if anything in it is no whole number."""
    if isinstance(value, str):
        return tuple(int(number) for number in re.findall(_WHOLE, value)) if _NUMBERS.fullmatch(value) else ()
    if not isinstance(value, list | tuple):
        return ()
    numbers = tuple(number for number in value if isinstance(number, int) and not isinstance(number, bool))
    return numbers if len(numbers) == len(value) else ()


def _is_answer(value: object) -> TypeGuard[str | int | float]:
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
