"""The memory that is free for a model, by the machine and by llama.cpp's own devices."""
from __future__ import annotations

from localthink.machine.devices import Device, devices
from localthink.fit.room import Room
from localthink.machine.resources import free_memory
from localthink.records import Offload

SHARING = "Metal"  # its GPUs work in the machine's memory, and are not called integrated


def room(offload: Offload | None = None) -> Room:
    """What is free now; of several GPUs, those that `offload` uses."""
    return room_of(free_memory(), devices(), offload or Offload())


def room_of(memory: int, found: tuple[Device, ...], offload: Offload) -> Room:
    """What llama.cpp would use of these: all GPUs with memory of their own, or else one that shares the machine's."""
    own = [device for device in found if device.kind == "gpu"]
    used = own or [device for device in found if device.kind == "igpu"][:1]
    if offload.split == "none":
        used = used[offload.main_gpu:][:1]
    if not used:
        return Room(memory)
    shared = all(device.kind == "igpu" or device.backend == SHARING for device in used)
    free = sum(device.free for device in used)
    names = " and ".join(dict.fromkeys(device.description or device.name for device in used))
    return Room(memory, min(free, memory) if shared else free, names, shared)
