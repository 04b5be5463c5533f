"""The settings that a line of input gives for itself: by which names, and what each may hold.

Whether a value is in its range is for `Settings` to say.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from localthink.batch.values import check_unicode, quoted
from localthink.errors import UsageError
from localthink.records import THINK_MODES, ThinkMode


def read_settings(fields: Mapping[str, object]) -> dict[str, Any]:
    """The settings among the fields of a line, as `Settings.overridden` takes them; null is not given.

    Raises UsageError for a value of the wrong type.
    """
    return {name: read(field, fields[field]) for field, (name, read) in SETTINGS.items()
            if fields.get(field) is not None}


def number(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError(f"{field} is {quoted(value)}: give a number")
    try:
        return float(value)
    except OverflowError:
        raise UsageError(f"{field} is {quoted(value)}: give a smaller number") from None


def number_or_inf(field: str, value: object) -> float:
    """JSON has no infinity, so that it is written as a text."""
    if value == "inf":
        return math.inf
    if isinstance(value, str):
        raise UsageError(f'{field} is {quoted(value)}: give a number, or "inf"')
    return number(field, value)


def whole(field: str, value: object) -> int:
    """8.0 is a whole number too: tables often keep every number as a float."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise UsageError(f"{field} is {quoted(value)}: give a whole number below 2^63")
    return value


def texts(field: str, value: object) -> tuple[str, ...]:
    """One text, or a list of them."""
    listed = value if isinstance(value, list) else [value]
    for text in listed:
        if not isinstance(text, str):
            raise UsageError(f"{field} holds {quoted(text)}: give a text, or a list of texts")
        check_unicode(text, field)
    return tuple(listed)


def groups(field: str, value: object) -> tuple[str, ...]:
    named = texts(field, value)
    if not named:
        raise UsageError(f"{field} is an empty list: name a group of markers, or give an alpha of 0 for plain decoding")
    return named


def think_mode(field: str, value: object) -> ThinkMode:
    for mode in THINK_MODES:
        if value == mode:
            return mode
    raise UsageError(f"{field} is {quoted(value)}: give one of {', '.join(THINK_MODES)}")


SETTINGS: Mapping[str, tuple[str, Callable[[str, object], Any]]] = {  # by the line's name: that of Settings, and how
    "alpha": ("alpha", number_or_inf),
    "beta": ("beta", number_or_inf),
    "grace": ("grace", whole),
    "markers": ("groups", groups),
    "think": ("think", think_mode),
    "temperature": ("temperature", number),
    "top_p": ("top_p", number),
    "min_p": ("min_p", number),
    "top_k": ("top_k", whole),
    "seed": ("seed", whole),
    "max_tokens": ("max_tokens", whole),
    "n": ("samples", whole),
    "stop": ("stop", texts),
}
NUMERIC = frozenset(field for field, (_, read) in SETTINGS.items() if read in (number, number_or_inf, whole))
