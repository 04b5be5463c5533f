"""A study from its first line to its last sample: its sets one after the other, each as one run of a batch.

A set's lines are its problems, each with every setting in turn: whatever stops the run, all settings have the same
problems. Its run does the rest: nothing is computed twice, nothing is lost, one engine for all settings.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localthink.batch.execution import Watcher
from localthink.batch.figures import Figures
from localthink.batch.jsonlines import json_line
from localthink.batch.manifest import read_manifest
from localthink.batch.run import Run
from localthink.batch.settings import Settings
from localthink.batch.spec import Spec
from localthink.batch.status import finished, read_figures
from localthink.batch.workers import Workers
from localthink.engine.randomness import SEED_BITS
from localthink.errors import LocalthinkError, UsageError
from localthink.files import replacing
from localthink.offload import Offload
from localthink.shelf.local_models import find_model
from localthink.study.cells import Cell
from localthink.study.choice import chosen_cell
from localthink.study.folder import StudyFolder, model_name
from localthink.study.problems import Problem, Problems
from localthink.study.samples import CELL, LEVEL, PROBLEM, read_samples
from localthink.study.spec import SETS, Budget, SetName, Study
from localthink.text.values import json_sha256


@dataclass(frozen=True, slots=True)
class Machine:
    """How the models are run; None is left to localthink."""

    slots: int | None = None
    cache: str | None = None
    threads: int | None = None
    offload: Offload = field(default_factory=Offload)
    force: bool = False
    deterministic: bool = False


class Budgeted:
    """A watcher that also stops once the budget is used up; `spent` says which part of it was."""

    def __init__(self, inner: Watcher, budget: Budget, tokens_before: int, clock: Callable[[], float]) -> None:
        self._inner, self._budget, self._clock = inner, budget, clock
        self._start, self._before = clock(), tokens_before
        self._latest = self._earlier = 0
        self._writing = False  # before a run writes, it can be stopped by a person alone
        self.spent = ""

    def next_run(self) -> None:
        """The figures of another run follow, which count from 0."""
        self._earlier, self._latest, self._writing = self._earlier + self._latest, 0, False

    def note(self, text: str) -> None:
        self._inner.note(text)

    def show(self, figures: Figures) -> None:
        self._latest, self._writing = max(self._latest, figures.tokens), True
        self._inner.show(figures)

    def stopped(self) -> bool:
        if self._writing:
            self._look()
        return bool(self.spent) or self._inner.stopped()

    def _look(self) -> None:
        used, hours = self._before + self._earlier + self._latest, (self._clock() - self._start) / 3600
        if self._budget.tokens is not None and used >= self._budget.tokens:
            self.spent = f"the budget of {self._budget.tokens:,} tokens"
        elif self._budget.hours is not None and hours >= self._budget.hours:
            self.spent = f"the {self._budget.hours:g} hours of one start"


def cells_of(study: Study, name: SetName, chosen: Cell | None) -> tuple[Cell, ...]:
    """The settings that a set is run with: of the grid, the test set sees only what the other set has chosen."""
    if name == "choose" or study.choose is None:
        return study.cells
    return tuple(cell for cell in study.cells if cell.role != "grid" or cell == chosen)


def lines(study: Study, problems: Sequence[Problem], cells: Sequence[Cell]) -> Iterator[dict[str, Any]]:
    """The lines of a set. All settings of a problem have one seed: they meet the same luck until they part."""
    for problem in problems:
        seed = int(json_sha256([study.seed, problem.id])[:SEED_BITS // 4], 16)
        for cell in cells:
            yield {**problem.line, "id": f"{problem.id} | {cell.name}", "seed": seed, **cell.line_fields(),
                   PROBLEM: problem.id, CELL: cell.name, LEVEL: problem.level}


def write_lines(path: Path, wanted: Iterator[dict[str, Any]]) -> None:
    """Write a set's lines, or find them there. Raises UsageError where the file says something else."""
    data = b"".join(map(json_line, wanted))
    try:
        if path.exists():
            if path.read_bytes() != data:
                raise UsageError(f"{path} is not what this study asks: restore it, or give another folder with -o")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(data)
    except OSError as error:
        raise LocalthinkError(f"{path} cannot be written: {error.strerror}") from None


def run_study(study: Study, folder: StudyFolder, problems: dict[SetName, Problems], machine: Machine, watcher: Watcher,
              make_workers: Callable[[], Workers | None] = lambda: None,
              clock: Callable[[], float] = time.monotonic) -> str:
    """Run what is left of a study. Returns `complete`, `stopped`, or what of the budget is used up."""
    models = {model: find_model(model_name(model)) for model in study.models}
    watch = Budgeted(watcher, study.budget, done_so_far(study, folder)[1], clock)
    for model, path in models.items():
        for name, each in problems.items():
            chosen = None
            if name == "test" and study.choose is not None:
                chosen = chosen_cell(study, read_samples(folder.results(model, "choose")))
                if chosen is None:
                    raise UsageError(f"{folder.run(model, 'choose')} has no problem that was done under every setting: "
                                     "nothing can be chosen by it")
                watcher.note(f"{model}: on the set for choosing, {chosen.name!r} was best; it is tested now")
            write_lines(folder.lines(model, name), lines(study, each.problems, cells_of(study, name, chosen)))
            watcher.note(f"{model}: the problems of [{name}]")
            state = _run_set(study, folder, model, name, path, machine, watch, make_workers())
            watch.next_run()
            if state != "complete":
                return watch.spent or state
    return "complete"


def _run_set(study: Study, folder: StudyFolder, model: str, name: SetName, path: Path, machine: Machine,
             watcher: Watcher, workers: Workers | None) -> str:
    spec = Spec(str(folder.lines(model, name)), folder.run(model, name), path,
                Settings(study.base, study.samples, study.seed), study.append, slots=machine.slots, cache=machine.cache,
                longest=study.context, threads=machine.threads, offload=machine.offload, force=machine.force,
                deterministic=machine.deterministic, strict=True)
    with Run(spec, watcher, workers) as run:
        preflight = run.preflight()
        if run.ledger.done and run.known >= preflight.samples:
            return "complete"
        fit = run.fit(preflight)
        watcher.note(fit.why)
        run.record(preflight, fit)
        return run.execute(preflight, fit).state


def done_so_far(study: Study, folder: StudyFolder) -> tuple[int, int]:
    """How many samples of the study are finished, and how many tokens they have.

    Counted in the results: the figures of a run that goes on have the tokens of its latest start.
    """
    counted = [finished(folder.run(model, name)) for model, name, _ in progress(study, folder)]
    return sum(samples for samples, _ in counted), sum(tokens for _, tokens in counted)


def progress(study: Study, folder: StudyFolder) -> Iterator[tuple[str, SetName, Figures]]:
    """How far every run of the study is that has begun."""
    for model in study.models:
        for name in SETS:
            run = folder.run(model, name)
            if read_manifest(run) is not None:
                yield model, name, read_figures(run)
