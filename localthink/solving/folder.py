"""The folder that keeps the solutions of a file's questions: one process at a time writes it, a line for each question.

A line is on the disk before its question counts as solved, so that whatever ends a run, the next goes on behind it. A
folder that was begun with some settings is not continued with others.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from localthink.batch import manifest as manifests
from localthink.batch.items import Item
from localthink.batch.jsonlines import JsonLines, read_lines
from localthink.batch.ledger import LOCK, MANIFEST, make_folder
from localthink.batch.settings import result_key
from localthink.errors import UsageError
from localthink.files import locked
from localthink.gguf.header import read_facts
from localthink.solving.solution import Solution

SOLUTIONS = "solutions.jsonl"


class SolveFolder:
    """Takes the lock on a folder, which is made where there is none; use it in a `with`.

    `settings` are all that decides a solution, beside the `model` file and the question: a question that is added to
    the file later changes no other. Raises UsageError where another process writes the folder, where it holds something
    else, and where it was begun with other settings, with the difference.
    """

    def __init__(self, path: Path, model: Path, settings: Mapping[str, Any]) -> None:
        self.path, facts = path, read_facts(model)
        make_folder(path)
        self._lock = locked(path / LOCK, UsageError(f"another process is writing {path}: wait, or give another folder "
                                                    "with -o"), f"{path} cannot be locked")
        try:
            old = manifests.read_manifest(path)
            if old is None and (path / SOLUTIONS).exists():
                raise UsageError(f"{path / SOLUTIONS} has no {MANIFEST} beside it: restore it, or give another folder "
                                 "with -o")
            if old is not None and not isinstance(old["settings"].get("strategy"), str):
                raise UsageError(f"{path} holds a run and no solutions: give another folder with -o")
            self._model = manifests.model_record(facts, old["model"] if old else {})
            new = {"format": manifests.FORMAT, "created": manifests.now(), "sessions": [], "model": self._model,
                   "data": {"sha256": None}, "settings": {**settings, "markers_sha256": manifests.markers_sha256()}}
            if old is None:
                manifests.write_json(path / MANIFEST, new)
            else:
                manifests.check_same(old, new, path, extend=False)
            self._lines = JsonLines(path / SOLUTIONS)
            self._solutions = {_key(path, number, line): line for number, line in read_lines(path / SOLUTIONS)}
        except BaseException:
            self._lock.release()
            raise

    def key(self, item: Item) -> str:
        """The name of an item's solution: it stays whatever stands on other lines of the file."""
        return result_key(item.id, item.content, 0, item.settings, {"model": self._model["sha256"]})

    def __contains__(self, item: Item) -> bool:
        return self.key(item) in self._solutions

    def add(self, item: Item, solution: Solution) -> None:
        """The solution of an item is on the disk when this returns."""
        line = {"key": self.key(item), "id": item.id if item.own_id is None else item.own_id, "line": item.line,
                **solution.as_object()}
        self._lines.append([line])
        self._solutions[line["key"]] = line

    def read(self, items: Sequence[Item]) -> list[Mapping[str, Any]]:
        """The solutions of these items that there are, as JSON, in their order."""
        return [self._solutions[key] for item in items if (key := self.key(item)) in self._solutions]

    def close(self) -> None:
        self._lines.close()
        self._lock.release()

    def __enter__(self) -> SolveFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


def _key(folder: Path, number: int, line: Mapping[str, Any]) -> str:
    key = line.get("key")
    if not isinstance(key, str) or not isinstance(line.get("answers"), list) or not isinstance(line.get("tokens"), int):
        raise UsageError(f"{folder / SOLUTIONS}, line {number}, is no solution: correct or remove that line")
    return key
