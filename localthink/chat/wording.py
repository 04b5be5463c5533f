"""Figures in words, wherever a conversation is shown."""
from __future__ import annotations

EARLY_ENDS = {"length": "cut off: the context or the most tokens are used up",
              "loop": "ended: it went round in a circle", "confidence": "ended: it was not confident enough"}


def counted(number: int, noun: str) -> str:
    """1 thought, 1,204 thoughts."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def switches_held(number: float) -> str:
    """1 switch held, 3 switches held; a fraction where an older conversation kept an expectation."""
    return f"{round(number, 2):g} switch{'' if number == 1 else 'es'} held"


def lasted(seconds: float) -> str:
    """31 s, 2 min 05 s, 1 h 07 min; of what has only begun <1 s."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s" if whole else "<1 s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole // 60 % 60:02} min"
