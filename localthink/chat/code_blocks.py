"""Fenced blocks of code in a text of Markdown."""
from __future__ import annotations

import re

FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")


def code_blocks(text: str) -> list[str]:
    """What stands between fences, without them; of one that is left open what there is."""
    return _read(text)[0]


def open_fence(text: str) -> str:
    """The fence that would close a block that is left open; empty where none is."""
    return _read(text)[1]


def _read(text: str) -> tuple[list[str], str]:
    """The blocks, and the fence that is open at the end."""
    blocks: list[list[str]] = []
    open_with = ""
    for line in text.split("\n"):
        found = FENCE.fullmatch(line)
        fence, info = (found["fence"], found["info"]) if found else ("", "")
        if not open_with and fence and not (fence[0] == "`" and "`" in info):  # that is code within a line
            open_with = fence
            blocks.append([])
        elif open_with and fence.startswith(open_with) and not info.strip():
            open_with = ""
        elif open_with:
            blocks[-1].append(line)
    return ["\n".join(block) for block in blocks], open_with
