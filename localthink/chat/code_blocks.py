"""Fenced blocks of code in a text of Markdown: what they hold, and whether they are closed."""
from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

FENCE_END = re.compile(r" {0,3}(`{3,}|~{3,})\s*")
NEWLINE = re.compile(r"\r\n?|\n")  # as the parser counts lines


@cache
def _parser() -> MarkdownIt:
    """Reads fences, and what they may stand in: lists and quotes. It keeps nothing from one text to the next."""
    return MarkdownIt("zero").enable(["code", "fence", "blockquote", "list"])


def code_blocks(text: str) -> list[str]:
    """What stands between fences, without them; of one that is left open what there is."""
    return [token.content.removesuffix("\n") for token in _parser().parse(text) if token.type == "fence"]


def open_fence(text: str) -> str:
    """The fence that would close a block that is left open; empty where none is: a list or a quote closes its own."""
    last = next((token for token in reversed(_parser().parse(text)) if token.block), None)
    if last is None or last.type != "fence" or is_closed(last, NEWLINE.split(text)):
        return ""
    return last.markup


def is_closed(fence: Token, lines: Sequence[str]) -> bool:
    """Whether a block has come to its closing fence; `lines` are those of the text."""
    assert fence.map is not None
    start, end = fence.map
    found = FENCE_END.fullmatch(lines[end - 1]) if end - 1 > start else None
    return found is not None and found[1].startswith(fence.markup)
