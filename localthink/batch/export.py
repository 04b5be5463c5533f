"""Results as a flat table: JSON lines, CSV or Parquet.

Files are read and written a line (Parquet: a row group) at a time, so that memory stays flat. A run
may go on meanwhile; what it appends after the first reading is left out.
"""
from __future__ import annotations

import codecs
import csv
import math
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from localthink.batch.export_files import Object, checked_results, exporting
from localthink.batch.jsonlines import json_line, json_text
from localthink.batch.rows import guarded
from localthink.errors import UsageError

COLUMNS = ("id", "line", "question", "sample", "seed", "correct", "grader", "grading_failure", "finish_reason",
           "thinking", "answer", "prompt_tokens", "tokens", "thoughts", "switches", "held", "paraphrases", "seconds",
           "prompt_tokens_per_second", "tokens_per_second", "model")
ORDER = (*COLUMNS, "settings.", "key", "item.")  # with a period: all columns that begin so
ROW_GROUP = 1024


def flatten(result: Mapping[str, Any]) -> Object:
    """A result as a row: COLUMNS as far as the result has them, its settings, its key, the item's own fields.

    `thoughts` is their number; `token_ids` stay where they are. In the settings and the item, lists and
    objects are JSON text.
    """
    row = {name: result[name] for name in COLUMNS if name in result}
    row["thoughts"] = len(result["thoughts"])
    row |= {f"settings.{name}": _flat(value) for name, value in result["settings"].items()}
    row["key"] = result["key"]
    return row | {f"item.{name}": _flat(value) for name, value in result["item"].items()}


def check_form(target: Path) -> None:
    """Raise UsageError, before a night of work, where `export` could not write such a file."""
    if _writer(target) is _write_parquet:
        _pyarrow()


def _writer(target: Path) -> Callable[[Path, BinaryIO], int]:
    writers = {".jsonl": _write_jsonl, ".csv": _write_csv, ".parquet": _write_parquet}
    write = writers.get(target.suffix.lower())
    if write is None:
        raise UsageError(f"{target} does not say in which form to write: end it in .jsonl, .csv or .parquet")
    return write


def export(results: Path, target: Path) -> int:
    """Write the results to `target`, in the form that its suffix names, and say how many there were.

    In CSV and Parquet every row has the columns of all; what it lacks is empty there. A column of
    Parquet whose values are of several types is text, but for fractions among whole numbers. In CSV, texts that a
    spreadsheet would run are guarded: see `cells`.
    Raises UsageError for what cannot be a target, for lines that are no results, and where pyarrow is
    missing; LocalthinkError if a file cannot be read or written. Then `target` is as it was.
    """
    write = _writer(target)
    with exporting(target, results) as file:
        return write(results, file)


def _flat(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON knows no infinity
    return json_text(value) if isinstance(value, list | dict) else value


def _write_jsonl(results: Path, file: BinaryIO) -> int:
    return sum(1 for row in map(flatten, checked_results(results)) if file.write(json_line(row)))


def _write_csv(results: Path, file: BinaryIO) -> int:
    columns, count = _columns(results)
    writer = csv.DictWriter(codecs.getwriter("utf-8")(file, "backslashreplace"), columns)
    if columns:
        writer.writeheader()
    for row in map(flatten, islice(checked_results(results), count)):
        writer.writerow({name: _csv_cell(value) for name, value in row.items()})
    return count


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return guarded(value)
    return json_text(value) if isinstance(value, bool) else value


def _write_parquet(results: Path, file: BinaryIO) -> int:
    arrow, parquet = _pyarrow()
    kinds, count = _columns(results)
    columns = {name: _column_type(found) for name, found in kinds.items()}
    schema = arrow.schema([(_unicode(name), arrow.type_for_alias(type_)) for name, type_ in columns.items()])
    rows = map(flatten, islice(checked_results(results), count))
    with parquet.ParquetWriter(file, schema) as writer:
        while group := list(islice(rows, ROW_GROUP)):
            cells = [[_typed(row.get(name), type_) for row in group] for name, type_ in columns.items()]
            arrays = [arrow.array(column, field.type) for column, field in zip(cells, schema, strict=True)]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
    return count


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise UsageError("Parquet needs pyarrow: pip install 'localthink[parquet]', or give .jsonl or .csv") from None


def _columns(results: Path) -> tuple[dict[str, set[str]], int]:
    """The columns of all rows, in order, with the types found in each; and the number of rows."""
    types: dict[str, set[str]] = {}
    count = 0
    for result in checked_results(results):
        count += 1
        for name, value in flatten(result).items():
            types.setdefault(name, set()).update(() if value is None else (_type(value),))
    return {name: types[name] for name in sorted(types, key=_order)}, count


def _order(column: str) -> int:
    start, period, _ = column.partition(".")
    return ORDER.index(start + period)


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64" if -2**63 <= value < 2**63 else "string"
    return "float64" if isinstance(value, float) else "string"


def _column_type(found: set[str]) -> str:
    if found == {"int64", "float64"}:
        return "float64"
    return next(iter(found)) if len(found) == 1 else "string"


def _typed(value: Any, type_: str) -> object:
    if value is None or type_ in ("bool", "int64"):
        return value
    if type_ == "float64":
        return float(value)
    return _unicode(value if isinstance(value, str) else json_text(value))


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
