"""Figures in words, wherever a conversation is shown."""
from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """1 thought, 1,204 thoughts."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
