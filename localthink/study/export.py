"""Every sample of a study as a row of one flat table: what a statistics program wants to read."""
from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from localthink.batch.export import check_form
from localthink.batch.export_files import exporting
from localthink.batch.rows import guarded
from localthink.errors import UsageError
from localthink.generation import FIELDS, field_of, json_number
from localthink.study.folder import StudyFolder
from localthink.study.samples import Sample, read_samples
from localthink.study.spec import SETS, SetName, Study

FORMS = (".jsonl", ".csv", ".parquet")
LOGS = (".eval", ".json")  # which are written by `inspect_log`


def rows(study: Study, folder: StudyFolder) -> Iterator[dict[str, Any]]:
    """One row a sample, of all models and sets; thoughts are counted, and the fields of its setting are columns."""
    for model in study.models:
        for name in SETS:
            if (results := folder.results(model, name)).is_file():
                yield from (_row(study, model, name, sample) for sample in read_samples(results))


def _row(study: Study, model: str, name: SetName, sample: Sample) -> dict[str, Any]:
    generation = study.cell(sample.cell).generation
    settings = {field: _plain(field_of(generation, field)) for field in FIELDS}
    return {"model": model, "set": name, "problem": sample.problem, "level": sample.level, "setting": sample.cell,
            "sample": sample.number, "seed": sample.seed, "outcome": sample.outcome, "right": sample.right,
            "tokens": sample.tokens, "thinking_tokens": sample.thinking, "answer_tokens": sample.answer,
            "thoughts": len(sample.thoughts), "switches": sample.switches, "paraphrases": sample.paraphrases,
            "held": sample.held, "waits": sample.waits, "right_thoughts": _right_thoughts(sample),
            "seconds": sample.seconds,
            "grading_failure": sample.failure, **settings, "key": sample.key}


def _right_thoughts(sample: Sample) -> int | None:
    """How many of its thoughts are right, None where one of them could not be judged."""
    if any(thought.right is None for thought in sample.thoughts):
        return None
    return sum(bool(thought.right) for thought in sample.thoughts)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return "|".join(map(str, value))
    return json_number(value) if isinstance(value, float) else value


def export_study(study: Study, folder: StudyFolder, target: Path) -> int:
    """Write the table to a .csv, .parquet or .jsonl file and say how many rows it has. Raises UsageError."""
    if target.suffix.lower() not in FORMS:
        raise UsageError(f"{target} does not say in which form to write: end it in {', '.join((*FORMS, *LOGS))}")
    check_form(target)
    found = list(rows(study, folder))
    if not found:
        raise UsageError(f"{study.name} has no samples in {folder.path}: run it first")
    with exporting(target) as file:
        if target.suffix.lower() == ".parquet":
            arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
            parquet.write_table(arrow.table({name: _column([row[name] for row in found]) for name in found[0]}), file)
        elif target.suffix.lower() == ".csv":
            file.write(_csv(found).encode("utf-8", "backslashreplace"))
        else:
            file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found).encode())
    return len(found)


def _column(values: list[Any]) -> list[Any]:
    """One type a column: numbers, or texts where one of them is a text ("inf")."""
    if any(isinstance(value, str) for value in values):
        return [None if value is None else str(value) for value in values]
    return values


def _csv(found: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, found[0])
    writer.writeheader()
    for row in found:
        writer.writerow({name: guarded(value) if isinstance(value, str) else value for name, value in row.items()})
    return text.getvalue()
