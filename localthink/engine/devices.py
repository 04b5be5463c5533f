"""What llama.cpp can compute on here, as it says itself: the processor, and the GPUs that its build can use."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localthink.engine.bindings import native_devices

Kind = Literal["cpu", "gpu", "igpu", "accelerator"]
KINDS: tuple[Kind, ...] = ("cpu", "gpu", "igpu", "accelerator")  # by ggml_backend_dev_type


@dataclass(frozen=True, slots=True)
class Device:
    """`backend` is CPU, CUDA, Metal, Vulkan …; `free` and `total` are bytes of its memory.

    An `igpu` shares the machine's memory. An accelerator (a BLAS library, AMX) has no memory of its own.
    """

    name: str
    description: str
    kind: Kind
    backend: str
    free: int
    total: int


def devices() -> tuple[Device, ...]:
    """Every device, in llama.cpp's own order. On Metal, `total` is the most that the system lets a GPU work with."""
    return tuple(Device(name, description, KINDS[kind] if kind < len(KINDS) else "accelerator", backend, free, total)
                 for name, description, kind, backend, free, total in native_devices())
