"""What llama.cpp can compute on here, as it says itself: the processor, and the GPUs that its build can use."""
from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Literal

from localthink.engine.bindings import ggml_function

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
    found = []
    for index in range(_call("ggml_backend_dev_count", ctypes.c_size_t)):
        address = _call("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t(index))
        found.append(_device(ctypes.c_void_p(address)))
    return tuple(found)


def _device(device: ctypes.c_void_p) -> Device:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    _call("ggml_backend_dev_memory", None, device, ctypes.byref(free), ctypes.byref(total))
    backend = ctypes.c_void_p(_call("ggml_backend_dev_backend_reg", ctypes.c_void_p, device))
    kind = _call("ggml_backend_dev_type", ctypes.c_int, device)
    return Device(_text("ggml_backend_dev_name", device), _text("ggml_backend_dev_description", device),
                  KINDS[kind] if kind < len(KINDS) else "accelerator", _text("ggml_backend_reg_name", backend),
                  int(free.value), int(total.value))


def _call(name: str, returns: Any, *arguments: Any) -> Any:
    function = ggml_function(name)
    function.restype = returns
    return function(*arguments)


def _text(name: str, about: ctypes.c_void_p) -> str:
    return bytes(_call(name, ctypes.c_char_p, about) or b"").decode("utf-8", "replace")
