"""A judge's verdicts on a run as ratings, to be held against a person's labels."""
from __future__ import annotations

from localthink.judge.cases import case_key
from localthink.judge.interface import Kind
from localthink.label.labels import Rating, Unit, UnitKind
from localthink.label.run import Run
from localthink.study.judgements import find_judge, said_by

JUDGE = "judge"
CASES: dict[UnitKind, Kind] = {"thoughts": "thought", "steps": "step"}


def is_judge(name: str) -> bool:
    """Whether a rater's name means a judge, as `judge` or `judge:qwen`, and no person."""
    return name.partition(":")[0] == JUDGE


def ratings_of_judge(run: Run, name: str, kind: UnitKind) -> dict[Unit, Rating]:
    """What a judge has said of a run's units; what it could not tell is left out.

    Raises UsageError where no judge of this name has judged them, or several have.
    """
    judge = find_judge([run.folder], CASES[kind], name.partition(":")[2])
    said = {key: judgement.right for key, judgement in said_by(run.folder, judge).items()}
    found: dict[Unit, Rating] = {}
    for sample in run.samples:
        for place, unit in enumerate(sample.units(kind)):
            right = said.get(case_key(sample.key, CASES[kind], place))
            if right is not None:
                found[unit] = "right" if right else "wrong"
    return found
