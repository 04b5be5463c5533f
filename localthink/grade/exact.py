r"""Exact match: whether the final answer of a text is the known one.

Deliberately strict: spellings of one number and marks that mean nothing are the same, and nothing
is worked out as a computer algebra system would. `x+1` is not `1+x`, `0.5` is not `50%`, and `1e3`
is not `1000`; Math-Verify finds more equal forms. What is counted as right is right.

The final answer stands, in this order,

1. in the last `\boxed{…}`, of at most `MOST_CHARACTERS`; there is none if it is longer or not closed;
2. if a letter from A to J is known, in the last "answer is B", "Answer: (B)" or the like, in upper case and
   not followed by another word on its line, but for "because", "since" and "as";
3. in the last line that is not empty, after its last "####" and "answer is", "answer:" or "answer =" if it
   has them, and without `*` and backticks around it, if what is left has at most `SHORT_LINE` characters;
4. after the last "####", up to the end of the line.

The known one stands in its last `\boxed{…}`, else after its last "####" (GSM8K's form), else it is all of it.

What is removed from both: `$`, `\(`, `\)`, `\[`, `\]`, `\left`, `\right`, `\!`, `\,`, `\;`, `\:`, spaces (but not
between two digits), `\text{}` and its like around a text, a leading `x=`, and at the end a degree or percent sign
and a period. `\dfrac` and `\tfrac` are `\frac`; other minus signs are `-`. Then numbers (1234, 1,234, -0.5, 3/4,
`\frac{3}{4}`, `\frac34`) are equal if their values are, and all else if every character is; only of single letters
the case does not matter, and of those up to J a bracket around them.
"""
from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

MOST_CHARACTERS = 1000
SHORT_LINE = 80

# Possessive (`+` after a repeat) wherever two repeats meet: time grows with the length and no faster.
_BOX = re.compile(r"\\boxed\s*+\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_SAYS = r"(?i:\banswer)[*\s]*+(?:(?i:is)\b[*\s]*+:?+|[:=])[*\s]*+"
_SAID = re.compile(_SAYS)
_CHOICE = re.compile(rf"{_SAYS}\$?+\(?+([A-J])(?![\w'’-]|[ \t]+(?!(?:because|since|as)\b)[a-z])")
_LETTER = re.compile(r"\(?([A-Ja-j])\)?")

_SPELLINGS = tuple((re.compile(pattern), spelling) for pattern, spelling in (
    (r"[−–]", "-"),
    (r"\{,\}", ","),
    (r"\\[()\[\]!,;:]|\\?\$|\\(?:left|right)(?![A-Za-z])", ""),
    (r"\\[dt]frac(?![A-Za-z])", r"\\frac"),
    (r"\\(?:text|textbf|mathrm|mathbf)\s*+\{([^{}]*+)\}", r"\1"),
    (r"\\ |\s", " "),
    (r" ++", " "),
    (r"(?<![0-9,]) | (?![0-9])", ""),
    (r"(?:\^(?:\\circ|\{\\circ\})|°|\\?%)?\.?\Z", ""),
    (r"\A[A-Za-z]=", ""),
))

_DIGITS = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3})++|[0-9]++)(?:\.[0-9]++)?|\.[0-9]++)"
_RATIO = re.compile(rf"([+-]?{_DIGITS})(?:/([+-]?{_DIGITS}))?")
_FRACTION = re.compile(r"([+-]?)\\frac(?:\{([^{}]+)\}|([0-9]))(?:\{([^{}]+)\}|([0-9]))")


def matches(answer: str, gold: str | int | float) -> bool:
    """Whether the final answer in `answer` is `gold`.

    `answer` is what follows `</think>`: whatever it holds is graded. Never raises.
    """
    known = _value(_known_text(gold)) if isinstance(gold, str) else _value_of_number(gold)
    is_choice = _LETTER.fullmatch(known.text) is not None
    given = _value(_final_text(answer, is_choice))
    if known.number is not None and given.number is not None:
        return known.number == given.number
    if len(known.text) == 1:
        return given.text.lower() == known.text.lower()
    return given.text != "" and given.text == known.text


@dataclass(frozen=True, slots=True)
class _Value:
    """An answer without what does not matter, and the number it is, if it is one."""

    text: str
    number: Fraction | None


def _value(text: str) -> _Value:
    if len(text) > MOST_CHARACTERS:
        return _Value("", None)
    plain = text.strip()
    for pattern, spelling in _SPELLINGS:
        plain = pattern.sub(spelling, plain)
    plain = plain or text.strip()  # an answer may be a mark alone
    letter = _LETTER.fullmatch(plain)
    return _Value(letter[1] if letter else plain.replace(", ", ","), _number(plain))


def _value_of_number(gold: int | float) -> _Value:
    """A float is the shortest decimal that means it: 0.1 is 1/10."""
    if isinstance(gold, int):
        return _Value("", Fraction(gold))
    return _Value(repr(gold), Fraction(repr(gold)) if math.isfinite(gold) else None)


def _number(plain: str) -> Fraction | None:
    if fraction := _FRACTION.fullmatch(plain):
        sign, top, digit, bottom, lower_digit = fraction.groups()
        plain = f"{sign}{top or digit}/{bottom or lower_digit}"
    ratio = _RATIO.fullmatch(plain)
    if not ratio:
        return None
    above, below = (Fraction(part.replace(",", "")) for part in ratio.groups("1"))
    return above / below if below else None


def _final_text(answer: str, is_choice: bool) -> str:
    if box := _last(_BOX.finditer(answer)):
        return _inside(answer, box.end())
    if is_choice and (choice := _last(_CHOICE.finditer(answer))):
        return choice[1]
    line = answer.rstrip().rpartition("\n")[2].rpartition("####")[2]
    if said := _last(_SAID.finditer(line)):
        line = line[said.end():]
    line = line.strip(" \t\r*`")
    return line if len(line) <= SHORT_LINE else _after_hashes(answer)


def _known_text(gold: str) -> str:
    if box := _last(_BOX.finditer(gold)):
        return _inside(gold, box.end())
    return _after_hashes(gold) or gold


def _after_hashes(text: str) -> str:
    _, hashes, after = text.rpartition("####")
    return after.strip().partition("\n")[0] if hashes else ""


def _inside(text: str, start: int) -> str:
    """What stands between the brace that opens before `start` and the one that closes it; "" if none does."""
    depth = 1
    for brace in _BRACE.finditer(text, start):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if depth == 0:
            return text[start:brace.start()]
    return ""


def _last(found: Iterable[re.Match[str]]) -> re.Match[str] | None:
    last = deque(found, maxlen=1)
    return last[0] if last else None
