"""Runs small studies with the bundled model in this process's child."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from batch.running import Watch
from localthink.batch.ledger import RESULTS
from localthink.study.folder import StudyFolder, begin
from localthink.study.running import Machine, run_study
from localthink.study.spec import Study
from study.making import SMALL, study


def begun(path: Path, text: str = SMALL, watch: Watch | None = None,
          clock: Callable[[], float] = lambda: 0.0) -> tuple[Study, StudyFolder]:
    """The study, run as far as the watch and its budget let it."""
    wanted, folder = study(text), StudyFolder(path / "study")
    run(wanted, folder, watch, clock)
    return wanted, folder


def run(wanted: Study, folder: StudyFolder, watch: Watch | None = None, clock: Callable[[], float] = lambda: 0.0,
        **machine: Any) -> str:
    return run_study(wanted, folder, begin(wanted, folder), Machine(threads=1, **machine), watch or Watch(),
                     clock=clock)


def keys(folder: StudyFolder) -> list[str]:
    """Of all results, as often as they are there."""
    lines = [line for path in sorted(folder.path.rglob(RESULTS)) for line in path.read_text("utf-8").splitlines()]
    return [line.partition('"key": "')[2].partition('"')[0] for line in lines]
