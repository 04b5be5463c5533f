"""Results in other forms: a flat table as JSON lines, CSV or Parquet, and OpenAI's batch output.

Files are read and written a line (Parquet: a row group) at a time, so that memory stays flat. A run
may go on meanwhile; what it appends after the first reading is left out.
"""
from __future__ import annotations

import codecs
import csv
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, BinaryIO

from localthink.batch.jsonlines import read_lines
from localthink.errors import LocalthinkError, UsageError

COLUMNS = ("id", "line", "sample", "seed", "correct", "grader", "finish_reason", "thinking", "answer",
           "prompt_tokens", "tokens", "thoughts", "switches", "held", "seconds", "prompt_tokens_per_second",
           "tokens_per_second", "model")
ORDER = (*COLUMNS, "settings.", "key", "item.")  # with a period: all columns that begin so
ROW_GROUP = 1024
RESULT = {"key": str, "id": str | int, "sample": int, "line": int, "model": str, "prompt_tokens": int, "tokens": int,
          "thinking": str, "answer": str, "finish_reason": str, "thoughts": list, "settings": dict, "item": dict}
ERROR = {"line": int, "kind": str, "error": str}

Object = dict[str, Any]
Place = tuple[int, str]  # of an item: its line in the input, its id as JSON


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


def check_target(target: Path) -> None:
    """Raise UsageError, before a night of work, where `export` could not write there."""
    if _writer(target) is _write_parquet:
        _pyarrow()
    check_folder(target)


def check_folder(target: Path) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}: make it, or export to another")


def _writer(target: Path) -> Callable[[Path, BinaryIO], int]:
    writers = {".jsonl": _write_jsonl, ".csv": _write_csv, ".parquet": _write_parquet}
    write = writers.get(target.suffix.lower())
    if write is None:
        raise UsageError(f"{target} does not say in which form to write: end it in .jsonl, .csv or .parquet")
    return write


def export(results: Path, target: Path) -> int:
    """Write the results to `target`, in the form that its suffix names, and say how many there were.

    In CSV and Parquet every row has the columns of all; what it lacks is empty there. A column of
    Parquet whose values are of several types is text, but for fractions among whole numbers.
    Raises UsageError for what cannot be a target, for lines that are no results, and where pyarrow is
    missing; LocalthinkError if a file cannot be read or written. Then `target` is as it was.
    """
    write = _writer(target)
    with _replacing(target, results) as file:
        return write(results, file)


def export_openai(results: Path, errors: Path, target: Path, completed: int) -> int:
    """Write OpenAI's batch output, one line an item in the order of the input, and say how many there were.

    `completed` is when the run ended, in seconds since 1970. Where a sample has two results, the later
    counts. An item in `errors`, a file that need not exist, has a line if it has no result at all.
    Raises what `export` raises.
    """
    with _replacing(target, results, errors) as file:
        samples = _samples(results)
        failures = {(error["line"], _text(error.get("id"))): error for error in _checked(errors, ERROR)}
        known = samples.keys() | {(line, "null") for line, _ in samples}  # a line once without an id, since mended
        places = sorted(samples.keys() | (failures.keys() - known))
        with results.open("rb") as source:
            for place in places:
                found = [_at(source, offset) for offset in samples.get(place, ())]
                file.write(_line(_completed(found, completed) if found else _failed(failures[place])))
    return len(places)


def _results(path: Path) -> Iterator[Object]:
    if not path.is_file():
        raise UsageError(f"there is no file {path}: give the results of a run")
    return _checked(path, RESULT)


def _checked(path: Path, fields: Mapping[str, type | UnionType]) -> Iterator[Object]:
    for number, value in read_lines(path):
        wrong = next((name for name, kind in fields.items() if not isinstance(value.get(name), kind)), None)
        if wrong:
            raise UsageError(f"{path}, line {number}, has no {wrong!r} that can be used: mend or remove that line")
        yield value


def _flat(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON knows no infinity
    return _text(value) if isinstance(value, list | dict) else value


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(value: Object) -> bytes:
    """A line of JSON; half a surrogate pair, which UTF-8 cannot hold, is escaped as JSON escapes it."""
    return _text(value).encode("utf-8", "backslashreplace") + b"\n"


@contextmanager
def _replacing(target: Path, *sources: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `target` once it is whole; if anything fails before that, nothing has changed."""
    try:
        real = Path(os.path.realpath(target))
        if real.exists() and not real.is_file():
            raise UsageError(f"{target} is {'a folder' if real.is_dir() else 'not a file'}: give the name of a file")
        if real.exists() and any(source.exists() and real.samefile(source) for source in sources):
            raise UsageError(f"{target} is what is exported: give another name")
        part = real.with_name(f".{real.name}.{os.getpid()}")
        try:
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(real)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise LocalthinkError(f"{target} cannot be written: {error.strerror or error}") from None


def _write_jsonl(results: Path, file: BinaryIO) -> int:
    return sum(1 for row in map(flatten, _results(results)) if file.write(_line(row)))


def _write_csv(results: Path, file: BinaryIO) -> int:
    columns, count = _columns(results)
    writer = csv.DictWriter(codecs.getwriter("utf-8")(file, "backslashreplace"), columns)
    if columns:
        writer.writeheader()
    for row in map(flatten, islice(_results(results), count)):
        writer.writerow({name: _text(value) if isinstance(value, bool) else value for name, value in row.items()})
    return count


def _write_parquet(results: Path, file: BinaryIO) -> int:
    arrow, parquet = _pyarrow()
    kinds, count = _columns(results)
    columns = {name: _column_type(found) for name, found in kinds.items()}
    schema = arrow.schema([(_unicode(name), arrow.type_for_alias(type_)) for name, type_ in columns.items()])
    rows = map(flatten, islice(_results(results), count))
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
    for result in _results(results):
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
    return _unicode(value if isinstance(value, str) else _text(value))


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _samples(results: Path) -> dict[Place, list[int]]:
    """Where in the file the results of each item begin, in bytes."""
    found: dict[Place, list[int]] = {}
    objects, offset = _results(results), 0
    with results.open("rb") as file:
        for result, line in zip(objects, file, strict=False):
            found.setdefault((result["line"], _text(result["id"])), []).append(offset)
            offset += len(line)
    return found


def _at(source: BinaryIO, offset: int) -> Object:
    source.seek(offset)
    result: Object = json.loads(source.readline())
    return result


def _completed(results: list[Object], completed: int) -> Object:
    ordered = [result for _, result in sorted({result["sample"]: result for result in results}.items())]
    first, tokens = ordered[0], sum(result["tokens"] for result in ordered)
    body = {
        "id": f"chatcmpl-{first['key']}", "object": "chat.completion", "created": completed, "model": first["model"],
        "choices": [_choice(result) for result in ordered],
        "usage": {"prompt_tokens": first["prompt_tokens"], "completion_tokens": tokens,
                  "total_tokens": first["prompt_tokens"] + tokens},
    }
    return {"id": f"batch_req_{first['key'][:24]}", "custom_id": str(first["id"]),
            "response": {"status_code": 200, "request_id": first["key"], "body": body}, "error": None}


def _choice(result: Object) -> Object:
    message = {"role": "assistant", "content": result["answer"], "reasoning_content": result["thinking"]}
    return {"index": result["sample"], "message": message, "logprobs": None, "finish_reason": result["finish_reason"]}


def _failed(error: Object) -> Object:
    own = error.get("id")
    custom_id = f"line-{error['line']}" if own is None else own if isinstance(own, str) else _text(own)
    name = hashlib.sha256(_line({"line": error["line"], "id": own})).hexdigest()[:24]
    return {"id": f"batch_req_{name}", "custom_id": custom_id, "response": None,
            "error": {"code": error["kind"], "message": error["error"]}}
