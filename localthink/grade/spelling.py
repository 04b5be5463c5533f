r"""One spelling for what is written in several ways and means the same, without knowing what it means.

Marks of formulas and of spacing go (`$`, `\(`, `\[`, `\left`, `\!`, `\,` …), other minus signs become `-`, `\dfrac` and
`\tfrac` become `\frac`, commas that can only be between thousands (`1{,}234`, `1,\!234`) go, and whatever is white is
one space. The rows of a matrix (`\\`) stay.
"""
from __future__ import annotations

import re

# Possessive (`+` after a repeat) wherever two repeats meet: time grows with the length and no faster.
_SPELLINGS = tuple((re.compile(pattern), spelling) for pattern, spelling in (
    (r"(?<=[0-9])(?:\{,\}|, ?\\!)\s*+(?=[0-9]{3})", ""),
    (r"[−–]", "-"),
    (r"(\\\\)|\\[()\[\]!,;:]|(?<!\\)\$|\\(?:left|right|displaystyle)(?![A-Za-z])", r"\1"),
    (r"\\[dt]frac(?![A-Za-z])", r"\\frac"),
    (r"\\(?:text|textbf|mathrm|mathbf) ?\{([-+0-9.,/ ]++)\}", r"\1"),
    (r"(\\\\)|\\ |~|\s", lambda found: found[1] or " "),
    (r" ++", " "),
))
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox) ?\{([^{}]*+)\}")
_LOOSE = re.compile(r"(?<![0-9A-Za-z,]) | (?![0-9A-Za-z])")


def evened(text: str) -> str:
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return text.strip()


def unwrapped(text: str) -> str:
    r"""The text, evened, without `\text{}` and its like around parts of it."""
    return _WRAPPED.sub(r"\1", evened(text)).strip()


def closed_up(text: str) -> str:
    """The text, evened, unwrapped and without the spaces that part no two words or numbers, nor a period at its end."""
    return _LOOSE.sub("", unwrapped(text)).removesuffix(".")
