"""`localthink doctor`: what of this machine matters to localthink, and what to do where it is not well."""
from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from localthink.text.sizes import counted
from localthink.text.terminal import Terminal, json_line

if TYPE_CHECKING:
    from localthink.doctor.findings import Finding, Level, Section

NAME_WIDTH = 18
MARKS: dict[Level, str] = {"ok": "✓", "note": "·", "warning": "!", "trouble": "✗"}
PLAIN_MARKS: dict[Level, str] = {"ok": " ", "note": ".", "warning": "!", "trouble": "x"}
STYLES: dict[Level, str] = {"ok": "32", "note": "36", "warning": "33", "trouble": "31"}
BOLD, DIM = "1", "2"
WIDEST = 110  # columns; longer lines are hard to read


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:
    """Look at what localthink needs of this machine, and say what to do where it is not well.

    Takes some seconds, and changes nothing. Ends with exit code 1 where something keeps localthink from
    working.
    """
    from localthink.doctor.examination import examine
    from localthink.doctor.findings import count

    sections = []
    page = Page(Terminal(sys.stdout))
    for section in examine():
        sections.append(section)
        if not as_json:
            page.show(section)
    counts = count(sections)
    if as_json:
        click.echo(json_line({"localthink": version("localthink"), "counts": counts,
                              "sections": [asdict(section) for section in sections]}))
    else:
        page.sum_up(counts)
    sys.exit(1 if counts["trouble"] else 0)


class Page:
    """Findings as lines of text: a mark, a name, what was found, and below it what to do."""

    def __init__(self, out: Terminal) -> None:
        self._out = out
        self._width = min(WIDEST, shutil.get_terminal_size().columns) if out.is_terminal else WIDEST
        self._marks = MARKS if out.sayable("✓·✗") == "✓·✗" else PLAIN_MARKS

    def show(self, section: Section) -> None:
        self._out.write(f"{section.name}\n", BOLD)
        for finding in section.findings:
            self._show(finding)
        self._out.write("\n")

    def _show(self, finding: Finding) -> None:
        style = STYLES[finding.level]
        indent = " " * (NAME_WIDTH + 4)
        first, *rest = self._lines(finding.value, len(indent)) or [""]
        self._out.write(f"  {self._marks[finding.level]} ", style)
        self._out.write(f"{finding.name:{NAME_WIDTH}}", DIM)
        if len(finding.name) >= NAME_WIDTH:
            self._out.write(f"\n{indent}")
        self._out.write("\n".join([first, *(indent + line for line in rest)]) + "\n")
        for line in self._lines(finding.advice, len(indent) + 2):
            self._out.write(f"{indent}  {line}\n", style)
        if finding.command:
            self._out.write(f"{indent}  {finding.command}\n", BOLD)  # whole, however long: it is there to be copied

    def _lines(self, text: str, indent: int) -> Sequence[str]:
        return textwrap.wrap(text, max(20, self._width - indent), break_long_words=False, break_on_hyphens=False)

    def sum_up(self, counts: dict[Level, int]) -> None:
        """The last line: how many of what."""
        worst: Level = "trouble" if counts["trouble"] else "warning" if counts["warning"] else "ok"
        parts = [f"{counts['ok']} ok", *(counted(counts[level], level) if counts[level] else f"no {level}s"
                                            for level in ("note", "warning"))]
        parts.append(f"{counts['trouble']} in trouble" if counts["trouble"] else "no trouble")
        self._out.write(" · ".join(parts) + "\n", f"{BOLD};{STYLES[worst]}")
