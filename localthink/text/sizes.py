"""Sizes, counts and times in words, as people read and write them."""
from __future__ import annotations

import re

from localthink.errors import UsageError
from localthink.text.visible import shown

LEAST_SIZE, MOST_SIZE = 2**10, 2**50  # bytes that a person may write
POWERS = {"k": 10, "m": 20, "g": 30, "t": 40}  # of two, by the unit's first letter
SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgt])(?P<kind>i?b)?", re.IGNORECASE)


def counted(number: int, noun: str, plural: str = "") -> str:
    """1 thought, 1,204 thoughts; `plural` where an s at the end does not make it."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def rounded(number: int) -> str:
    """A large number to three digits: 1.78 billion."""
    for unit, name in ((10**9, "billion"), (10**6, "million")):
        if number >= unit:
            return f"{number / unit:.3g} {name}" if number < 1000 * unit else f"{number / unit:,.0f} {name}"
    return f"{number:,}"


def sized(number: float) -> str:
    """Bytes in the binary unit that leaves three digits or so: 28 KiB, 1.04 GiB."""
    for unit in ("B", "KiB", "MiB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1024
    return f"{number:,.2f} GiB"


def parse_size(text: str) -> int:
    """The bytes of 8GiB, 8G, 512 MiB (binary), or 16GB (decimal, as makers count). Raises UsageError."""
    match = SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"memory is {shown(text)}: give a size with its unit, as 8GiB or 16GB")
    power = POWERS[match["unit"].lower()]
    decimal = (match["kind"] or "").lower() == "b"
    size = float(match["number"]) * (10 ** (power // 10 * 3) if decimal else 2**power)
    if not LEAST_SIZE <= size <= MOST_SIZE:
        raise UsageError(f"memory is {shown(text)}: give a size from 1 KiB to 1024 TiB")
    return int(size)


def lasted(seconds: float) -> str:
    """31 s, 2 min 05 s, 1 h 07 min; of what has only begun <1 s."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s" if whole else "<1 s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole // 60 % 60:02} min"


def clocked(seconds: float) -> str:
    """0:31, 2:05, 1:07:00: the same width while it counts."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
