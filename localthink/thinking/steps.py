"""A thought in steps: its paragraphs, or its lines where there is no blank line between them."""
from __future__ import annotations

import re

_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_BREAK = re.compile(r"\n\s*")


def steps_of(thought: str) -> tuple[str, ...]:
    """The steps as they are written, without the white space around them; none of a thought that is blank.

    R1 and its family write a step a paragraph, and break lines only within a formula or a list; the bundled model
    writes one a line. A step that ends in a colon goes on in the next paragraph, which is its formula.
    """
    text = thought.strip()
    between = _BLANK if _BLANK.search(text) else _BREAK
    steps, start = [], 0
    for found in between.finditer(text):
        step = text[start:found.start()].rstrip()
        if not step.endswith(":"):
            steps.append(step)
            start = found.end()
    return (*steps, text[start:]) if text else ()
