"""Python and the packages: which there are, against those that localthink asks for, and how llama.cpp is built anew."""
from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from localthink.doctor.findings import Finding

if TYPE_CHECKING:
    from packaging.requirements import Requirement

LLAMA = "llama-cpp-python"
Backend = Literal["CPU", "Metal", "CUDA", "Vulkan"]
OPTIONS: dict[Backend, str] = {
    "CPU": "", "Metal": "-DGGML_METAL=on", "CUDA": "-DGGML_CUDA=on", "Vulkan": "-DGGML_VULKAN=on"}


def localthink() -> Iterator[Finding]:
    yield Finding("localthink", metadata.version("localthink"))


def python() -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    asked = metadata.metadata("localthink")["Requires-Python"] or ""
    version = platform.python_version()
    if SpecifierSet(asked).contains(version, prereleases=True):
        yield Finding("Python", version)
    else:
        yield Finding("Python", f"{version}, where localthink asks for {asked}", "trouble",
                      "install localthink into an environment of such a Python")


def system() -> Iterator[Finding]:
    name = platform.platform()
    if _translated():
        yield Finding("system", f"{name}; this Python is for Intel processors, and is translated", "warning",
                      "install a Python for Apple silicon (arm64), and localthink with it: this one is far slower "
                      "and cannot use Metal")
    else:
        yield Finding("system", name)


def _translated() -> bool:
    """Whether macOS translates this process from Intel's instructions to Apple's (Rosetta)."""
    if sys.platform != "darwin" or platform.machine() != "x86_64":
        return False
    told = subprocess.run(["sysctl", "-n", "sysctl.proc_translated"], capture_output=True, text=True, timeout=2)
    return told.stdout.strip() == "1"


def packages() -> Iterator[Finding]:
    """Every package that localthink needs, in one finding those that are well."""
    well = []
    for requirement in requirements():
        found = _version(requirement.name)
        if found and requirement.specifier.contains(found, prereleases=True):
            well.append(f"{requirement.name} {found}")
            continue
        what = f"{found}, where localthink asks for {requirement.specifier}" if found else "is not installed"
        yield Finding(requirement.name, what, "trouble", "install what it asks for:", f'pip install "{requirement}"')
    yield Finding("packages", ", ".join(well) or "none of those that localthink needs")


def requirements() -> list[Requirement]:
    """What the installed localthink needs here, extras left out."""
    from packaging.requirements import Requirement

    listed = [Requirement(line) for line in metadata.requires("localthink") or ()]
    return [each for each in listed if each.marker is None or each.marker.evaluate({"extra": ""})]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def reinstall(backend: Backend, platform: str = sys.platform) -> str:
    """A line for the shell (PowerShell on Windows): what is installed and what pip has kept would be taken again."""
    asked = next((str(each) for each in requirements() if each.name == LLAMA), LLAMA)
    command = f'pip install --force-reinstall --no-cache-dir --no-deps --no-binary {LLAMA} "{asked}"'
    options = OPTIONS[backend]
    if not options:
        return command
    return f'$env:CMAKE_ARGS="{options}"; {command}' if platform == "win32" else f'CMAKE_ARGS="{options}" {command}'
