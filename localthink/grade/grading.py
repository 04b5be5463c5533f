"""What is known of the right answer to an item, and whether an answer is right."""
from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeGuard

from localthink.grade import countdown, exact
from localthink.grade.boxes import last_boxed
from localthink.grade.countdown import Puzzle
from localthink.grade.exact import Gold, read_gold
from localthink.grade.final_answer import final_answer
from localthink.grade.mathematician import Mathematician, NoVerdictError
from localthink.grade.options import read_options

ANSWERS = ("answer", "final_answer", "expected_answer")  # in any case
_WHOLE = r"-?[0-9]{1,18}+"
_NUMBER = re.compile(rf"\s*+({_WHOLE})\s*+")
_NUMBERS = re.compile(rf"\s*+[\[(]?\s*+{_WHOLE}(?:(?:\s*+,\s*+|\s++){_WHOLE})*+\s*+[\])]?\s*+")


def known_answer(carried: Mapping[str, Any]) -> Puzzle | Gold | None:
    r"""What an item that carries these fields says is right, or None if it does not.

    A `target` with `numbers` (or `nums`) is a Countdown puzzle. Else it is the first of ANSWERS that is a number or a
    text, and not empty (where there are options: a letter, or the text of one); else what the last box of its
    `solution` holds. Whole numbers may be written as text, as from a CSV file: "39", and "[4, 7, 11]", "4, 7, 11" or
    "4 7 11". Fields of other forms are as good as missing.
    """
    target = _whole(carried.get("target"))
    for name in ("numbers", "nums"):
        numbers = _wholes(carried.get(name))
        if target is not None and numbers:
            return Puzzle(numbers, target)
    named = [(name.lower(), value) for name, value in carried.items()]
    for wanted in ANSWERS:
        for name, value in named:
            if name == wanted and _is_answer(value):
                return _among_options(value, read_options(carried))
    boxes = (last_boxed(value) for name, value in named if name == "solution" and isinstance(value, str))
    return next((read_gold(rf"\boxed{{{boxed}}}") for boxed in boxes if boxed), None)


def _among_options(answer: str | int | float, options: Mapping[str, str]) -> Gold | None:
    """The answer; of one that is an option's text, the letter. A place among the options might count from 0 or 1."""
    if options and _whole(answer) is not None:
        return None
    letters = [letter for letter, text in options.items() if text.strip() == str(answer).strip()]
    return read_gold(letters[0] if len(letters) == 1 else answer)


def takes_mathematics(known: Puzzle | Gold | None) -> bool:
    """Whether answers to it can be graded only where Math-Verify is installed."""
    return isinstance(known, Gold) and known.kind == "mathematics"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer is right, and by which rule: `countdown`, or the kind of `exact.Gold`.

    `failure` says why there is no verdict; such an answer counts as wrong.
    """

    correct: bool
    grader: str
    failure: str = ""


class Grader:
    """Grades answers. Use it in a `with`: a process for mathematics starts with the first answer that takes it."""

    def __init__(self, mathematician: Mathematician | None = None) -> None:
        self._mathematician = mathematician or Mathematician()

    def grade(self, known: Puzzle | Gold, answer: str) -> Verdict:
        """Whether `answer`, which is what follows `</think>`, is right. Never raises for what it holds."""
        if isinstance(known, Puzzle):
            return Verdict(countdown.solves(answer, known.numbers, known.target), "countdown")
        correct = exact.matches(known, answer)
        if correct is not None:
            return Verdict(correct, known.kind)
        try:
            given = exact.spread(final_answer(answer))
            return Verdict(self._mathematician.equal(known.text, given), known.kind)
        except NoVerdictError as error:
            return Verdict(False, known.kind, str(error))

    def close(self) -> None:
        self._mathematician.close()

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


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
