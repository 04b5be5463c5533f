"""What judges have said of a run, kept beside its results: nothing is judged twice, and nothing that was is lost."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from localthink.batch.jsonlines import JsonLines, Kind, read_lines, wrong_field
from localthink.errors import UsageError
from localthink.files import locked
from localthink.judge.interface import Case, Judgement
from localthink.text.values import quoted
from localthink.text.visible import shown_name

JUDGEMENTS, LOCK = "judgements.jsonl", ".judgements.lock"
FIELDS: dict[str, Kind] = {"key": str, "kind": str, "judge": dict, "probability": int | float | None}
DIGITS = 8  # of a digest, where a person reads it


@dataclass(frozen=True, slots=True)
class JudgeIdentity:
    """Two judgements are of one judge where all of this is the same: its name, and the digests of its file and of the
    prompt for their kind.
    """

    name: str
    model: str
    prompt: str

    def __str__(self) -> str:
        return f"{self.name} ({self.model[:DIGITS]}, prompt {self.prompt[:DIGITS]})"


@dataclass(frozen=True, slots=True)
class Judged:
    """A line of the file: who said what of the case of that key."""

    key: str
    kind: str
    judge: JudgeIdentity
    judgement: Judgement


def read_judgements(folder: Path) -> Iterator[Judged]:
    """All that were kept of the run in this folder. Raises UsageError at a line that is none."""
    path = folder / JUDGEMENTS
    for number, line in read_lines(path):
        wrong = wrong_field(line, FIELDS)
        if wrong is None and not all(isinstance(line["judge"].get(name), str) for name in JudgeIdentity.__slots__):
            wrong = "judge"
        if wrong is None and line["probability"] is not None and not 0 <= line["probability"] <= 1:
            wrong = "probability"
        if wrong is not None:
            raise UsageError(f"{path}, line {number}, is no judgement: its {wrong!r} is {line.get(wrong)!r}: "
                             "correct or remove that line")
        yield _judged(line)


def _judged(line: Mapping[str, Any]) -> Judged:
    identity = JudgeIdentity(*(line["judge"][name] for name in JudgeIdentity.__slots__))
    judgement = Judgement(line["probability"], str(line.get("failure", "")), int(line.get("cut", 0)),
                          int(line.get("room", 0)))
    return Judged(line["key"], line["kind"], identity, judgement)


def said_by(folder: Path, judge: JudgeIdentity) -> dict[str, Judgement]:
    """What one judge has said of the run in this folder, by the keys of its cases."""
    return {each.key: each.judgement for each in read_judgements(folder) if each.judge == judge}


def find_judge(runs: Sequence[Path], kind: str, part: str = "") -> JudgeIdentity:
    """The one judge, with this part in its name or digests, that has judged cases of a kind in one of these runs.

    Raises UsageError where there is none, or there are several.
    """
    found = [judge for judge in judges_of(runs, kind) if part in str(judge)]
    if not found:
        of = f" by a judge called {quoted(part)}" if part else ""
        raise UsageError(f"no {kind}s of {shown_name(runs[0])} were judged{of}: localthink judge --kind {kind} does "
                         "that")
    if len(found) > 1:
        raise UsageError(f"the {kind}s of {shown_name(runs[0])} were judged by {' and by '.join(map(str, found))}: say "
                         "which, as judge:NAME, with a part of one that the others have not")
    return found[0]


def judges_of(runs: Sequence[Path], kind: str) -> list[JudgeIdentity]:
    """Whoever has judged cases of a kind in one of these runs."""
    return list(dict.fromkeys(each.judge for run in runs for each in read_judgements(run) if each.kind == kind))


class Judgements:
    """The file of one run, open for one judge; use it in a `with`. `said` is what that judge has said by case.

    Raises UsageError where another process judges the same run.
    """

    def __init__(self, folder: Path, judge: JudgeIdentity) -> None:
        self._judge = judge
        self._lock = locked(folder / LOCK, UsageError(f"another process is judging {shown_name(folder)}: wait for it"),
                            f"{shown_name(folder)} cannot be locked")
        try:
            self._file = JsonLines(folder / JUDGEMENTS)
            self.said = said_by(folder, judge)
        except BaseException:
            self._lock.release()
            raise

    def append(self, judged: Sequence[tuple[Case, Judgement]]) -> None:
        """Keep judgements; they are on the disk when this returns. What was said before already is not kept twice."""
        self._file.append([_line(case, judgement, self._judge) for case, judgement in judged
                           if self.said.get(case.key) != judgement])
        self.said |= {case.key: judgement for case, judgement in judged}

    def close(self) -> None:
        self._file.close()
        self._lock.release()

    def __enter__(self) -> Judgements:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


def _line(case: Case, judgement: Judgement, judge: JudgeIdentity) -> dict[str, Any]:
    line: dict[str, Any] = {"key": case.key, "kind": case.kind, "judge": asdict(judge),
                            "probability": judgement.probability}
    if judgement.failure:
        line["failure"] = judgement.failure
    if judgement.cut:
        line |= {"cut": judgement.cut, "room": judgement.room}
    return line
