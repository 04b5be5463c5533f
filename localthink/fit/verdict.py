"""Whether the memory that a model takes is there."""
from __future__ import annotations

from typing import Literal

SAFE_SHARE = 0.9  # use at most this share of the free memory: the rest is room to work in
Verdict = Literal["fits", "tight", "too big"]
ORDER: tuple[Verdict, ...] = ("fits", "tight", "too big")


def judge(taken: int, free: int) -> Verdict:
    """Whether so much fits with room to work in: what is tight leaves hardly any, what is too big would be swapped."""
    if taken <= free * SAFE_SHARE:
        return "fits"
    return "tight" if taken <= free else "too big"


def worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=ORDER.index)
