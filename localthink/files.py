"""Small files that other programs wrote. Whatever lies in their place, reading it ends, and takes little memory."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LARGEST = 2**20  # bytes; pointers, settings and manifests have some thousands


def small_text(path: Path) -> str:
    """What a file says, empty where it cannot be read, is no text or too large, or is no regular file."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return ""
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        return content.decode("utf-8") if len(content) <= LARGEST else ""
    except (OSError, ValueError):
        return ""


def small_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file, empty where there is none."""
    try:
        content = json.loads(small_text(path))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
