"""The commands that build llama.cpp anew: the options are those of the README's table."""
from __future__ import annotations

import sys
from typing import Literal

from localthink.doctor.software import LLAMA, requirements

Backend = Literal["CPU", "Metal", "CUDA", "Vulkan"]
OPTIONS: dict[Backend, str] = {
    "CPU": "", "Metal": "-DGGML_METAL=on", "CUDA": "-DGGML_CUDA=on", "Vulkan": "-DGGML_VULKAN=on"}


def reinstall(backend: Backend, platform: str = sys.platform) -> str:
    """A line for the shell (PowerShell on Windows): what is installed and what pip has kept would be taken again."""
    asked = next((str(each) for each in requirements() if each.name == LLAMA), LLAMA)
    command = f'pip install --force-reinstall --no-cache-dir --no-deps --no-binary {LLAMA} "{asked}"'
    options = OPTIONS[backend]
    if not options:
        return command
    return f'$env:CMAKE_ARGS="{options}"; {command}' if platform == "win32" else f'CMAKE_ARGS="{options}" {command}'
