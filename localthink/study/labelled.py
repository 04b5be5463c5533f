"""A judge's verdicts on a run as ratings, to be held against a person's labels."""
from __future__ import annotations

from localthink.errors import UsageError
from localthink.label.labels import Rating, Unit, UnitKind
from localthink.label.raters import CASES, ratings_of
from localthink.label.run import Run
from localthink.study.judgements import read_judgements
from localthink.text.values import quoted
from localthink.text.visible import shown_name

JUDGE = "judge"


def is_judge(name: str) -> bool:
    """Whether a rater's name means a judge, as `judge` or `judge:qwen`, and no person."""
    return name.partition(":")[0] == JUDGE


def ratings_of_judge(run: Run, name: str, kind: UnitKind) -> dict[Unit, Rating]:
    """What a judge has said of a run's units; what it could not tell is left out.

    Raises UsageError where no judge of this name has judged them, or several have.
    """
    part = name.partition(":")[2]
    judged = [each for each in read_judgements(run.folder) if each.kind == CASES[kind] and part in str(each.judge)]
    judges = list(dict.fromkeys(str(each.judge) for each in judged))
    if not judges:
        of = f" by a judge called {quoted(part)}" if part else ""
        raise UsageError(f"no {kind} of {shown_name(run.folder)} were judged{of}: localthink judge --kind "
                         f"{CASES[kind]} does that")
    if len(judges) > 1:
        raise UsageError(f"the {kind} of {shown_name(run.folder)} were judged by {' and by '.join(judges)}: say which, "
                         "as judge:NAME, with a part of one that the others have not")
    said = {each.key: each.judgement.right for each in judged}
    return ratings_of(run, kind, said)
