"""Large numbers as people read them."""
from __future__ import annotations


def counted(number: int) -> str:
    for unit, name in ((10**9, "billion"), (10**6, "million")):
        if number >= unit:
            return f"{number / unit:.3g} {name}" if number < 1000 * unit else f"{number / unit:,.0f} {name}"
    return f"{number:,}"


def sized(number: float) -> str:
    """Bytes in the binary unit that leaves three digits or so."""
    for unit in ("B", "KiB", "MiB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1024
    return f"{number:,.2f} GiB"
