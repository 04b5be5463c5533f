"""A run on a local Ray of two workers, one of which is killed on the way."""
from __future__ import annotations

import pytest

from batch.running import Watch, errors, execute, results, spec, texts, write_puzzles
from localthink.batch import run as runs
from localthink.batch.ledger import UNFINISHED
from localthink.errors import EngineError

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")
from localthink.batch.ray_workers import RayWorkers  # noqa: E402

pytestmark = pytest.mark.slow


class Killing(Watch):
    """Kills the first worker's actor once some samples are done."""

    def __init__(self, workers: RayWorkers) -> None:
        super().__init__()
        self._workers, self.killed = workers, False

    def show(self, figures) -> None:
        super().show(figures)
        if figures.samples_done >= 10 and not self.killed:
            self.killed = True
            ray.kill(self._workers._actors[0])


def test_a_killed_worker_is_replaced_and_no_sample_is_lost(tmp_path):
    puzzles = write_puzzles(tmp_path / "puzzles.jsonl", 20)
    wanted = {"samples": 4, "slots": 4, "deterministic": True}
    execute(spec(puzzles, tmp_path / "whole", **wanted))
    workers = RayWorkers("local", 2)
    watch = Killing(workers)
    figures = execute(spec(puzzles, tmp_path / "run", **wanted), watch, workers)
    assert watch.killed and any("Ray actor is gone" in note for note in watch.notes)
    assert figures.state == "complete" and figures.samples_done == len(results(tmp_path / "run")) == 80
    assert texts(tmp_path / "run") == texts(tmp_path / "whole")
    assert not errors(tmp_path / "run")


def test_what_a_killed_worker_had_written_goes_on_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SAVE_SECONDS", 0.02)
    puzzles = write_puzzles(tmp_path / "puzzles.jsonl", 20)
    workers, begun = RayWorkers("local", 2), []
    send = workers.send
    monkeypatch.setattr(workers, "send", lambda worker, orders: (
        begun.extend(len(ask.prefix.tokens) for ask in orders), send(worker, orders)))
    watch = Killing(workers)
    figures = execute(spec(puzzles, tmp_path / "run", samples=4, slots=4), watch, workers)
    assert watch.killed and figures.state == "complete" and len(results(tmp_path / "run")) == 80
    assert sum(count > 0 for count in begun) >= 2 and not (tmp_path / "run" / UNFINISHED).exists()


def test_a_cluster_that_is_not_there_is_one_line():
    with pytest.raises(EngineError, match=r"no Ray cluster at 127\.0\.0\.1:1"):
        RayWorkers("127.0.0.1:1", 2)
