r"""The equations that a text writes out, each read whole: `4 * 7 + 11 = 39`, `\(13 \div 5 = 2.6\)`, `4 - 7 = -3`.

    equation := sum { "=" sum }, at least two sums and one operation
    sum      := product { ("+" | "-") product }
    product  := atom { ("*" | "/") atom }
    atom     := [ "-" ] number | "(" sum ")" | "[" sum "]" | "{" sum "}" | "\frac" atom atom

Never a part of a longer one: of `2^3 * 7 + 11 = 39` and `x + 7 = 11` nothing is read.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from localthink.grade.countdown import CLOSING, MOST_BRACKETS, SPELLINGS

MOST_NUMBERS = 100  # in one equation: bounds the recursion; a model that repeats itself writes sums of thousands
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]*\.?[0-9]+")
_MOST_CHARACTERS = 30  # of a number: Python refuses to read thousands of digits, which a model that loops may write
_TOKEN = re.compile(rf"{_NUMBER.pattern}|\\[A-Za-z]+|\\.|[^\W\d_]+|\*\*|=>|->|<=|>=|!=|==?|\S")
_MEANT = SPELLINGS | {"==": "=", "≈": "=", r"\approx": "=", "&": "", "$": "", r"\!": ""}
_TIMES_X = re.compile(r"(?<=[0-9)\]}])(\s*)[xX](\s*)(?=[0-9(\[{])")
_ABOUT = re.compile(r"=\s*(?:approximately|about|roughly)\s+(?=[0-9])")
_GOES_ON = re.compile(r"\s*\n\s*(?=&?\s*[=≈])")  # an equation over several lines, as LaTeX is aligned
_ENDS = frozenset(".,:;!)]}")  # signs after which a dash is a dash


@dataclass(frozen=True, slots=True)
class Term:
    """A number, or an operation (`sign`) on two `parts`. `value` is exact, and None where something is divided by zero.

    `decimals` are the places after the point that a number was written with.
    """

    value: Fraction | None
    sign: str = ""
    parts: tuple[Term, ...] = ()
    decimals: int = 0

    @property
    def operations(self) -> list[Term]:
        """In the order in which they are worked out: brackets, then * and /, then + and -, from left to right."""
        return [*(each for part in self.parts for each in part.operations), *([self] if self.parts else [])]

    @property
    def numbers(self) -> list[Fraction]:
        """As they are written, from left to right."""
        if self.parts:
            return [number for part in self.parts for number in part.numbers]
        return [] if self.value is None else [self.value]


@dataclass(frozen=True, slots=True)
class Equation:
    """`worked` is the side with the most operations, the first of several; `others` are the sides that it equals."""

    worked: Term
    others: tuple[Term, ...]

    @property
    def holds(self) -> bool:
        """Whether all sides are equal; a decimal number may be rounded, or cut, to the places it is written with."""
        return all(_same(self.worked.value, other) for other in self.others)

    @property
    def results(self) -> tuple[Fraction, ...]:
        """What it says comes out, right or not: the exact value where it holds, else the others' last."""
        value = self.worked.value if self.holds else self.others[-1].value
        return () if value is None else (value,)

    @property
    def restates(self) -> bool:
        """Whether the other sides are made of its own numbers and results alone: `4 * 7 + 11 = 28 + 11 = 39`."""
        own = {*self.worked.numbers, *(each.value for each in self.worked.operations)}
        return all(number in own for other in self.others if other.parts for number in other.numbers)


def equations(text: str) -> list[Equation]:
    """In the order in which they stand there."""
    lines = _TIMES_X.sub(r"\1*\2", _ABOUT.sub("=", _GOES_ON.sub(" ", text))).splitlines()
    return [found for line in lines if "=" in line or "≈" in line or r"\approx" in line for found in _in_line(line)]


@lru_cache(maxsize=2**12)  # what stands before a step is read again for each
def _in_line(line: str) -> tuple[Equation, ...]:
    return tuple(_read(_tokens(line)))


def _same(value: Fraction | None, written: Term) -> bool:
    if value is None or written.value is None:
        return False
    return value == written.value or (written.decimals > 0 and abs(value - written.value) < Fraction(
        1, 10**written.decimals))


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    glued: bool  # to what stands before it

    @property
    def is_number(self) -> bool:
        return self.text[0] in "0123456789." and len(self.text) <= _MOST_CHARACTERS and self.text != "."

    @property
    def closes(self) -> bool:
        return self.text in CLOSING.values()


def _tokens(line: str) -> list[_Token]:
    tokens: list[_Token] = []
    end = 0
    for found in _TOKEN.finditer(line):
        text = _MEANT.get(found[0], found[0])
        if text == "**":  # bold letters, but for a power between numbers
            text = "^" if tokens and tokens[-1].is_number and _NUMBER.match(line, found.end()) else ""
        if text:
            tokens.append(_Token(text, found.start() == end))
        end = found.end()
    return tokens


def _read(tokens: Sequence[_Token]) -> Iterator[Equation]:
    place = 0
    while place < len(tokens):
        reader, may_begin = _Reader(tokens, place), _may_begin(tokens, place)
        sides = reader.sides() if may_begin else reader.one_side()
        if len(sides) > 1 and reader.ends_there() and (found := _equation(sides)):
            yield found
        # A bracket may be one of the sentence, around an equation; what else cannot be read is passed over whole.
        of_the_sentence = tokens[place].text in CLOSING and not sides if may_begin else tokens[place].text == "-"
        place = place + 1 if of_the_sentence else max(reader.furthest, place + 1)


def _equation(sides: Sequence[Term]) -> Equation | None:
    most = max(sides, key=lambda side: len(side.operations))
    if not most.parts:
        return None
    worked = sides.index(most)
    return Equation(most, (*sides[:worked], *sides[worked + 1:]))


def _may_begin(tokens: Sequence[_Token], place: int) -> bool:
    """Whether what stands before leaves it possible that an equation begins here, and not the rest of one."""
    this, before = tokens[place], tokens[place - 1] if place else None
    if this.text == "-":  # of a negative number: else it is a dash
        return place + 1 < len(tokens) and tokens[place + 1].glued and not (
            before and (before.is_number or before.closes))
    if before is None:
        return True
    earlier = tokens[place - 2].text if place > 1 else ""
    if before.is_number or before.closes:
        return before.closes and not this.glued and this.text not in CLOSING
    if before.text == "=":
        return earlier.isalpha()
    if before.text == "-":
        return not earlier or earlier in _ENDS or (len(earlier) > 1 and earlier.isalpha())
    if before.text in ("+", "*", "/"):
        return not earlier  # the sign of a list
    return before.text not in ("^", "_", "√", r"\sqrt") and not (this.glued and before.text.isalpha())


class _Reader:
    """Reads as much as it can from a place on; `furthest` is where it came to, also where that was in vain."""

    def __init__(self, tokens: Sequence[_Token], place: int) -> None:
        self._tokens, self._at, self.furthest = tokens, place, place
        self._numbers, self._brackets = 0, 0

    def sides(self) -> list[Term]:
        found: list[Term] = []
        while (side := self.sum()) is not None:
            found.append(side)
            if not self._takes("="):
                return found
        if found:
            self._at -= 1  # the "=" with nothing behind it that could be read
        return found

    def ends_there(self) -> bool:
        """Whether the last number was read whole, and nothing goes on with it that cannot be read."""
        after = self._tokens[self._at:self._at + 2]
        if not after:
            return True
        unknown = len(after) > 1 and (after[1].text in "?_" or (len(after[1].text) == 1 and after[1].text.isalpha()))
        if after[0].text in ("+", "*", "/", "-"):
            return not unknown
        if after[0].is_number and len(after) > 1 and after[1].text == "/":
            return False  # 3 6/7
        return after[0].text != "^" and not (after[0].glued and (after[0].text in CLOSING or after[0].text.isalpha()))

    def one_side(self) -> list[Term]:
        side = self.sum()
        return [side] if side else []

    def sum(self) -> Term | None:
        return self._operations(self._product, "+", "-")

    def _product(self) -> Term | None:
        return self._operations(self._atom, "*", "/")

    def _operations(self, part: Callable[[], Term | None], *signs: str) -> Term | None:
        value = part()
        while value is not None:
            start = self._at
            if not (sign := self._takes(*signs)):
                break
            other = part()
            if other is None:
                self._at = start
                break
            value = Term(_apply(sign, value.value, other.value), sign, (value, other))
        return value

    def _atom(self) -> Term | None:
        if self._takes(r"\frac"):
            above = self._atom()
            below = self._atom() if above else None
            return Term(_apply("/", above.value, below.value), "/", (above, below)) if above and below else None
        if opening := self._takes(*CLOSING):
            self._brackets += 1
            inside = self.sum() if self._brackets <= MOST_BRACKETS else None
            return inside if inside and self._takes(CLOSING[opening]) else None
        minus = self._takes("-")
        if self._at >= len(self._tokens) or not self._tokens[self._at].is_number or self._numbers == MOST_NUMBERS:
            return None
        written = self._tokens[self._at].text.replace(",", "")
        self._numbers += 1
        self._goes_to(self._at + 1)
        return Term(Fraction(written) * (-1 if minus else 1), decimals=len(written.partition(".")[2]))

    def _takes(self, *wanted: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at].text in wanted:
            self._goes_to(self._at + 1)
            return self._tokens[self._at - 1].text
        return ""

    def _goes_to(self, place: int) -> None:
        self._at, self.furthest = place, max(self.furthest, place)


def _apply(sign: str, one: Fraction | None, other: Fraction | None) -> Fraction | None:
    if one is None or other is None or (sign == "/" and not other):
        return None
    if sign == "+":
        return one + other
    if sign == "-":
        return one - other
    return one * other if sign == "*" else one / other
