"""An arithmetic expression by its value and by a form that is the same however its parts are ordered or bracketed."""
from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

_SIGNS = {"+": ("+", "-"), "*": ("*", "/")}


@dataclass(frozen=True, slots=True)
class Expression:
    """A number, a sum or a product; `parts` are what is added (1) or taken off (-1), multiplied (1) or divided by (-1).

    A sum within a sum, or a product within a product, is taken apart: 3 - (2 - 1) and 1 + 3 - 2 have one form.
    """

    value: Fraction
    parts: tuple[tuple[int, str], ...]
    kind: Literal["", "+", "*"] = ""

    @property
    def form(self) -> str:
        """The parts with their signs, sorted: `(+(*4*7)+11)`."""
        if not self.kind:
            return self.parts[0][1]
        plus, minus = _SIGNS[self.kind]
        return f"({''.join(sorted(f'{plus if sign > 0 else minus}{part}' for sign, part in self.parts))})"

    def __add__(self, other: Expression) -> Expression:
        return Expression(self.value + other.value, (*self._as("+"), *other._as("+")), "+")

    def __sub__(self, other: Expression) -> Expression:
        return Expression(self.value - other.value, (*self._as("+"), *_inverse(other._as("+"))), "+")

    def __mul__(self, other: Expression) -> Expression:
        return Expression(self.value * other.value, (*self._as("*"), *other._as("*")), "*")

    def __truediv__(self, other: Expression) -> Expression:
        """Raises ZeroDivisionError."""
        return Expression(self.value / other.value, (*self._as("*"), *_inverse(other._as("*"))), "*")

    def _as(self, kind: Literal["+", "*"]) -> tuple[tuple[int, str], ...]:
        return self.parts if self.kind == kind else ((1, self.form),)


def number(value: int) -> Expression:
    return Expression(Fraction(value), ((1, str(value)),))


def _inverse(parts: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
    return tuple((-sign, part) for sign, part in parts)
