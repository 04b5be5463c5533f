r"""Simple LaTeX as text to be read on a terminal, or nothing where that cannot be done whole and without doubt.

Knows signs, scripts, fractions, roots, texts, boxes, and environments of lines and cells. What it does not know, a
single command suffices, makes the whole formula unreadable: the source is then what a person is shown.
"""
from __future__ import annotations

import re
from dataclasses import dataclass

from localthink.latex.items import BOX, END_BOX, UnreadableError
from localthink.latex.parser import as_text

MOST_CHARACTERS = 4000

_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FormulaPiece:
    """A stretch of a formula's text, and whether it stands in a box."""

    text: str
    boxed: bool


def readable(latex: str) -> str | None:
    """A formula as text; of several lines where it has them. None where its source says more. Never raises."""
    found = pieces(latex)
    return None if found is None else "".join(piece.text for piece in found)


def pieces(latex: str) -> list[FormulaPiece] | None:
    """What `readable` gives, cut where boxes begin and end."""
    if len(latex) > MOST_CHARACTERS or BOX in latex or END_BOX in latex:
        return None
    try:
        text = as_text(latex)
    except UnreadableError:
        return None
    found, depth = [], 0
    for part in re.split(f"([{BOX}{END_BOX}])", text):
        depth += (part == BOX) - (part == END_BOX)
        if part and part not in (BOX, END_BOX):
            found.append(FormulaPiece(part, depth > 0))
    return found


def closing_brace(text: str, start: int) -> int | None:
    """Where the brace stands that closes the one before `start`; None where none does."""
    depth = 1
    for brace in _BRACE.finditer(text, start):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if depth == 0:
            return brace.start()
    return None
