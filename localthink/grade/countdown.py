r"""Countdown: whether an answer reaches the target, each number used exactly once.

Reads what stands in the last `\boxed{}` with a parser of its own, in exact fractions. The grammar:

    equation := sum [ "=" number ]
    sum      := product { ("+" | "-") product }
    product  := atom { ("*" | "/") atom }
    atom     := number | "(" sum ")" | "[" sum "]" | "{" sum "}" | "\frac" "{" sum "}" "{" sum "}"

There are no signs, powers, decimals, or products without a symbol: whatever else is written is wrong.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from localthink.grade.boxes import last_boxed
from localthink.grade.expression import Expression, number

MOST_BRACKETS = 50

_TOKEN = re.compile(r"[0-9]+|\\[A-Za-z]+|\\[,;:! ]|\S")
SPELLINGS = {
    "×": "*", "·": "*", "⋅": "*", "∗": "*", r"\times": "*", r"\cdot": "*",
    "÷": "/", "∕": "/", r"\div": "/", "−": "-", "–": "-",
    r"\dfrac": r"\frac", r"\tfrac": r"\frac",
    r"\left": "", r"\right": "", r"\,": "", r"\;": "", r"\:": "", r"\!": "", "\\ ": "", r"\quad": "",
}
CLOSING = {"(": ")", "[": "]", "{": "}"}

# Possessive (`+` after a repeat): a number or a list is read whole or not at all.
_NUMBER = "[0-9]{1,9}+"
_LIST = f"(?:the )?(?:numbers:? )?(?P<numbers>{_NUMBER}(?:(?: ?, ?(?:and )?| and | ?& ?| ){_NUMBER})++)"
_WHOLE = r"(?![.,]?[0-9]|\w|%)"  # not the beginning of a longer number or word
_PUZZLES = (
    re.compile(rf"\buse {_LIST},? to make (?P<target>{_NUMBER}){_WHOLE}", re.IGNORECASE),
    re.compile(rf"\bmake (?P<target>{_NUMBER}) from {_LIST}{_WHOLE}", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Numbers, each to be used exactly once, and the target to reach."""

    numbers: tuple[int, ...]
    target: int

    @property
    def question(self) -> str:
        """In the first of the forms that `read_puzzle` knows."""
        return f"Use {', '.join(map(str, self.numbers[:-1]))} and {self.numbers[-1]} to make {self.target}."


def read_puzzle(text: str) -> Puzzle | None:
    """The puzzle that `text` poses, or None if it poses none.

    The forms are "Use 4, 7 and 11 to make 39" and "Make 39 from 4, 7 and 11"; case, commas, spaces
    and words around them do not matter.
    """
    text = " ".join(text.split())
    for form in _PUZZLES:
        if found := form.search(text):
            numbers = tuple(int(n) for n in re.findall("[0-9]+", found["numbers"]))
            return Puzzle(numbers, int(found["target"]))
    return None


def solves(answer_text: str, numbers: Sequence[int], target: int) -> bool:
    r"""Whether the last `\boxed{}` of `answer_text` makes `target` out of all of `numbers`.

    `answer_text` is what follows `</think>`: whatever it holds is graded. Never raises.
    """
    try:
        expression, used = _Parser(_tokens(last_boxed(answer_text) or "")).equation()
    except (_NotArithmeticError, ZeroDivisionError):
        return False
    return expression.value == target and Counter(used) == Counter(numbers)


def expression_form(box: str) -> str | None:
    """The same for two expressions that differ in spelling, order and needless brackets alone: 7*4 + 11, 11+(4×7) = 39.

    None for what is not in the grammar, or is said to equal what it does not.
    """
    try:
        return _Parser(_tokens(box)).equation()[0].form
    except (_NotArithmeticError, ZeroDivisionError):
        return None


class _NotArithmeticError(Exception):
    """What stands in the box is not in the grammar."""


def _tokens(text: str) -> list[str]:
    spelled = (SPELLINGS.get(token, token) for token in _TOKEN.findall(text))
    return [token for token in spelled if token]


class _Parser:
    """Recursive descent; the number of brackets bounds the recursion."""

    def __init__(self, tokens: list[str]) -> None:
        self._rest = tokens[::-1]
        self._used: list[int] = []
        if sum(token in CLOSING for token in tokens) > MOST_BRACKETS:
            raise _NotArithmeticError

    def equation(self) -> tuple[Expression, list[int]]:
        """The expression and the numbers it uses; what follows "=" must be its value."""
        expression, used = self._sum(), list(self._used)
        if (self._next_is("=") and self._number().value != expression.value) or self._rest:
            raise _NotArithmeticError
        return expression, used

    def _sum(self) -> Expression:
        value = self._product()
        while symbol := self._next_is("+", "-"):
            other = self._product()
            value = value + other if symbol == "+" else value - other
        return value

    def _product(self) -> Expression:
        value = self._atom()
        while symbol := self._next_is("*", "/"):
            other = self._atom()
            value = value * other if symbol == "*" else value / other
        return value

    def _atom(self) -> Expression:
        if self._next_is(r"\frac"):
            return self._bracket("{") / self._bracket("{")
        if self._rest and self._rest[-1] in CLOSING:
            return self._bracket(self._rest[-1])
        return self._number()

    def _bracket(self, opening: str) -> Expression:
        if not self._next_is(opening):
            raise _NotArithmeticError
        value = self._sum()
        if not self._next_is(CLOSING[opening]):
            raise _NotArithmeticError
        return value

    def _number(self) -> Expression:
        token = self._rest.pop() if self._rest else ""
        if not re.fullmatch("0|[1-9][0-9]*", token):
            raise _NotArithmeticError
        self._used.append(int(token))
        return number(int(token))

    def _next_is(self, *wanted: str) -> str:
        """Take the next token if it is one of `wanted`, and say which; "" otherwise."""
        return self._rest.pop() if self._rest and self._rest[-1] in wanted else ""
