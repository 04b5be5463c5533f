"""A run's labels to a file in the form of process supervision, and such a file into a run."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from localthink.batch.export_files import check_place, exporting
from localthink.batch.items import BadLine
from localthink.batch.jsonlines import json_line
from localthink.batch.rows import jsonl_rows
from localthink.errors import LocalthinkError, UsageError
from localthink.label.file import LabelFile, check_name, label_path, read_those_of
from localthink.label.labels import KINDS, Rating, Unit, UnitKind
from localthink.label.prm import Solution, prm_object, read_solution
from localthink.label.run import Run, Sample
from localthink.text.visible import shown_name


def export_labels(run: Run, by: str, kind: UnitKind, target: Path) -> int:
    """Write a line for each sample of which somebody said anything. Returns how many. Raises UsageError."""
    said = read_those_of(run, by)
    samples = [sample for sample in run.samples if any(unit in said.labels for unit in sample.units(kind))]
    if not samples:
        other = KINDS[1 - KINDS.index(kind)]
        raise UsageError(f"{by} has labelled {other} of {shown_name(run.folder)}, and no {kind}: "
                         + ("add --steps" if other == "steps" else "leave --steps out"))
    check_place(target, run.folder, label_path(run.folder, by))
    with exporting(target) as file:
        file.writelines(json_line(prm_object(sample, kind, said, by)) for sample in samples)
    return len(samples)


def import_labels(run: Run, source: Path, by: str | None) -> dict[str, int]:
    """Take the labels of a file over, each into its labeller's own file, or all of them into that of `by`.

    Returns how many ratings were new, by labeller. What is there already is not taken twice, so that the same file may
    come again. Raises UsageError, with the line, where one is of no sample of this run; then nothing was taken.
    """
    found: dict[str, dict[Unit, Rating]] = defaultdict(dict)
    for number, solution in _solutions(source):
        try:
            found[check_name(by or solution.labeler)] |= ratings_of(solution, run.samples)
        except UsageError as error:
            raise UsageError(f"{source}, line {number}: {error}") from None
    if not found:
        raise UsageError(f"{source} has no labels: give a file in the form of PRM800K")
    with ExitStack() as stack:
        files = {name: stack.enter_context(LabelFile(run, name)) for name in found}
        new = {name: {unit: rating for unit, rating in ratings.items() if files[name].said.ratings.get(unit) != rating}
               for name, ratings in found.items()}
        for name, ratings in new.items():
            files[name].rate(ratings)
    return {name: len(ratings) for name, ratings in new.items()}


def _solutions(source: Path) -> Iterator[tuple[int, Solution]]:
    try:
        for row in jsonl_rows(source):
            if isinstance(row, BadLine):
                raise UsageError(f"{source}, line {row.line}: {row.reason}")
            number, value = row
            try:
                yield number, read_solution(value)
            except UsageError as error:
                raise UsageError(f"{source}, line {number}: {error}") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {shown_name(source)}: give labels in the form of PRM800K") from None
    except OSError as error:
        raise LocalthinkError(f"{source} cannot be read: {error.strerror}") from None


def ratings_of(solution: Solution, samples: Iterable[Sample]) -> dict[Unit, Rating]:
    """What a line says of the one sample whose texts it has. Raises UsageError where there is none, or are several."""
    matches = [(sample, units) for sample in samples if solution.key in (None, sample.key)
               and sample.question.strip() == solution.problem.strip()
               and (units := _units_of(solution, sample)) is not None]
    if not matches:
        raise UsageError("these are the steps of no sample of this run: import them into the run that they are of")
    if len(matches) > 1:
        raise UsageError(f"{len(matches)} samples of this run have these steps: only a line with the key of its "
                         "sample, as --export writes it, says which is meant")
    _, units = matches[0]
    return {unit: rating for unit, rating in zip(units, solution.ratings, strict=False) if rating is not None}


def _units_of(solution: Solution, sample: Sample) -> tuple[Unit, ...] | None:
    """The units that the line's steps are, from the first one on; None where the texts are others."""
    for kind in KINDS if solution.kind is None else (solution.kind,):
        units = sample.units(kind)[:len(solution.texts)]
        if [sample.text(unit) for unit in units] == [text.strip() for text in solution.texts]:
            return units
    return None
