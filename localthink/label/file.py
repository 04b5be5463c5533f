"""The labels of one person in a run's folder: `labels-NAME.jsonl`, to which lines are only added.

The first line says of which run they are and who gives them. Each that follows is a rating, or takes the latest one
back; so what was once said stays on record. A line is on the disk before anybody is shown it.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localthink.batch.jsonlines import JsonLines, Kind, read_lines, wrong_field
from localthink.batch.manifest import now
from localthink.errors import UsageError
from localthink.files import locked
from localthink.label.labels import RATINGS, Label, Rating, Unit
from localthink.label.run import Run
from localthink.text.values import quoted
from localthink.text.visible import shown_name

FORMAT = 1
ME = "me"  # who labels where nobody says a name
RESERVED = ("oracle", "judge")  # what else labels are compared with
NAME = re.compile(r"\w[\w.-]{0,39}")
HEADER: dict[str, Kind] = {"labels": int, "run": str, "name": str, "by": str}
LABEL: dict[str, Kind] = {"key": str, "thought": int, "rating": str, "at": str}


class Said:
    """What somebody has said by now. `labels` holds the latest of each unit, in the order in which units were rated."""

    def __init__(self) -> None:
        self.labels: dict[Unit, Label] = {}
        self._before: list[tuple[Unit, Label | None]] = []  # what each rating took the place of

    def take(self, label: Label) -> None:
        self._before.append((label.unit, self.labels.pop(label.unit, None)))
        self.labels[label.unit] = label

    def take_back(self) -> Unit | None:
        """Undo the latest rating that was not undone. Returns its unit, None where there is none."""
        if not self._before:
            return None
        unit, before = self._before.pop()
        del self.labels[unit]
        if before is not None:
            self.labels[unit] = before
        return unit

    @property
    def ratings(self) -> dict[Unit, Rating]:
        return {unit: label.rating for unit, label in self.labels.items()}

    @property
    def latest(self) -> Unit | None:
        """The unit that was rated last."""
        return self._before[-1][0] if self._before else None


def check_name(by: str) -> str:
    """The name itself. Raises UsageError where it cannot be a part of a file's name."""
    if not NAME.fullmatch(by) or by.lower() in RESERVED:
        raise UsageError(f"{quoted(by)} is no name for who labels: give up to 40 letters, digits, dots and dashes, and "
                         f"not {' or '.join(RESERVED)}")
    return by


def label_path(folder: Path, by: str) -> Path:
    return folder / f"labels-{check_name(by)}.jsonl"


def labellers(folder: Path) -> list[str]:
    """Who has labelled the run in a folder."""
    return sorted(path.name.removeprefix("labels-").removesuffix(".jsonl") for path in folder.glob("labels-*.jsonl"))


def read_said(run: Run, by: str) -> Said:
    """What somebody said of a run; nothing where there is no file.

    Raises UsageError where the labels are of another run or another person, or a line is no label.
    """
    path, said = label_path(run.folder, by), Said()
    for number, line in read_lines(path):
        if number == 1:
            _check_header(path, line, run, by)
        elif line.get("undo") is True:
            said.take_back()
        else:
            said.take(_label(path, number, line))
    return said


def read_those_of(run: Run, by: str) -> Said:
    """As `read_said`, for somebody who has to have said something. Raises UsageError, naming those who did."""
    said = read_said(run, by)
    if not said.labels:
        others = ", ".join(name for name in labellers(run.folder) if name != by) or "nobody"
        raise UsageError(f"{by} has labelled nothing in {shown_name(run.folder)}; who has: {others}")
    return said


class LabelFile:
    """Labels that are being given: the file of one person, which one process at a time writes.

    Raises UsageError where another one does, and as `read_said`.
    """

    def __init__(self, run: Run, by: str) -> None:
        self.path, self.by, self._run = label_path(run.folder, by), by, run
        self._lines: JsonLines | None = None
        self._lock = locked(run.folder / f".labels-{by}.lock", UsageError(
            f"{by} is labelling {shown_name(run.folder)} in another process: close it",
            "another name with --by labels beside it"), f"{run.folder} cannot be written")
        try:
            self.said = read_said(run, by)
        except BaseException:
            self._lock.release()
            raise

    def rate(self, ratings: Mapping[Unit, Rating]) -> None:
        """Rate units; they are on the disk when this returns. Raises LocalthinkError, and then nothing is rated."""
        at = now()
        labels = [Label(unit, rating, at) for unit, rating in ratings.items()]
        self._append([label_object(label) for label in labels])
        for label in labels:
            self.said.take(label)

    def undo(self) -> Unit | None:
        """Take back the latest rating. Returns its unit, None where there is none; raises as `rate`."""
        if self.said.latest is not None:
            self._append([{"undo": True, "at": now()}])
        return self.said.take_back()

    def _append(self, objects: list[dict[str, Any]]) -> None:
        if self._lines is None:  # whoever only looks leaves no file
            self._lines = JsonLines(self.path)
        if not self._lines.size:
            objects = [{"labels": FORMAT, "run": self._run.identity, "name": self._run.name, "by": self.by}, *objects]
        self._lines.append(objects)

    def close(self) -> None:
        if self._lines is not None:
            self._lines.close()
        self._lock.release()

    def __enter__(self) -> LabelFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def label_object(label: Label) -> dict[str, Any]:
    """A line of the file; a whole thought has no `step`."""
    step = {"step": label.unit.step} if label.unit.step >= 0 else {}
    return {"key": label.unit.key, "thought": label.unit.thought, **step, "rating": label.rating, "at": label.at}


def _label(path: Path, number: int, line: Mapping[str, Any]) -> Label:
    wrong = wrong_field(line, LABEL) or wrong_field({"step": 0, **line}, {"step": int})
    if wrong is None and line["rating"] not in RATINGS:
        wrong = "rating"
    if wrong is not None:
        raise UsageError(f"{path}, line {number}, is no label: its {wrong!r} is {quoted(line.get(wrong))}: correct or "
                         "remove that line")
    return Label(Unit(line["key"], line["thought"], line.get("step", -1)), line["rating"], line["at"])


def _check_header(path: Path, line: Mapping[str, Any], run: Run, by: str) -> None:
    if wrong := wrong_field(line, HEADER):
        raise UsageError(f"{path}, line 1, does not say of which run these labels are: its {wrong!r} is "
                         f"{quoted(line.get(wrong))}: restore that line")
    if line["labels"] != FORMAT:
        raise UsageError(f"{path} has the format {quoted(line['labels'])}, and this localthink knows {FORMAT}: install "
                         "the one that wrote it")
    if line["run"] != run.identity:
        raise UsageError(f"{path} has labels of another run ({shown_name(line['name'])}; this is {run.name}): put it "
                         "back into the folder of that run, or give another name with --by")
    if line["by"] != by:
        raise UsageError(f"{path} has the labels of {quoted(line['by'])}, and not of {quoted(by)}: give --by "
                         f"{shown_name(line['by'])}, or another name")
