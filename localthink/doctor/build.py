"""How llama.cpp was built, and whether that suits this machine's processor and GPUs."""
from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from localthink.doctor.findings import Finding
from localthink.doctor.llama import LlamaFacts
from localthink.doctor.software import LLAMA, Backend, reinstall
from localthink.machine.processor_features import processor_features
from localthink.text.sizes import sized

MISSING = "not installed"
LIBRARIES = "LLAMA_CPP_LIB_PATH"  # where llama-cpp-python looks for another llama.cpp than its own
TELLING = ("AVX2", "FMA", "F16C", "DOTPROD")  # without them llama.cpp is several times slower than it could be
AMX = "AMX_INT8"
BACKENDS = {"cpu": "CPU", "cuda": "CUDA", "metal": "Metal", "vulkan": "Vulkan", "hip": "ROCm", "sycl": "SYCL",
            "blas": "BLAS", "rpc": "RPC", "opencl": "OpenCL", "musa": "MUSA", "cann": "CANN"}  # by the library's name
DRM = Path("/sys/class/drm")
AMD, INTEL = "0x1002", "0x8086"  # vendors of PCI devices; NVIDIA's own program tells more of its GPUs
OWN_MEMORY = 2**31  # bytes, from which on an AMD GPU is taken to have memory of its own and not the machine's


def version(facts: LlamaFacts) -> Iterator[Finding]:
    try:
        value = metadata.version(LLAMA)
    except metadata.PackageNotFoundError:
        value = MISSING
    elsewhere = os.environ.get(LIBRARIES)
    if not facts.problem:
        yield Finding(LLAMA, value)
    elif facts.imported:
        yield Finding(LLAMA, f"{value}; asked for its devices, {facts.problem}", "trouble",
                      "its driver for a GPU or the build is not sound: update the driver, or build it again",
                      reinstall("CPU"))
    elif elsewhere and value != MISSING:
        yield Finding(LLAMA, f"{value}; cannot be used: {facts.problem}", "trouble",
                      f"unset {LIBRARIES}: it has the library taken from {elsewhere}")
    else:
        yield Finding(LLAMA, f"{value}; cannot be used: {facts.problem}", "trouble",
                      "install it again, compiled on this machine (4 to 8 minutes on two cores)", reinstall("CPU"))
    if elsewhere and (facts.imported or not facts.problem):
        yield Finding("its library", f"from {elsewhere}, by {LIBRARIES}", "note",
                      f"unset {LIBRARIES} to use the one that came with the package")


def backends(facts: LlamaFacts) -> Iterator[Finding]:
    """What llama.cpp was built for, by its libraries, its own account and its devices, and what it sees of that."""
    if not facts.imported:
        return
    built = sorted({*(library_backends(library_folder())), *facts.features, *(d.backend for d in facts.devices)})
    yield Finding("built for", ", ".join(built))
    for device in (each for each in facts.devices if each.kind != "cpu"):
        memory = f", {sized(device.free)} free of {sized(device.total)}" if device.total else ""
        yield Finding(device.name, f"{device.description or device.backend}{memory}")


def library_folder() -> Path | None:
    """Where llama.cpp's own libraries lie; looked up without importing them."""
    if elsewhere := os.environ.get(LIBRARIES):
        return Path(elsewhere)
    found = util.find_spec("llama_cpp")
    return Path(found.origin).parent / "lib" if found is not None and found.origin else None


def library_backends(folder: Path | None) -> list[str]:
    """The backends whose libraries are in a folder: `libggml-cuda.so`, `ggml-vulkan.dll`."""
    if folder is None or not folder.is_dir():
        return []
    names = {path.name.partition(".")[0].removeprefix("lib") for path in folder.iterdir()}
    return sorted({known for name in names if name.startswith("ggml-")
                   if (known := BACKENDS.get(name.removeprefix("ggml-").partition("-")[0]))})


def instructions(facts: LlamaFacts) -> Iterator[Finding]:
    """The processor's instructions that the build uses, lacks, and takes for granted."""
    built = facts.features.get("CPU")
    if built is not None:
        yield from compare(built, processor_features())


def compare(built: Sequence[str], processor: Mapping[str, bool]) -> Iterator[Finding]:
    """`built` is what llama.cpp was compiled for, `processor` what there is."""
    yield Finding("compiled with", ", ".join(built) or "nothing special")
    lacking = [name for name, there in processor.items() if not there and name in built]
    if lacking:
        yield Finding("instructions", f"this processor lacks {', '.join(lacking)}, which llama.cpp uses", "trouble",
                      "it will crash: compile it on this machine", reinstall("CPU"))
    unused = [name for name, there in processor.items() if there and name not in built and name != AMX]
    if serious := [name for name in unused if name in TELLING]:
        yield Finding("not used", f"{', '.join(unused)}, which this processor has", "warning",
                      f"llama.cpp is far slower without {' and '.join(serious)}: compile it on this machine",
                      reinstall("CPU"))
    elif unused:
        yield Finding("not used", f"{', '.join(unused)}, which this processor has", "note",
                      "compiled on this machine, llama.cpp may read prompts faster", reinstall("CPU"))
    elif processor and not lacking:
        yield Finding("instructions", "llama.cpp uses all that this processor has")
    if AMX in built:
        yield Finding("AMX", "in the build, and avoided", "note",
                      "nothing to do: llama.cpp's AMX kernels crash on many systems (ggml-org/llama.cpp#20824), so "
                      "weights are kept off them; they are not repacked either then, which costs some speed")


def gpus(facts: LlamaFacts) -> Iterator[Finding]:
    """GPUs that the machine has and llama.cpp does not use."""
    cards, problem = nvidia()
    if problem:
        yield Finding("NVIDIA's driver", problem, "warning",
                      "install NVIDIA's driver for this system again; until then the GPU cannot be used")
    there = [*cards, *apple(), *direct_rendering()]
    if facts.imported:
        for gpu in there:
            yield from serve(gpu, facts, library_backends(library_folder()))
    if not there and not problem and not any(device.kind in ("gpu", "igpu") for device in facts.devices):
        yield Finding("GPU", "none found: models run on the processor")


def serve(gpu: Graphics, facts: LlamaFacts, libraries: Sequence[str]) -> Iterator[Finding]:
    """Whether llama.cpp sees a GPU, was built for it and sees none, or was not built for it."""
    fitting = (gpu.backend, *gpu.others)
    if any(device.backend in fitting and device.kind in ("gpu", "igpu") for device in facts.devices):
        return
    name = f"GPU {gpu.name}"
    if built := [each for each in fitting if each in {*libraries, *facts.features}]:
        hiding = hidden()
        why = f"{hiding} may hide it" if hiding else ("look after its driver; a container must be given the GPU "
                                                      "(docker run --gpus all for NVIDIA)")
        yield Finding(name, f"is not seen by llama.cpp, though it was built for {built[0]}", "warning", why)
    elif gpu.strong:
        yield Finding(name, f"is not used: llama.cpp was built without {gpu.backend}", "warning",
                      f"build it with {gpu.backend}", reinstall(gpu.backend))
    else:
        yield Finding(name, f"is not used: llama.cpp was built without {gpu.backend}", "note",
                      "it shares the processor's memory and may be no faster; to try it", reinstall(gpu.backend))


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
