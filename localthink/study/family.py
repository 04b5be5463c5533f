"""The bundled models: one small transformer, taught to search in several ways that are known exactly.

An instrument, not evidence about R1: each of them does one thing too much or too little, because it was taught to, so
that what a penalty should do to it can be worked out (`simulator`) and then measured. How each was made stands in
models/family.md.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Search:
    """How a search is taught to go on after a line: chances from 0 to 1.

    `hazard` is the chance of leaving a thought while it has lines left, `revisit` of going over all lines of an
    exhausted one again, each time anew, and `recheck` of writing a line twice, the second time behind "Wait, again:".
    After `most_thoughts` it gives up; None is when there are no others.
    """

    hazard: float
    recheck: float = 0.0
    revisit: float = 0.0
    numbers: int = 3
    most_thoughts: int | None = None


FAMILY = {
    "countdown": Search(hazard=0.7),
    "countdown-h0": Search(hazard=0.0),
    "countdown-low": Search(hazard=0.3),
    "countdown-stay": Search(hazard=0.0, revisit=0.6),
    "countdown-wait": Search(hazard=0.7, recheck=0.4),
    "countdown-4": Search(hazard=0.7, numbers=4, most_thoughts=12),
}
