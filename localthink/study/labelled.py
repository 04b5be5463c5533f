"""A judge's verdicts on a run as ratings, to be held against a person's labels."""
from __future__ import annotations

from localthink.label.labels import Rating, Unit, UnitKind
from localthink.label.raters import CASES, ratings_of
from localthink.label.run import Run
from localthink.study.judgements import find_judge, said_by

JUDGE = "judge"


def is_judge(name: str) -> bool:
    """Whether a rater's name means a judge, as `judge` or `judge:qwen`, and no person."""
    return name.partition(":")[0] == JUDGE


def ratings_of_judge(run: Run, name: str, kind: UnitKind) -> dict[Unit, Rating]:
    """What a judge has said of a run's units; what it could not tell is left out.

    Raises UsageError where no judge of this name has judged them, or several have.
    """
    judge = find_judge([run.folder], CASES[kind], name.partition(":")[2])
    return ratings_of(run, kind, {key: each.right for key, each in said_by(run.folder, judge).items()})
