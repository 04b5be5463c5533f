"""The reports of studies, as a chat lists them and opens them in the browser."""
from __future__ import annotations

import html
import os
import re
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localthink.study.folder import REPORT, begun_studies

MOST = 50  # reports that are listed
_VERDICT = re.compile(r'<p class="verdict[^"]*">(.*?)</p>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Report:
    """What a study's report says in one line. `path` is None where it was begun and has no report yet."""

    name: str
    day: str  # 2026-11-28, of the report or of its first start
    verdict: str
    path: Path | None


def latest_reports() -> list[Report]:
    """Those of the studies that were begun without a folder of their own, the newest first."""
    found = []
    for folder, _ in begun_studies():
        report = folder.path / REPORT
        there = report.is_file()
        changed = (report if there else folder.record).stat().st_mtime
        name = folder.path.name
        said = _verdict(report) if there else f"no report yet: localthink study report {name}"
        day = datetime.fromtimestamp(changed).strftime("%Y-%m-%d")
        found.append((changed, Report(name, day, said, report if there else None)))
    found.sort(key=lambda each: each[0], reverse=True)
    return [report for _, report in found[:MOST]]


def _verdict(report: Path) -> str:
    """Of the last of its sets, which is the test."""
    try:
        said = _VERDICT.findall(report.read_text("utf-8", "replace"))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return html.unescape(" ".join(said[-1].split())) if said else ""


def show_in_browser(path: Path) -> bool:
    """Open a file in the person's browser; False where there is none that has a window of its own."""
    import webbrowser

    windows = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not windows:  # a browser within this terminal would write over the chat
        return False
    try:
        return webbrowser.open(path.resolve().as_uri())
    except (webbrowser.Error, OSError):
        return False


def opened(report: Report) -> str:
    """Open a report, and say so; or where it lies."""
    if report.path is None:
        return f"{report.name} has {report.verdict}"
    if show_in_browser(report.path):
        return f"in the browser: {report.path}"
    return f"no browser was found; the report is {report.path}"
