r"""Where a text says what its answer is, and where a known answer says what it is.

The final answer stands, in this order,

1. in the last box (see `boxes`), and nowhere if that is not closed or too long;
2. if a choice is asked for, in the last "answer is B", "Answer: (B)" or the like, in upper case and not followed by
   another word on its line, but for "because", "since" and "as";
3. in the displayed formula (`\[…\]`, `$$…$$`) that ends the text;
4. in the last line that is not empty, after its last "####" and "answer is", "answer:" or "answer =" if it has them,
   and without `*` and backticks around it or periods after it, if it then has at most `SHORT_LINE` characters;
5. after the last "####", up to the end of the line.
"""
from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from localthink.grade.boxes import MOST_CHARACTERS, last_boxed

SHORT_LINE = 80

_SAYS = r"(?i:\banswer)[*\s]*+(?:(?i:is)\b[*\s]*+:?+|[:=])[*\s]*+"
_SAID = re.compile(_SAYS)
_ANOTHER = r"[)$]*+[ \t]*+[,/&][ \t]*+\$?+\(?+[A-J]\b"
_CHOICE = re.compile(
    rf"{_SAYS}\$?+\(?+([A-J])(?![\w'’-]|[ \t]+(?!(?:because|since|as)\b)[a-z]|{_ANOTHER})")
_DISPLAYS = ((r"\[", r"\]"), ("$$", "$$"))


def final_answer(text: str, choice: bool = False) -> str:
    """The final answer of `text`, which is what follows `</think>`; "" if it settles on none."""
    boxed = last_boxed(text)
    if boxed is not None:
        return boxed
    if choice and (chosen := _last(_CHOICE.finditer(text))):
        return chosen[1]
    return _displayed(text) or _last_line(text)


def known_text(gold: str) -> str:
    """What a known answer says: its last box, else what follows its last "####" (GSM8K's form), else all of it."""
    boxed = last_boxed(gold)
    return boxed if boxed is not None else after_hashes(gold) or gold


def after_hashes(text: str) -> str:
    _, hashes, after = text.rpartition("####")
    return after.strip().partition("\n")[0] if hashes else ""


def _displayed(text: str) -> str:
    end = text.rstrip("*. \t\r\n")
    for opening, closing in _DISPLAYS:
        if end.endswith(closing):
            _, found, formula = end.removesuffix(closing)[-MOST_CHARACTERS:].rpartition(opening)
            return formula.strip() if found else ""
    return ""


def _last_line(text: str) -> str:
    line = text.rstrip().rpartition("\n")[2].rpartition("####")[2]
    if said := _last(_SAID.finditer(line)):
        line = line[said.end():]
    line = line.strip(" \t\r*`")
    return line.rstrip(".") if len(line) <= SHORT_LINE else after_hashes(text)


def _last(found: Iterable[re.Match[str]]) -> re.Match[str] | None:
    last = deque(found, maxlen=1)
    return last[0] if last else None
