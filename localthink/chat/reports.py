"""The reports of studies, as a chat lists them and opens them in the browser."""
from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localthink.study.folder import REPORT, VERDICT, begun_studies

MOST = 50  # reports that are listed


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
        said = _verdict(folder.path / VERDICT) if there else f"no report yet: localthink study report {name}"
        day = datetime.fromtimestamp(changed).strftime("%Y-%m-%d")
        found.append((changed, Report(name, day, said, report if there else None)))
    found.sort(key=lambda each: each[0], reverse=True)
    return [report for _, report in found[:MOST]]


def _verdict(path: Path) -> str:
    """What a report says in a sentence; empty where an earlier localthink wrote it, or the file is damaged."""
    try:
        return " ".join(str(json.loads(path.read_text("utf-8"))["verdict"]).split())
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


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
