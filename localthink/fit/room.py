"""The memory that a model may have, on the machine and on a GPU, and whether it is enough."""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from localthink.text.sizes import sized

SHARE = 0.9  # of what is free that a model may take with room to work in
Verdict = Literal["fits", "tight", "too big"]
ORDER: tuple[Verdict, ...] = ("fits", "tight", "too big")


@dataclass(frozen=True, slots=True)
class Room:
    """Free bytes: `memory` of the machine, `device` of the GPUs that llama.cpp can use, 0 where there is none.

    `device_name` is what they are called. A `shared` device works in the machine's own memory (Metal, a GPU that is
    part of the processor): what it takes is taken from both.
    """

    memory: int
    device: int = 0
    device_name: str = ""
    shared: bool = False

    def divided(self, parts: int) -> Room:
        """What each of so many engines may have."""
        return replace(self, memory=self.memory // parts, device=self.device // parts)

    def without_device(self) -> Room:
        return Room(self.memory)

    def described(self) -> str:
        """22.9 GiB free, or with a GPU of its own both."""
        if not self.device:
            return f"{sized(self.memory)} free"
        if self.shared:
            return f"{sized(self.memory)} free, of which {self.device_name} may use {sized(self.device)}"
        return f"{sized(self.device)} free on {self.device_name}, {sized(self.memory)} beside it"


def judge(taken: int, free: int) -> Verdict:
    """Whether so much fits with room to work in: what is tight leaves hardly any, what is too big would be swapped."""
    if taken <= free * SHARE:
        return "fits"
    return "tight" if taken <= free else "too big"


def worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=ORDER.index)
