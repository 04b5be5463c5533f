"""The problems of a study: made, or read from a table, each with a question and an answer that is known."""
from __future__ import annotations

import fnmatch
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localthink.batch.hub_file import SCHEME
from localthink.batch.items import FIRST, SECOND, BadLine, read_item
from localthink.batch.settings import Settings
from localthink.batch.sources import STANDARD_INPUT, data_sha256, find_source, read_rows
from localthink.errors import UsageError
from localthink.grade.grading import ANSWERS, known_answer
from localthink.grade.options import FIELDS
from localthink.study.countdown import held_out, solvable_puzzles
from localthink.study.spec import COUNTDOWN, DataSet, Study
from localthink.text.values import json_sha256, quoted
from localthink.text.visible import shown_name

ASKING = (*SECOND, *FIRST)  # where a table has several, the bare question is taken
IDS = ("id", "unique_id")
OPTION_COLUMNS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")  # GPQA's
GPQA_QUESTION = "Question"
KEPT = (*ANSWERS, *FIELDS, "target", "numbers", "nums")  # what answers are graded by
TAKEN = 12  # hexadecimal digits of a digest that is an id


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` is what a batch's line asks and carries (the question, and what its answer is graded by)."""

    id: str
    line: Mapping[str, Any]
    level: str = ""


@dataclass(frozen=True, slots=True)
class Problems:
    """The problems of one set, in the order in which they are run; `sha256` is of the data that they come from."""

    problems: tuple[Problem, ...]
    sha256: str
    revision: str | None = None  # the commit of a data set on the Hub


def read_problems(study: Study, data: DataSet, revision: str | None = None) -> Problems:
    """The problems of one set, in an order that the study's seed decides.

    Raises UsageError where there are none or too few, where one has no known answer, and for ids that come twice.
    """
    if data.source == COUNTDOWN:
        problems = _puzzles(data, study.seed)
        return Problems(problems, json_sha256([dict(problem.line) for problem in problems]))
    if data.source == STANDARD_INPUT:
        raise UsageError("a study cannot read its problems from standard input: give a file, it is read again")
    path = data.source if data.source.startswith(SCHEME) else str(study.folder / Path(data.source).expanduser())
    source = find_source(path, Path(), revision)
    name = shown_name(data.source)
    rows = _rows(read_rows(source, _asking(data)), name)
    found = [_problem(row, line, data, name) for line, row in rows if _wanted(row, data)]
    if not found:
        kept = ", ".join(f"{key} {list(values)}" for key, values in data.only)
        raise UsageError(f"{name} has no problem" + (f" with {kept}" if kept else ""))
    _check_ids(found, name)
    if data.items is not None and data.items > len(found):
        raise UsageError(f"{name} has {len(found):,} problems, and {data.items:,} are asked for: give items = "
                         f"{len(found)} or fewer")
    drawn = random.Random(study.seed).sample(found, data.items or len(found))
    return Problems(tuple(drawn), data_sha256(source), source.revision)


def check_apart(choose: Iterable[Problem], test: Iterable[Problem]) -> None:
    """Raise UsageError where a problem is in both sets: a setting would be tested on what it was chosen by."""
    asked = {_asked(problem): problem.id for problem in choose}
    both = [problem.id for problem in test if _asked(problem) in asked]
    if both:
        raise UsageError(f"{len(both):,} problems are in [choose] and in [test], the first is {quoted(both[0])}: "
                         "a setting must not be tested on what it was chosen by")


def _asked(problem: Problem) -> str:
    asked = next(problem.line[name] for name in ASKING if name in problem.line)
    return " ".join(asked.split()) if isinstance(asked, str) else json_sha256(asked)


def _puzzles(data: DataSet, seed: int) -> tuple[Problem, ...]:
    assert data.items is not None, "a set of puzzles says how many"
    there = len(solvable_puzzles(data.split, data.numbers))
    if data.items > there:
        raise UsageError(f"there are {there:,} puzzles of {data.numbers} numbers in the split {data.split!r}, and "
                         f"{data.items:,} are asked for")
    return tuple(Problem("-".join(map(str, puzzle.numbers)) + f"-makes-{puzzle.target}",
                         {"question": puzzle.question, "numbers": list(puzzle.numbers), "target": puzzle.target})
                 for puzzle in held_out(data.split, data.items, seed, data.numbers))


def _asking(data: DataSet) -> tuple[str, ...]:
    """The columns of a table of which one has to be there."""
    return (*ASKING, GPQA_QUESTION, *(theirs for ours, theirs in data.rows if ours == "question"))


def _rows(rows: Iterable[tuple[int, object] | BadLine], name: str) -> Iterable[tuple[int, dict[str, Any]]]:
    for row in rows:
        if isinstance(row, BadLine):
            raise UsageError(f"{name}, line {row.line}: {row.reason}")
        if not isinstance(row[1], dict):
            raise UsageError(f"{name}, line {row[0]}, is {quoted(row[1])}: give an object")
        yield row[0], row[1]


def _wanted(row: Mapping[str, Any], data: DataSet) -> bool:
    """Whether each field of `only` has one of its values; in texts, * stands for anything."""
    return all(any(_same(row.get(key), value) for value in values) for key, values in data.only)


def _same(held: object, value: object) -> bool:
    if isinstance(held, str) and isinstance(value, str):
        return fnmatch.fnmatchcase(held, value)
    return str(held) == str(value)  # a level may be 5 in one form of the data and "5" in another


def _problem(row: Mapping[str, Any], line: int, data: DataSet, name: str) -> Problem:
    fields = dict(row)
    for ours, theirs in data.rows:
        if theirs not in fields:
            raise UsageError(f"{name}, line {line}, has no field {quoted(theirs)}, which [rows] names for {ours}")
        fields[ours] = fields.pop(theirs)
    if all(column in fields for column in OPTION_COLUMNS):
        fields = _with_options(fields)
    asking = next((field for field in ASKING if fields.get(field) is not None), None)
    if asking is None:
        raise UsageError(f"{name}, line {line}, asks nothing: name the field that does, as rows.question = \"...\"")
    own = next((str(fields[field]) for field in IDS if fields.get(field) not in (None, "")), None)
    kept = {field: value for field, value in fields.items() if field == asking or field.lower() in KEPT}
    if known_answer(kept) is None and "solution" in fields:
        kept["solution"] = fields["solution"]
    read = read_item(kept, line, Settings())
    if isinstance(read, BadLine):
        raise UsageError(f"{name}, line {line}: {read.reason}")
    if known_answer(kept) is None:
        raise UsageError(f"{name}, line {line}, has no answer that its samples could be graded by: a study takes "
                         "problems with known answers; name the field that has it, as rows.answer = \"...\"")
    level = fields.get("level")
    return Problem(own or json_sha256(kept[asking])[:TAKEN], kept, "" if level is None else str(level))


def _with_options(fields: dict[str, Any]) -> dict[str, Any]:
    """GPQA's four answers as options whose order is the question's own, and not the order of any generator."""
    question = str(fields.pop(GPQA_QUESTION, fields.get("question", "")))
    options = [str(fields.pop(column)).strip() for column in OPTION_COLUMNS]
    correct = options[0]
    options.sort(key=lambda option: json_sha256([question, option]))
    return {"question": question, "options": options, "answer": "ABCD"[options.index(correct)], "id": fields.get("id")}


def _check_ids(problems: Sequence[Problem], name: str) -> None:
    seen: set[str] = set()
    for problem in problems:
        if problem.id in seen:
            raise UsageError(f"{name} has the problem {quoted(problem.id)} twice: give every row an id of its own, "
                             "or leave the second out")
        seen.add(problem.id)
