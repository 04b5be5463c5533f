"""The instructions that this processor has, by llama.cpp's names for them."""
from __future__ import annotations

import ctypes
import platform
import re
import subprocess
import sys
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
X86_FLAGS = {  # llama.cpp's name: Linux's
    "SSE3": "pni", "SSSE3": "ssse3", "AVX": "avx", "AVX_VNNI": "avx_vnni", "AVX2": "avx2", "F16C": "f16c", "FMA": "fma",
    "BMI2": "bmi2", "AVX512": "avx512f", "AVX512_VBMI": "avx512vbmi", "AVX512_VNNI": "avx512_vnni",
    "AVX512_BF16": "avx512_bf16", "AMX_INT8": "amx_int8"}
ARM_FLAGS = {"NEON": "asimd", "FP16_VA": "asimdhp", "DOTPROD": "asimddp", "MATMUL_INT8": "i8mm", "SVE": "sve"}
APPLE_KEYS = {"FP16_VA": "FEAT_FP16", "DOTPROD": "FEAT_DotProd", "MATMUL_INT8": "FEAT_I8MM"}
WINDOWS_NUMBERS = {"SSE3": 13, "SSSE3": 36, "AVX": 39, "AVX2": 40, "AVX512": 41}  # PF_…_INSTRUCTIONS_AVAILABLE


def processor_features() -> dict[str, bool]:
    """Which instructions this processor has, and which it has not; those that the system does not tell are left out."""
    machine = platform.machine().lower()
    x86, arm = machine in ("x86_64", "amd64"), machine in ("arm64", "aarch64")
    if sys.platform == "linux" and (x86 or arm):
        return from_cpu_info(CPU_INFO.read_text(encoding="utf-8", errors="replace"), X86_FLAGS if x86 else ARM_FLAGS)
    if sys.platform == "darwin" and arm:
        told = subprocess.run(["sysctl", "hw.optional.arm"], capture_output=True, text=True, timeout=2)
        return from_sysctl(told.stdout)
    if sys.platform == "win32" and x86:
        has = ctypes.windll.kernel32.IsProcessorFeaturePresent
        return {name: bool(has(number)) for name, number in WINDOWS_NUMBERS.items()}
    return {}


def from_cpu_info(text: str, flags: dict[str, str]) -> dict[str, bool]:
    """From Linux's account: all cores must have what counts, since a thread may run on any."""
    listed = [set(line.partition(":")[2].split()) for line in text.splitlines()
              if re.match(r"(flags|Features)\s*:", line)]
    common = set.intersection(*listed) if listed else set()
    return {name: flag in common for name, flag in flags.items()} if common else {}


def from_sysctl(text: str) -> dict[str, bool]:
    """From macOS's account, of lines such as `hw.optional.arm.FEAT_DotProd: 1`."""
    told = dict(line.removeprefix("hw.optional.arm.").split(": ", 1) for line in text.splitlines() if ": " in line)
    return {name: told[key].strip() == "1" for name, key in APPLE_KEYS.items() if key in told}


def processor_name() -> str:
    """What the processor is called, or the kind of machine where the system does not say."""
    if sys.platform == "linux" and CPU_INFO.exists():
        found = re.search(r"^model name\s*: *(.+)$", CPU_INFO.read_text(encoding="utf-8", errors="replace"), re.M)
        if found:
            return found[1].strip()
    if sys.platform == "darwin":
        told = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=2)
        if told.stdout.strip():
            return told.stdout.strip()
    return platform.processor() or platform.machine()
