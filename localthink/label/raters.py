"""What each rater says of a run: the people who labelled it, and the exact oracle for Countdown."""
from __future__ import annotations

from pathlib import Path

from localthink.errors import UsageError
from localthink.grade.countdown import Puzzle
from localthink.grade.countdown_thoughts import leads_on, step_holds
from localthink.label.file import read_said, read_those_of
from localthink.label.labels import Rating, Unit, UnitKind
from localthink.label.run import Run, read_run
from localthink.text.visible import shown_name

ORACLE = "oracle"


def read_labels(folder: Path, by: str) -> dict[tuple[str, int], bool | None]:
    """Whether thoughts are right, as somebody said, by the key of their sample and their index; None for unsure.

    What is wrong only by default is left out: that a thought follows a wrong one says nothing of where it leads.
    Nothing where nobody of this name labelled thoughts.
    """
    ratings = read_said(read_run(folder), by).ratings
    return {(unit.key, unit.thought): None if rating == "unsure" else rating == "right"
            for unit, rating in ratings.items() if unit.kind == "thoughts"}


def ratings_by(run: Run, name: str, kind: UnitKind) -> dict[Unit, Rating]:
    """What a labeller, or the oracle, says of a run's units, but for what follows only by default.

    Raises UsageError where somebody has labelled nothing, or the oracle knows nothing.
    """
    if name == ORACLE:
        return _by_oracle(run, kind)
    return {unit: rating for unit, rating in read_those_of(run, name).ratings.items() if unit.kind == kind}


def _by_oracle(run: Run, kind: UnitKind) -> dict[Unit, Rating]:
    found: dict[Unit, Rating] = {}
    for sample in run.samples:
        if not isinstance(puzzle := sample.known, Puzzle):
            continue
        before = ""
        for unit in sample.units(kind):
            text = sample.text(unit)
            right = leads_on(text, puzzle) if kind == "thoughts" else step_holds(text, before, puzzle)
            before += f"{text}\n"
            if right is not None:
                found[unit] = "right" if right else "wrong"
    if not found:
        raise UsageError(f"the oracle knows Countdown puzzles, and {shown_name(run.folder)} has none: compare with a "
                         "person or a judge")
    return found
