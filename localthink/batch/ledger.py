"""A run's folder: one process at a time writes it, and every sample is in it once."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localthink.batch.jsonlines import JsonLines, Kind, read_lines, replace_lines, wrong_field
from localthink.errors import UsageError
from localthink.files import locked
from localthink.records import CUT_OFF

RESULTS, ERRORS = "results.jsonl", "errors.jsonl"
MANIFEST, STATUS, SPOOL = "manifest.json", "status.json", "input.jsonl"
UNFINISHED, LOCK = "unfinished.jsonl", ".lock"
NEEDED: dict[str, Kind] = {
    "key": str, "id": str | int, "sample": int, "line": int, "tokens": int, "held": int | float, "settings": dict}
ERROR_FIELDS: dict[str, Kind] = {
    "line": int | None, "sample": int | None, "key": str | None, "kind": str, "error": str}


@dataclass(slots=True)
class Tally:
    """Sums over the results of a run."""

    samples: int = 0
    tokens: int = 0
    held: float = 0.0
    cut_off: int = 0
    graded: int = 0
    correct: int = 0

    def add(self, result: Mapping[str, Any]) -> None:
        self.samples += 1
        self.tokens += result["tokens"]
        self.held += result["held"]
        self.cut_off += result.get("finish_reason") in CUT_OFF
        if "correct" in result:
            self.graded += 1
            self.correct += bool(result["correct"])


class Ledger:
    """Takes the lock on `folder`, which is made where there is none, and reads what is in it.

    `done` holds the keys of the results, `given_up` those of the samples that the engine did not
    survive; `torn` counts dropped last lines. Raises UsageError where the folder is in use, is no
    folder, or holds a line that is no result.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)
        self._lock = locked(folder / LOCK, UsageError(
            f"another process is writing {folder}: wait for it, or give another folder (localthink status {folder} "
            "shows how far it is)"), f"{folder} cannot be locked")
        try:
            self._results, self._errors = JsonLines(folder / RESULTS), JsonLines(folder / ERRORS)
            self.torn = bool(self._results.torn) + bool(self._errors.torn)
            self.done: set[bytes] = set()
            self.tally = Tally()
            for number, result in read_lines(folder / RESULTS):
                self._know(number, result)
            self._reported: set[tuple[Any, ...]] = set()
            self.given_up: set[bytes] = set()
            self.errors = 0
            for number, line in read_lines(folder / ERRORS):
                self._count_error(line, error_key(folder / ERRORS, number, line))
        except BaseException:
            self._lock.release()
            raise

    def _know(self, number: int, result: dict[str, Any]) -> None:
        key = checked_key(self.folder / RESULTS, number, result)
        if key in self.done:
            raise UsageError(f"{self.folder / RESULTS}, line {number}, has the key {result['key']} of a line before "
                             "it: remove one of the two")
        self.done.add(key)
        self.tally.add(result)

    def __contains__(self, key: str) -> bool:
        return bytes.fromhex(key) in self.done

    def has(self, key: str, retry_errors: bool = False) -> bool:
        """Whether nothing is to be done for this key any more."""
        name = bytes.fromhex(key)
        return name in self.done or (name in self.given_up and not retry_errors)

    def append(self, results: Sequence[dict[str, Any]]) -> None:
        """Add results; they count, and are in `done`, when this returns."""
        self._results.append(results)
        for result in results:
            self.done.add(bytes.fromhex(result["key"]))
            self.tally.add(result)

    def replace_input_errors(self, errors: Sequence[dict[str, Any]]) -> None:
        """The bad lines of the input as it is now, in place of those that were found before.

        What the engine did not survive stays, unless it has been done since.
        """
        path = self.folder / ERRORS
        kept = [error for number, error in read_lines(path)
                if (key := error_key(path, number, error)) is not None and key not in self.done]
        replace_lines(path, [*errors, *kept], self._errors)
        self._errors = JsonLines(path)
        self._reported, self.given_up, self.errors = set(), set(), 0
        for error in (*errors, *kept):
            self._count_error(error, error_key(path, 0, error))

    def append_errors(self, errors: Sequence[dict[str, Any]]) -> None:
        """Add errors, but for those that are known from before."""
        new = {_identity(error): error for error in reversed(errors) if _identity(error) not in self._reported}
        added = list(reversed(new.values()))
        self._errors.append(added)
        for error in added:
            self._count_error(error, error_key(self.folder / ERRORS, 0, error))

    def _count_error(self, error: Mapping[str, Any], key: bytes | None) -> None:
        self._reported.add(_identity(error))
        self.errors += 1
        if key is not None:
            self.given_up.add(key)

    def close(self) -> None:
        """Let others write the folder; one that nothing was written into is taken away."""
        self._results.close()
        self._errors.close()
        empty = not (self.done or self.errors or (self.folder / MANIFEST).exists())
        if empty:
            _remove_traces(self.folder)
        self._lock.release()
        if empty:
            with suppress(OSError):  # it holds something else, or somebody has begun to use it
                self.folder.rmdir()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{folder} is not a folder: give another one with -o") from None
    except OSError as error:
        raise UsageError(f"the folder {folder} cannot be made: {error.strerror}") from None


def _remove_traces(folder: Path) -> None:
    """Take away what a run that never began has left in its folder, while its lock is held.

    Its lock goes last: from then on the folder is another's. (Windows removes no open file; there it goes as it is
    released.)
    """
    for name in (RESULTS, ERRORS, STATUS, LOCK):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def checked_key(path: Path, number: int, result: Mapping[str, Any]) -> bytes:
    """The key of a result. Raises UsageError, with the line's number, where it is not one that localthink wrote."""
    wrong = wrong_field(result, NEEDED)
    if wrong is None and not isinstance(result["settings"].get("n"), int):
        wrong = "settings"
    if wrong is None:
        try:
            return bytes.fromhex(result["key"])
        except ValueError:
            wrong = "key"
    raise UsageError(f"{path}, line {number}, is not a result: its {wrong!r} is {result.get(wrong)!r}: "
                     "correct or remove that line")


def error_key(path: Path, number: int, error: Mapping[str, Any]) -> bytes | None:
    """The key of a sample that was given up; None of another error. Raises UsageError as `checked_key` does."""
    wrong = wrong_field(error, ERROR_FIELDS)
    if wrong is None:
        try:
            return bytes.fromhex(error["key"]) if error["kind"] == "engine" else None
        except (ValueError, KeyError, TypeError):
            wrong = "key"
    raise UsageError(f"{path}, line {number}, is not an error that localthink wrote: its {wrong!r} is "
                     f"{error.get(wrong)!r}: correct or remove that line")


def _identity(error: Mapping[str, Any]) -> tuple[Any, ...]:
    """A line, or a sample of it, is reported once: another reading may word the same trouble otherwise."""
    return (error.get("kind"), error.get("line"), error.get("sample"))
