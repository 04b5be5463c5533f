"""What there is to be judged in a run, and a judge's verdicts on it against the oracle's."""
from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from localthink.batch.export_files import checked_results
from localthink.batch.ledger import RESULTS
from localthink.grade.grading import Grader
from localthink.judge.calibration import Calibration, calibrate
from localthink.judge.cases import cases_of
from localthink.judge.interface import Case, Judgement, Kind
from localthink.judge.oracle import Oracle


def cases_of_run(run: Path, kind: Kind, limit: int | None = None) -> list[Case]:
    """The cases of a run, or of its first so many results by problem and sample: those that ended first are short."""
    results: Iterable[Mapping[str, Any]] = checked_results(run / RESULTS)
    if limit is not None:
        results = heapq.nsmallest(limit, results, key=lambda result: (result["line"], result["sample"]))
    return [case for result in results for case in cases_of(result, kind)]


def against_oracle(cases: Sequence[Case], said: Sequence[Judgement]) -> Calibration | None:
    """A judge's calibration on these cases; None where nobody knows which of them are right."""
    with Grader() as grader:
        return calibrate(said, Oracle(grader).judge(cases), [case.question for case in cases])
