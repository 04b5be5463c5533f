r"""What stands in the last box of a text: the one place where boxes are looked for.

A box is `\boxed` or `\fbox` before braces, or, with the braces forgotten, before what follows without a space:
`\boxed 2`, `\boxed\frac12`. Boxes with nothing between them but the signs of a list are one answer in several
parts: `\boxed{2}, \boxed{3}` and `\boxed{2}\boxed{3}` hold "2, 3". An empty box is none.
"""
from __future__ import annotations

import re

MOST_CHARACTERS = 1000

# Possessive (`+` after a repeat) wherever two repeats meet: time grows with the length and no faster.
_BOX = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])\s*+")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_GROUP = r"\{(?:[^{}]|\{[^{}]*+\})*+\}"
_BARE = re.compile(  # a number, a command or one letter, and on to the end of its formula or to a space
    rf"(?=[-+−.0-9]|\\[A-Za-z]|[A-Za-z](?![A-Za-z]))"
    rf"(?:{_GROUP}|\\[A-Za-z]++(?: ++(?=[0-9{{\\]))?+|\\[^A-Za-z()\[\]]|[^\s$\\{{}}*])++")
_BETWEEN = re.compile(  # two parts of one answer
    r"(?:[\s$,;&*]|\\[()\[\],;:!\\]|\\q?quad(?![A-Za-z])|\\(?:text|mbox|mathrm)\{\s*+(?:and|or)\s*+\}|\b(?:and|or)\b)*+")


def last_boxed(text: str) -> str | None:
    """What the last box holds, its parts joined by ", "; None if there is no box.

    It is "" where the box that begins last is not closed, or holds more than `MOST_CHARACTERS`.
    """
    parts: list[str] = []
    begin = None  # of the first of `parts`
    for box in reversed(list(_BOX.finditer(text))):
        content, end = _content(text, box.end())
        if begin is not None and (not content or not _BETWEEN.fullmatch(text, end, begin)):
            break
        if content is None:
            return ""
        if content and content not in parts:
            parts.insert(0, content)
        if content:
            begin = box.start()
        if sum(map(len, parts)) > MOST_CHARACTERS:
            return ""
    return ", ".join(parts) if parts else None


def _content(text: str, start: int) -> tuple[str | None, int]:
    """What the box holds whose braces, if any, open at `start`, and where it ends; None if they do not close."""
    if not text.startswith("{", start):
        bare = _BARE.match(text, start, start + MOST_CHARACTERS)
        return (bare[0].rstrip(".,;:!?"), bare.end()) if bare else ("", start)
    depth = 0
    for brace in _BRACE.finditer(text, start, start + MOST_CHARACTERS + 2):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if depth == 0:
            return text[start + 1:brace.start()].strip(), brace.end()
    return None, start
