"""An append-only file of JSON objects, one a line, that survives whatever happens to its writer.

A line counts once it is on the disk with its newline. Reading drops a last line without one: it was
being written when the power went, or the process.
"""
from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import UnionType
from typing import Any

from localthink.errors import LocalthinkError, UsageError
from localthink.files import replacing, sync_folder

Kind = type | UnionType  # what isinstance takes
SAFE = "what was written before is safe; make room and give the same command again"


class JsonLines:
    """Opens `path` for appending, and cuts off a torn last line; `torn` says how many bytes that took."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # unbuffered: what a full disk refused would wait in a buffer, and be written at the wrong time
            self._file: FileIO = path.open("r+b" if path.exists() else "x+b", buffering=0)
            self._size, self.torn = _whole(self._file)
            if self.torn:
                self._file.truncate(self._size)
        except OSError as error:
            raise LocalthinkError(f"{path} cannot be written: {error.strerror}") from None
        sync_folder(path.parent)

    @property
    def size(self) -> int:
        """Bytes of all whole lines."""
        return self._size

    def append(self, objects: Sequence[dict[str, Any]]) -> None:
        """Add the objects; when this returns they are on the disk. On failure none of them is, and nothing is torn."""
        if not objects:
            return
        data = b"".join(map(json_line, objects))
        try:
            self._file.seek(self._size)
            left = memoryview(data)
            while left:
                left = left[self._file.write(left):]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._take_back()
            raise LocalthinkError(f"{self.path} cannot be written: {error.strerror}: {SAFE}") from None
        self._size += len(data)

    def _take_back(self) -> None:
        """Cut off what a failed write left; the next opening would, too."""
        with suppress(OSError):
            self._file.truncate(self._size)

    def close(self) -> None:
        self._file.close()


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The whole lines of a file as (number from 1, object); none where there is no file.

    Raises UsageError, with the number, at a line that is not a JSON object.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):  # being written, or torn; what follows would be its other half
                    return
                yield number, _object(path, number, line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LocalthinkError(f"{path} cannot be read: {error.strerror}") from None


def replace_lines(path: Path, objects: Sequence[dict[str, Any]], opened: JsonLines) -> None:
    """Put other lines in place of all of `path`, which `opened` has open and closes; either the old or the new stay."""
    try:
        with replacing(path) as file:
            file.writelines(map(json_line, objects))
            file.flush()
            opened.close()  # Windows replaces no file that is open
    except OSError as error:
        raise LocalthinkError(f"{path} cannot be written: {error.strerror}: {SAFE}") from None


def json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def json_line(value: dict[str, Any]) -> bytes:
    """A line of JSON; half a surrogate pair, which UTF-8 cannot hold, is escaped as JSON escapes it."""
    return json_text(value).encode("utf-8", "backslashreplace") + b"\n"


def wrong_field(value: Mapping[str, Any], fields: Mapping[str, Kind]) -> str | None:
    """The first of `fields` that is not of its type in `value`; None where all are."""
    return next((name for name, kind in fields.items() if not isinstance(value.get(name), kind)), None)


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}, line {number}, is not JSON ({error}): correct or remove that line") from None
    if not isinstance(value, dict):
        raise UsageError(f"{path}, line {number}, is not a JSON object: correct or remove that line")
    return value


def _whole(file: FileIO) -> tuple[int, int]:
    """Where the last newline ends, and how many bytes follow it."""
    end = position = file.seek(0, os.SEEK_END)
    while position:
        start = max(0, position - 65536)
        file.seek(start)
        found = file.read(position - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1, end - start - found - 1
        position = start
    return 0, end
