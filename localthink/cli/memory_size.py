"""Sizes of memory as people write them."""
from __future__ import annotations

import re

from localthink.errors import UsageError
from localthink.text.visible import shown

LEAST, MOST = 2**10, 2**50  # bytes
UNITS = {"k": 10, "m": 20, "g": 30, "t": 40}
FORM = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgt])(?P<kind>i?b)?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """The bytes of 8GiB, 8G, 512 MiB (binary), or 16GB (decimal, as makers count). Raises UsageError."""
    match = FORM.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"memory is {shown(text)}: give a size with its unit, as 8GiB or 16GB")
    power = UNITS[match["unit"].lower()]
    decimal = (match["kind"] or "").lower() == "b"
    size = float(match["number"]) * (10 ** (power // 10 * 3) if decimal else 2**power)
    if not LEAST <= size <= MOST:
        raise UsageError(f"memory is {shown(text)}: give a size from 1 KiB to 1024 TiB")
    return int(size)
