"""Texts as cells of CSV: which are numbers, and which a spreadsheet would run as a formula.

Such a text is written behind an apostrophe, as OWASP advises: https://owasp.org/www-community/attacks/CSV_Injection
"""
from __future__ import annotations

import re

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # also behind apostrophes, so that one of them can be taken off again


def guarded(text: str) -> str:
    """The text as a cell: behind an apostrophe where it begins like a formula and is no number."""
    return f"'{text}" if _FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` has made this cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
