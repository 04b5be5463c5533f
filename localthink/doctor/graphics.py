"""The GPUs that this machine has, whether or not llama.cpp was built for them."""
from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localthink.doctor.reinstall import Backend

DRM = Path("/sys/class/drm")
AMD, INTEL = "0x1002", "0x8086"  # vendors of PCI devices; NVIDIA's own program tells more of its GPUs
OWN_MEMORY = 2**31  # bytes, from which on an AMD GPU is taken to have memory of its own and not the machine's


@dataclass(frozen=True, slots=True)
class Graphics:
    """A GPU, and the backend of the README's table that it takes. `others` serve it as well.

    One that is not `strong` shares the processor's memory and may be no faster.
    """

    name: str
    backend: Backend
    others: tuple[str, ...] = ()
    strong: bool = True


def nvidia() -> tuple[list[Graphics], str]:
    """NVIDIA's GPUs, as its driver tells, or why that does not work."""
    program = shutil.which("nvidia-smi") or shutil.which("/usr/lib/wsl/lib/nvidia-smi")
    if program is None:
        return [], ""
    try:
        told = subprocess.run([program, "--query-gpu=name,memory.total", "--format=csv,noheader"],
                              capture_output=True, text=True, timeout=3)
    except subprocess.TimeoutExpired:
        return [], "does not answer within 3 seconds"
    lines = told.stdout.strip().splitlines()
    if told.returncode:
        said = (lines or told.stderr.strip().splitlines() or ["no reason given"])[0]
        return [], f"does not work: {said}"
    return [Graphics(line.strip(), "CUDA", ("Vulkan",)) for line in lines if line.strip()], ""


def apple() -> list[Graphics]:
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return [Graphics("Apple silicon", "Metal")]
    return []


def direct_rendering(root: Path = DRM) -> list[Graphics]:
    """AMD's and Intel's GPUs, as Linux lists them; each may have several nodes."""
    found: dict[Path, Graphics] = {}
    for node in sorted(root.glob("renderD*")):
        with suppress(OSError):
            device = (node / "device").resolve()
            vendor = (device / "vendor").read_text().strip()
            if vendor == AMD:
                found[device] = Graphics("AMD", "Vulkan", ("ROCm", "HIP"), _own_memory(device) >= OWN_MEMORY)
            elif vendor == INTEL:
                found[device] = Graphics("Intel", "Vulkan", ("SYCL",), strong=False)
    return list(found.values())


def _own_memory(device: Path) -> int:
    with suppress(OSError, ValueError):
        return int((device / "mem_info_vram_total").read_text())
    return 0


def hidden() -> str:
    """What keeps programs from seeing a GPU, as far as the environment tells."""
    names = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES")
    return ", ".join(f"{name}={os.environ[name]!r}" for name in names if name in os.environ)
