"""What each rater says of a run: the people who labelled it, and the exact oracle for Countdown."""
from __future__ import annotations

from pathlib import Path

from localthink.errors import UsageError
from localthink.grade.countdown import Puzzle
from localthink.grade.countdown_thoughts import leads_on
from localthink.label.file import read_those_of
from localthink.label.labels import Rating, Unit, UnitKind
from localthink.label.run import Run, read_run
from localthink.text.visible import shown_name

ORACLE = "oracle"


def read_labels(folder: Path, by: str) -> dict[tuple[str, int], bool | None]:
    """Whether thoughts are right, as somebody said, by the key of their sample and their index; None for unsure.

    What is wrong only by default is left out: that a thought follows a wrong one says nothing of where it leads.
    Raises UsageError where `by` has labelled no thought of the run.
    """
    said = read_those_of(read_run(folder), by)
    found = {(unit.key, unit.thought): None if rating == "unsure" else rating == "right"
             for unit, rating in said.ratings.items() if unit.kind == "thoughts"}
    if not found:
        raise UsageError(f"{by} has labelled steps of {shown_name(folder)}, and no thoughts: localthink label "
                         f"{shown_name(folder)} --by {by}")
    return found


def ratings_by(run: Run, name: str, kind: UnitKind) -> dict[Unit, Rating]:
    """What a labeller, or the oracle, says of a run's units, but for what follows only by default.

    Raises UsageError where somebody has labelled nothing, or the oracle knows nothing.
    """
    if name == ORACLE:
        return _by_oracle(run, kind)
    return {unit: rating for unit, rating in read_those_of(run, name).ratings.items() if unit.kind == kind}


def _by_oracle(run: Run, kind: UnitKind) -> dict[Unit, Rating]:
    if kind == "steps":
        raise UsageError("the oracle knows which thoughts can lead on, and nothing of steps: leave --steps out")
    found: dict[Unit, Rating] = {}
    for sample in run.samples:
        if not isinstance(puzzle := sample.known, Puzzle):
            continue
        for unit in sample.units(kind):
            if (right := leads_on(sample.text(unit), puzzle)) is not None:
                found[unit] = "right" if right else "wrong"
    if not found:
        raise UsageError(f"the oracle knows Countdown puzzles, and {shown_name(run.folder)} has none: compare with a "
                         "person or a judge")
    return found
