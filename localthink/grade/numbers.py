r"""Numbers as people and models write them, read exactly: 1,234, -0.5, 3/4, `\frac34`, `1\frac12`, 1e-3, 50%, 42 km.

A percent sign is read with the number. Passed over are what stands left of one "=", a sign of currency before the
number, and degrees and a unit after it: in `\text{}` or the like, or as a word of two letters and more. Nothing is
worked out, but for powers of ten as in `6 \times 10^5`: `6 \cdot 7` and `2^3` are no numbers here.
"""
from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from localthink.grade.spelling import evened

# Possessive (`+` after a repeat) wherever two repeats meet: time grows with the length and no faster.
_OVER = r"\\frac ?(?:\{ ?(-?[0-9.,]++) ?\}|([0-9])) ?(?:\{ ?(-?[0-9.,]++) ?\}|([0-9]))(?! ?[0-9]|\.[0-9])"
_MIXED, _FRACTION = re.compile(rf"(?<=[0-9]) ?{_OVER}"), re.compile(_OVER)
_DIGITS = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3})++|[0-9]++)(?:\.[0-9]++)?|\.[0-9]++)"
_UNIT = (r" ?\\(?:text|mbox|mathrm|textrm|operatorname) ?\{[^{}0-9]*+\}(?:\^\{?[0-9]\}?)?"
         r"| (?!(?:pi|or|and|hundred|thousand|million|billion|dozen)\b)(?:(?:square|cubic) )?[A-Za-z]{2,}+"
         r"(?:(?: per |/)[A-Za-z]++)?")
_POWER = r"(?:[eE]| ?(?:\\times|\\cdot|[×·]) ?10 ?\^) ?\{?(?P<power>[-+]?[0-9]{1,3})\}?"
_NUMBER = re.compile(
    rf" ?(?P<sign>[-+]?) ?(?:\\?[$€£¥] ?)?"
    rf"(?:(?P<whole>[0-9]++) (?P<part>[0-9]++/[0-9]++)"
    rf"|(?P<above>{_DIGITS})(?: ?/ ?(?P<below>[-+]?{_DIGITS})|{_POWER})?)"
    rf"(?P<percent> ?\\?%| percent\b)?(?: ?\^ ?(?:\\circ|\{{\\circ\}})|°|\\degree)?(?:{_UNIT})? ?\.? ?")


@dataclass(frozen=True, slots=True)
class Number:
    """A value, and whether a percent sign stood after it; the value is that of what stood before the sign."""

    value: Fraction
    percent: bool = False

    def same(self, other: Number) -> bool:
        """Whether the two are one answer: where one alone has a percent sign, it may be 50 or 0.5 that is meant."""
        if self.value == other.value:
            return True
        hundredfold, one = (self, other) if self.percent else (other, self)
        return self.percent != other.percent and hundredfold.value == one.value * 100


def read_number(text: str, equation: bool = False) -> Number | None:
    """The number that `text` is, or None; with `equation`, also the number that something is said to equal."""
    text = evened(text)
    if equation and text.count("=") == 1:
        left, _, right = text.partition("=")
        if not re.search(r"[,;]|[<>!:]\s*$|\b(?:and|or)\b", left):
            text = right
    read = _NUMBER.fullmatch(_FRACTION.sub(r"\1\2/\3\4", _MIXED.sub(r" \1\2/\3\4", text)))
    if not read:
        return None
    above, below = (Fraction((read[name] or "1").replace(",", "")) for name in ("above", "below"))
    value = _mixed(read["whole"], read["part"]) if read["part"] else above / below if below else None
    if value is None:
        return None
    value *= Fraction(10) ** int(read["power"] or 0)
    return Number(-value if read["sign"] == "-" else value, read["percent"] is not None)


def number_of(value: int | float) -> Number | None:
    """A float is the shortest decimal that means it: 0.1 is 1/10. None where it is not finite."""
    if isinstance(value, int):
        return Number(Fraction(value))
    return Number(Fraction(repr(value))) if math.isfinite(value) else None


def _mixed(whole: str, part: str) -> Fraction | None:
    above, _, below = part.partition("/")
    return int(whole) + Fraction(int(above), int(below)) if int(below) else None
