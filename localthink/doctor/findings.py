"""What a check found, and checks that cannot bring down the others."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from localthink.errors import LocalthinkError

Level = Literal["ok", "note", "warning", "trouble"]
LEVELS: tuple[Level, ...] = ("ok", "note", "warning", "trouble")  # from well to bad


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and how well that is.

    A note is worth knowing, a warning costs speed or comfort, trouble keeps localthink from working. `advice`
    says what to do about it, or that there is nothing to do; `command` is a line for the shell that does it.
    """

    name: str
    value: str
    level: Level = "ok"
    advice: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Findings that belong together."""

    name: str
    findings: tuple[Finding, ...]


Check = Callable[[], Iterable[Finding]]


def look(name: str, check: Check) -> list[Finding]:
    """What a check finds. One that raises has found that, besides what it had found before."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except LocalthinkError as error:
        found.append(Finding(name, "does not work", "trouble", str(error)))  # which says what to do
    except Exception as error:  # whatever a strange machine comes up with: the other checks still run
        said = str(error) or "no more is known"
        found.append(Finding(name, f"could not be looked at: {type(error).__name__}: {said}", "warning",
                             "nothing else depends on this; please report it, with this line, as localthink's mistake"))
    return found


def count(sections: Iterable[Section]) -> dict[Level, int]:
    """How many findings there are of each level."""
    levels = [finding.level for section in sections for finding in section.findings]
    return {level: levels.count(level) for level in LEVELS}
