"""Text of unknown origin, as it may be shown: nothing in it is obeyed by a terminal."""
from __future__ import annotations

import re

# C0 and C1 controls but tab and newline, other line ends, and the marks that reorder a line
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text with control characters written out, so that it cannot move the cursor or change the colours."""
    return UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
