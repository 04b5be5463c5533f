"""What this machine can give a model, measured: the memory that is free, and how fast decoding reads it."""
from __future__ import annotations

from localthink.errors import EngineError
from localthink.machine.capacity import Bandwidth, MachineFigures, MemoryBudget
from localthink.machine.devices import Device, devices
from localthink.machine.probe import decoding_bandwidth
from localthink.machine.resources import free_memory, memory_bandwidth, other_programs_share
from localthink.offload import Offload

QUICK_SECONDS = 0.3  # of a measurement that only has to find a bound on the speed
SHARED_MEMORY = "Metal"  # the backend whose GPUs work in the machine's memory, without being called integrated


def memory_budget(offload: Offload | None = None) -> MemoryBudget:
    """What is free now; of several GPUs, those that `offload` uses."""
    return budget_of(free_memory(), devices(), offload or Offload())


def budget_of(memory: int, found: tuple[Device, ...], offload: Offload) -> MemoryBudget:
    """What llama.cpp would use of these: all GPUs with memory of their own, or else one that shares the machine's."""
    own = [device for device in found if device.kind == "gpu"]
    used = own or [device for device in found if device.kind == "igpu"][:1]
    if offload.split == "none":
        used = used[offload.main_gpu:][:1]
    if not used:
        return MemoryBudget(memory)
    shared = all(device.kind == "igpu" or device.backend == SHARED_MEMORY for device in used)
    free = sum(device.free for device in used)
    names = " and ".join(dict.fromkeys(device.description or device.name for device in used))
    return MemoryBudget(memory, min(free, memory) if shared else free, names, shared)


def measure_machine(memory: int | None = None, measured: bool = True) -> MachineFigures:
    """Look at the machine. `memory` takes the place of the free bytes; speeds take two seconds to measure.

    A GPU that cannot be measured is used all the same, and its speed is not known.
    """
    here = memory_budget()
    if memory is not None:
        usable = min(here.device, memory) if here.shared else here.device
        here = MemoryBudget(memory, usable, here.device_name, here.shared)
    if not measured:
        return MachineFigures(here, Bandwidth(), None)
    try:
        device = decoding_bandwidth(on_gpu=True) if here.device else None
    except EngineError:
        device = None
    others = other_programs_share()
    found = Bandwidth(decoding_bandwidth(), device)
    busy = others()
    return MachineFigures(here, found, memory_bandwidth(QUICK_SECONDS), busy)
