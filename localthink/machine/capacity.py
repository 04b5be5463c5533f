"""What a machine can give a model: free memory, and the bandwidth at which decoding reads it."""
from __future__ import annotations

from dataclasses import dataclass, replace

from localthink.text.sizes import sized


@dataclass(frozen=True, slots=True)
class MemoryBudget:
    """Free bytes: `memory` of the machine, `device` of the GPUs that llama.cpp can use, 0 where there is none.

    `device_name` is what they are called. A `shared` device works in the machine's own memory (Metal, a GPU that is
    part of the processor): what it takes is taken from both.
    """

    memory: int
    device: int = 0
    device_name: str = ""
    shared: bool = False

    def divided(self, parts: int) -> MemoryBudget:
        """What each of so many engines may have."""
        return replace(self, memory=self.memory // parts, device=self.device // parts)

    def without_device(self) -> MemoryBudget:
        return MemoryBudget(self.memory)

    def described(self) -> str:
        """22.9 GiB free, or with a GPU of its own both."""
        if not self.device:
            return f"{sized(self.memory)} free"
        if self.shared:
            return f"{sized(self.memory)} free, of which {self.device_name} may use {sized(self.device)}"
        return f"{sized(self.device)} free on {self.device_name}, {sized(self.memory)} beside it"


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Bytes a second that decoding reads: from `memory`, and on the GPU, `device`; None where it was not measured."""

    memory: float | None = None
    device: float | None = None


@dataclass(frozen=True, slots=True)
class MachineFigures:
    """`ceiling` is the bandwidth of memory itself, bytes a second, None where nothing was measured.

    `busy` is the share of the processor that other programs had meanwhile: without them it is faster.
    """

    room: MemoryBudget
    bandwidth: Bandwidth
    ceiling: float | None
    busy: float = 0.0
