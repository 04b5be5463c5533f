"""Runs for tests: puzzles as input, a watcher that takes notes and may stop, an engine that is only played."""
from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from countdown_traces import held_out
from generating import split
from localthink.batch.figures import Figures
from localthink.batch.run import Run
from localthink.batch.settings import Settings
from localthink.batch.spec import Spec
from localthink.batch.workers import LocalWorkers, Workers
from localthink.engine.host import EngineHost
from localthink.engine.messages import Ask, Checked, Finished, Loaded, Throughput
from localthink.locations import bundled_model
from localthink.records import Trace

MOST = 200  # puzzles that a test may want

ALIKE = 0.9  # the least share of the bundled model's samples whose tokens interruptions leave as they are


def write_puzzles(path: Path, count: int, first: int = 0, **more: Any) -> Path:
    lines = [{"id": f"p{first + i}", "question": puzzle.question, "numbers": puzzle.numbers, "target": puzzle.target,
              **more}
             for i, puzzle in enumerate(held_out("test", MOST)[first:first + count])]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def spec(source: Path, folder: Path, **changed: Any) -> Spec:
    generation, changed = split({"max_tokens": 400, **changed})
    settings = Settings(generation, **{name: changed.pop(name) for name in list(changed) if name in Settings.__slots__})
    return replace(Spec(str(source), folder, bundled_model(), settings, threads=1), **changed)


class Watch:
    """Takes notes; asks to stop once `stop_after` samples are done."""

    def __init__(self, stop_after: float = float("inf")) -> None:
        self.stop_after = stop_after
        self.notes: list[str] = []
        self.figures: list[Figures] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def show(self, figures: Figures) -> None:
        self.figures.append(figures)

    def stopped(self) -> bool:
        return bool(self.figures) and self.figures[-1].samples_done >= self.stop_after


def execute(wanted: Spec, watch: Watch | None = None, workers: Workers | None = None) -> Figures:
    with Run(wanted, watch or Watch(), workers) as run:
        preflight = run.preflight()
        fit = run.fit(preflight)
        run.record(preflight, fit)
        return run.execute(preflight, fit)


def results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]


def errors(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "errors.jsonl").read_text(encoding="utf-8").splitlines()]


def texts(folder: Path) -> dict[tuple[str, int], list[int]]:
    return {(result["id"], result["sample"]): result["token_ids"] for result in results(folder)}


def played(orders, news, log: Path) -> None:
    """A child that answers at once; an item with POISON in it kills it, one with SLOW takes its time."""
    while True:
        order = orders.recv()
        if not isinstance(order, Ask):
            news.send(Loaded(order.slots, order.cells, order.longest, "played", False))
            continue
        text = order.messages[0].content
        if "POISON" in text:
            log.write_text("GGML_ASSERT(poison) failed\n")
            os._exit(134)
        if "SLOW" in text:
            time.sleep(0.5)
        trace = Trace(0, order.seed, 3, (1, 2, 3), "thought", "answer", "stop", (), 0, 0.5, order.generation.sampling,
                          order.generation.tip,
                      0.1, 1.0, 1.0)
        news.send(Throughput(3, 0.5, 1))
        news.send(Finished(order.number, trace))


def measured(orders, news, log: Path) -> None:
    """A child that counts words; an item with POISON in it kills it."""
    while True:
        order = orders.recv()
        if not isinstance(order, Ask):
            news.send(Loaded(0, 0, 1024, "played", False))
            continue
        if "POISON" in order.messages[0].content:
            os._exit(134)
        news.send(Checked(order.number, len(order.messages[0].content.split())))


def dies_loading(orders, news, log: Path) -> None:
    orders.recv()
    os._exit(9)


def played_workers() -> LocalWorkers:
    return LocalWorkers(EngineHost(played))
