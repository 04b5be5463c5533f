"""Figures in words, as they are said everywhere in the terminal program."""
from __future__ import annotations

from localthink.chat.wording import counted

__all__ = ["counted", "lasted"]


def lasted(seconds: float) -> str:
    """31 s, 2 min 05 s, 1 h 07 min; of what has only begun <1 s."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s" if whole else "<1 s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole // 60 % 60:02} min"
