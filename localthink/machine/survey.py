"""What this machine can give a model: the memory that is free, and how fast decoding reads it."""
from __future__ import annotations

from dataclasses import dataclass

from localthink.machine.probe import decoding_bandwidth
from localthink.machine.free import room
from localthink.errors import EngineError
from localthink.fit.room import Room
from localthink.fit.speed import Bandwidth
from localthink.machine.resources import memory_bandwidth, other_programs_share

QUICKLY = 0.3  # seconds for what decoding cannot be faster than


@dataclass(frozen=True, slots=True)
class Survey:
    """`ceiling` is the bandwidth of memory itself, bytes a second, None where nothing was measured.

    `busy` is the share of the processor that other programs had meanwhile: without them it is faster.
    """

    room: Room
    bandwidth: Bandwidth
    ceiling: float | None
    busy: float = 0.0


def survey(memory: int | None = None, measured: bool = True) -> Survey:
    """Look at the machine. `memory` takes the place of the free bytes; speeds take two seconds to measure.

    A GPU that cannot be measured is used all the same, and its speed is not known.
    """
    here = room()
    if memory is not None:
        here = Room(memory, min(here.device, memory) if here.shared else here.device, here.device_name, here.shared)
    if not measured:
        return Survey(here, Bandwidth(), None)
    try:
        device = decoding_bandwidth(on_gpu=True) if here.device else None
    except EngineError:
        device = None
    others = other_programs_share()
    found = Bandwidth(decoding_bandwidth(), device)
    busy = others()
    return Survey(here, found, memory_bandwidth(QUICKLY), busy)
