r"""What is held against a known answer without mathematics, exactly: numbers, choices, words, and equal text.

The known answer says how (its kind):

`number`
    It is a number (see `numbers`); so is the answer, and has the same value. Also one in another base, `52_8`: the
    digits are the same, and the base, if it is given.
`choice`
    It is one letter from A to J, a bracket around it or not; so is the answer, whichever case, or it begins with
    the letter and a bracket, period or colon: `B) mitochondria`.
`words`
    It is in `\text{}`, or letters with four in a row, or yes or no; the answer is the same but for its case.
`mathematics`
    It is something else: equal where the text is; all else takes `mathematics`.

A known `100,200` is a list of two, as its parts may be. `1,234`, `100,000`, `100,\!200` and `#### 100,200` are numbers,
for 000 is no member of a list.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from localthink.grade.boxes import MOST_CHARACTERS
from localthink.grade.final_answer import after_hashes, final_answer, known_text
from localthink.grade.numbers import Number, number_of, read_number
from localthink.grade.spelling import closed_up, evened, unwrapped

Kind = Literal["number", "choice", "words", "mathematics"]

_LETTER = re.compile(r"\(?([A-Ja-j])\)?\.?")
_CHOSEN = re.compile(r"\(?([A-J])[).:]")
_BASED = re.compile(r"([0-9A-Z]++)_(?:\{([0-9]++)\}|([0-9]++))")
_LIST = re.compile(r"-?[1-9][0-9]{2}(?:,-?[1-9][0-9]{2})++")  # of numbers of three digits
_MARKED = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mbox) ?\{[^{}]*+\}")
_WORDS = re.compile(r"(?i:yes|no)|(?=.*?[^\W\d_]{4})[^\W\d_](?:[^\W\d_]|[ '’-])*+")


@dataclass(frozen=True, slots=True)
class Gold:
    """An answer that is known to be right: its kind, what it says, and the number that it is, if it is one."""

    kind: Kind
    text: str
    number: Number | None = None


def read_gold(value: str | int | float) -> Gold:
    """What a known answer is: a number, or a text that says what `final_answer.known_text` finds in it."""
    if not isinstance(value, str):
        number = number_of(value)
        return Gold("number", "", number) if number else Gold("mathematics", repr(value))
    text = known_text(value)
    if len(text) > MOST_CHARACTERS:
        return Gold("mathematics", text)
    if _is_list(text) and not after_hashes(value):
        return Gold("mathematics", spread(text))
    if number := read_number(text):
        return Gold("number", text, number)
    plain = unwrapped(text)
    if letter := _LETTER.fullmatch(plain):
        return Gold("choice", letter[1].upper())
    if _BASED.fullmatch(closed_up(text)):
        return Gold("number", text)
    if _WORDS.fullmatch(plain) or (_MARKED.fullmatch(text) and len(plain) > 1):
        return Gold("words", plain)
    return Gold("mathematics", text)


def matches(gold: Gold, answer: str) -> bool | None:
    """Whether the final answer in `answer` is `gold`; None where mathematics has to say.

    `answer` is what follows `</think>`: whatever it holds is held against it. Never raises.
    """
    given = final_answer(answer, gold.kind == "choice")
    if not given or len(given) > MOST_CHARACTERS:
        return False
    match gold.kind:
        case "number" if gold.number:
            number = read_number(given, equation=True)
            return number is not None and gold.number.same(number)
        case "number":
            return _same_digits(gold.text, given)
        case "choice":
            plain = unwrapped(given)
            letter = _LETTER.fullmatch(plain) or _CHOSEN.match(plain)
            return letter is not None and letter[1].upper() == gold.text
        case "words":
            return closed_up(given).casefold() == closed_up(gold.text).casefold()
    same = closed_up(spread(given)) == closed_up(gold.text)
    return True if same and closed_up(given) else None if len(gold.text) <= MOST_CHARACTERS else False


def spread(text: str) -> str:
    """The text; if it is a list of numbers of three digits, with spaces that tell it from one number."""
    return evened(text).replace(",", ", ") if _is_list(text) else text


def _is_list(text: str) -> bool:
    return _LIST.fullmatch(evened(text)) is not None


def _same_digits(gold: str, given: str) -> bool:
    """Whether a numeral is the known one, in the same base if it names one."""
    known = _BASED.fullmatch(closed_up(gold))
    said = _BASED.fullmatch(closed_up(given).rpartition("=")[2])
    assert known is not None
    if said is None:
        return closed_up(given) == known[1]
    return (said[1], said[2] or said[3]) == (known[1], known[2] or known[3])
