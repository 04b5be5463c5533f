#!/usr/bin/env python3
"""Write the table of keys into a document, between `<!-- keys -->` and `<!-- end of keys -->`.

    python scripts/list_keys.py README.md
"""
from __future__ import annotations

import sys
from pathlib import Path

from localthink.tui.keys import ALL_KEYS, groups

BEGIN, END = "<!-- keys -->\n", "<!-- end of keys -->"


def table() -> str:
    """Every key of the terminal program, under the headings of its help."""
    rows = ["| | | |\n|---|---|---|"]
    for heading, keys in groups(ALL_KEYS).items():
        rows.append(f"| **{heading}** | | |")
        rows += [f"| {' '.join(f'`{name}`' for name in key.names.split(' or '))} | {key.label} | {key.help} |"
                 for key in keys]
    return "\n".join(rows)


def with_table(text: str) -> str:
    """The document with the table as it is now."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(with_table(document.read_text(encoding="utf-8")), encoding="utf-8")
