"""What there is to be judged in a run, and a judge's verdicts on it against the oracle's."""
from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from localthink.batch.export_files import checked_results
from localthink.batch.ledger import RESULTS
from localthink.grade.grading import Grader
from localthink.judge.calibration import Calibration, calibrate
from localthink.judge.cases import cases_of
from localthink.judge.interface import Case, Judgement, Kind
from localthink.judge.oracle import Oracle


def cases_in(run: Path, kind: Kind, limit: int | None = None) -> list[Case]:
    """The cases of a run, in the order of its results, or of the first so many of these."""
    return [case for result in itertools.islice(checked_results(run / RESULTS), limit)
            for case in cases_of(result, kind)]


def against_oracle(cases: Sequence[Case], said: Sequence[Judgement]) -> Calibration | None:
    """A judge's calibration on these cases; None where nobody knows which of them are right."""
    with Grader() as grader:
        return calibrate(said, Oracle(grader).judge(cases))
