"""Which answers count as one where answers are counted and nobody says what is right."""
from __future__ import annotations

from localthink.grade.numbers import read_number
from localthink.grade.spelling import closed_up, unwrapped


def answer_key(answer: str) -> object:
    """The same for two final answers that are numbers of the same value, or spelled alike but for spaces and case."""
    number = read_number(answer, equation=True)
    return (number.value, number.percent) if number is not None else closed_up(unwrapped(answer)).casefold()
