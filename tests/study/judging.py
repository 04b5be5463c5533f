"""Runs of the bundled model, and judges' verdicts on them that were never asked of a model."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batch.running import execute, spec, write_puzzles
from localthink.batch.ledger import RESULTS
from localthink.grade.grading import Grader
from localthink.judge.interface import Case, Judge
from localthink.judge.oracle import Oracle
from localthink.judge.simulated import SimulatedJudge
from localthink.records import Tip
from localthink.study.judged import cases_of_run
from localthink.study.judgements import JudgeIdentity, Judgements

JUDGE = JudgeIdentity("somebody", "a" * 64, "b" * 64)


def puzzles(folder: Path, count: int = 36) -> Path:
    """A run that is cut off early: most of its samples are not right. They lose the thought in which they were cut."""
    source = write_puzzles(folder / "puzzles.jsonl", count)
    execute(spec(source, folder / "run", tip=Tip(alpha=0), max_tokens=80))
    lines = read(folder / "run")
    for line in lines:
        line["thoughts"] = [thought for thought in line["thoughts"] if "=" in thought["text"]]
    write(folder / "run", lines)
    return folder / "run"


def read(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / RESULTS).read_text("utf-8").splitlines()]


def write(run: Path, lines: list[dict[str, Any]]) -> None:
    (run / RESULTS).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def without_oracle(run: Path, folder: Path) -> Path:
    """The same run, as if of its questions only the last number were known."""
    folder.mkdir()
    lines = read(run)
    for line in lines:
        line["item"] = {"answer": line["item"]["target"]}
    write(folder, lines)
    return folder


def judge_it(run: Path, judge: Callable[[Oracle], Judge], of: Path | None = None, by: JudgeIdentity = JUDGE) -> None:
    """Keep a judge's verdicts on a run's thoughts, about which the oracle may be asked in the run `of`."""
    cases: list[Case] = cases_of_run(of or run, "thought")
    with Grader() as grader, Judgements(run, by) as kept:
        kept.append(list(zip(cases, judge(Oracle(grader)).judge(cases), strict=True)))


def right_in(accuracy: float) -> Callable[[Oracle], Judge]:
    return lambda oracle: SimulatedJudge(oracle, accuracy)
