"""What each rater says of a run: the people who labelled it, and the exact oracle for Countdown."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from localthink.errors import UsageError
from localthink.grade.grading import Grader
from localthink.judge.cases import case_key, cases_in
from localthink.judge.interface import Kind
from localthink.judge.oracle import Oracle
from localthink.label.file import read_said, read_those_of
from localthink.label.labels import Rating, Unit, UnitKind
from localthink.label.run import Run, read_run
from localthink.text.visible import shown_name

ORACLE = "oracle"
CASES: dict[UnitKind, Kind] = {"thoughts": "thought", "steps": "step"}


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


def ratings_of(run: Run, kind: UnitKind, said: Mapping[str, bool | None]) -> dict[Unit, Rating]:
    """The ratings of a run's units, from who said which of its cases are right, by their keys; None is no rating."""
    found: dict[Unit, Rating] = {}
    for sample in run.samples:
        for place, unit in enumerate(sample.units(kind)):
            right = said.get(case_key(sample.key, CASES[kind], place))
            if right is not None:
                found[unit] = "right" if right else "wrong"
    return found


def _by_oracle(run: Run, kind: UnitKind) -> dict[Unit, Rating]:
    cases = [case for sample in run.samples for case in cases_in(
        sample.key, CASES[kind], sample.question, sample.thoughts, sample.answer, sample.known)]
    with Grader() as grader:
        said = {case.key: judgement.right
                for case, judgement in zip(cases, Oracle(grader).judge(cases), strict=True)}
    if not (found := ratings_of(run, kind, said)):
        raise UsageError(f"the oracle knows Countdown puzzles, and {shown_name(run.folder)} has none: compare with a "
                         "person or a judge")
    return found
