"""Words as they are typed into a shell."""
from __future__ import annotations

import re
import shlex
import sys

PLAIN = re.compile(r"[\w@%+=:,./\\-]+", re.ASCII)  # nothing here means anything to a shell of Windows


def as_typed(word: str) -> str:
    """In quotes where a shell would not take it as it is."""
    if sys.platform != "win32":
        return shlex.quote(word)
    return word if PLAIN.fullmatch(word) else f'"{word}"'  # no name of a file has a quote in it there
