"""What every export has in common: results read with care, and a file that is replaced as a whole."""
from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from localthink.batch.jsonlines import Kind, read_lines, wrong_field
from localthink.batch.ledger import ERRORS, LOCK, MANIFEST, RESULTS, SPOOL, STATUS, UNFINISHED
from localthink.errors import LocalthinkError, UsageError
from localthink.files import replacing

RESULT = {"key": str, "id": str | int, "sample": int, "line": int, "model": str, "prompt_tokens": int, "tokens": int,
          "thinking": str, "answer": str, "finish_reason": str, "thoughts": list, "settings": dict, "item": dict}
ERROR = {"line": int, "kind": str, "error": str}

Object = dict[str, Any]


def checked_results(path: Path) -> Iterator[Object]:
    if not path.is_file():
        raise UsageError(f"there is no file {path}: give the results of a run")
    return checked_lines(path, RESULT)


def checked_lines(path: Path, fields: Mapping[str, Kind]) -> Iterator[Object]:
    for number, value in read_lines(path):
        if wrong := wrong_field(value, fields):
            raise UsageError(f"{path}, line {number}, has no {wrong!r} that can be used: correct or remove that line")
        yield value


@contextmanager
def exporting(target: Path, *sources: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `target` once it is whole; if anything fails before that, nothing has changed."""
    try:
        real = Path(os.path.realpath(target))
        if real.exists() and not real.is_file():
            raise UsageError(f"{target} is {'a folder' if real.is_dir() else 'not a file'}: give the name of a file")
        if real.exists() and any(source.exists() and real.samefile(source) for source in sources):
            raise UsageError(f"{target} is what is exported: give another name")
        with replacing(real) as file:
            yield file
    except OSError as error:
        raise LocalthinkError(f"{target} cannot be written: {error.strerror or error}") from None


def check_place(target: Path, folder: Path, source: Path | None = None) -> None:
    """Raise UsageError where an export would take the place of what a run in `folder` lives on, or has no folder."""
    precious = [folder / name for name in (RESULTS, ERRORS, MANIFEST, STATUS, SPOOL, UNFINISHED, LOCK)]
    real = Path(os.path.realpath(target))
    if any(real == Path(os.path.realpath(path)) for path in (*precious, *([source] if source else []))):
        raise UsageError(f"{target} belongs to the run: give another name to export to")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}: make it, or export to another")
