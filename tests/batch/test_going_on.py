"""A run that was interrupted goes on behind what its unfinished samples had written, and ends as if it had not been."""
from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from batch.running import ALIKE, Watch, errors, execute, results, spec, write_puzzles
from batch.test_kills import command, engines
from localthink.batch import run as runs
from localthink.batch.dispatch import DEATHS_ALONE, DEATHS_IN_COMPANY
from localthink.batch.ledger import UNFINISHED
from localthink.batch.status import read_figures
from localthink.batch.workers import LocalWorkers
from localthink.engine.host import EngineHost
from localthink.engine.messages import Ask, Checkpoint, Died, Finished, Loaded, Loading, News, Order
from localthink.records import Prefix, Trace

OFTEN = 0.02  # seconds between two checkpoints
LONG, POISONED = 8, 5  # tokens that a played sample has, and at which a poisoned one ends its engine


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(runs, "SAVE_SECONDS", OFTEN)


@pytest.fixture
def puzzles(tmp_path):
    return write_puzzles(tmp_path / "puzzles.jsonl", 6)


class PlayedWorkers:
    """An engine that writes a token a round, and tells it; POISON in a question ends it at a token."""

    size = engines_here = 1

    def __init__(self) -> None:
        self.slots, self.deaths = 0, 0
        self.asks: list[Ask] = []  # all there ever were
        self._running: dict[int, tuple[Ask, list[int]]] = {}
        self._said: list[News] = []

    def start(self, worker: int, loading: Loading) -> None:
        self.slots, self.keeps, self._running = loading.slots, loading.keep_every is not None, {}
        self._said.append(Loaded(loading.slots, 0, 0, "played", False))

    def send(self, worker: int, orders: list[Order]) -> None:
        for order in orders:
            self.asks.append(order)
            self._running[order.number] = (order, list(order.prefix.tokens))

    def receive(self, seconds: float) -> list[tuple[int, News]]:
        for ask, tokens in [*self._running.values()][:self.slots]:
            tokens.append(len(tokens))
            if "POISON" in ask.messages[0].content and len(tokens) > POISONED:
                self.deaths += 1
                self._said.append(Died("poisoned"))
                break
            if self.keeps:
                self._said.append(Checkpoint(ask.number, len(tokens) - 1, Prefix((tokens[-1],), (), 1.0)))
            if len(tokens) == LONG:
                del self._running[ask.number]
                self._said.append(Finished(ask.number, Trace(
                    0, ask.seed, 3, tuple(tokens), "", "", "stop", (), 0, 0, ask.generation.sampling,
                    ask.generation.tip, 1.0, 1.0, 1.0)))
        said, self._said = self._said, []
        return [(0, news) for news in said]

    def close(self) -> None:
        self._running = {}

    def prefix(self, word: str) -> list[int]:
        """With how many tokens each attempt at the question with this word began."""
        return [len(ask.prefix.tokens) for ask in self.asks if word in ask.messages[0].content]


def questions(tmp_path: Path, *texts: str) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(f'{{"id": "{text}", "prompt": "{text}"}}\n' for text in texts))
    return path


def test_after_a_death_all_go_on_where_they_were_and_only_the_poisoned_one_is_given_up(tmp_path):
    source, workers = questions(tmp_path, "one", "POISON", "two", "three", "four"), PlayedWorkers()
    figures = execute(spec(source, tmp_path / "run", slots=3), workers=workers)
    assert figures.state == "complete" and workers.deaths == DEATHS_IN_COMPANY + DEATHS_ALONE
    assert sorted(line["id"] for line in results(tmp_path / "run")) == ["four", "one", "three", "two"]
    assert [line["id"] for line in errors(tmp_path / "run")] == ["POISON"]
    assert all(line["token_ids"] == list(range(LONG)) for line in results(tmp_path / "run"))
    assert workers.prefix("one") == [0, 6, 7], "they go on, and alone in the end as they saw two deaths"
    assert workers.prefix("POISON") == [0, POISONED, POISONED, POISONED, 0], "the last time it begins anew"
    assert not (tmp_path / "run" / UNFINISHED).exists()


def test_what_was_given_up_begins_anew_when_it_is_tried_again(tmp_path):
    source = questions(tmp_path, "POISON", "one")
    execute(spec(source, tmp_path / "run", slots=1), workers=PlayedWorkers())
    workers = PlayedWorkers()
    execute(spec(source, tmp_path / "run", slots=1, retry_errors=True), workers=workers)
    assert workers.prefix("POISON")[0] == 0 and len(errors(tmp_path / "run")) == 1


class Stopping(Watch):
    """Asks to stop after so many looks at the figures."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    def stopped(self) -> bool:
        return sum(figures.state == "running" for figures in self.figures) >= self._looks


@pytest.mark.parametrize("last", ["death", "stop"])
def test_a_later_start_goes_on_behind_what_was_told_before_the_end(tmp_path, last):
    source, workers = questions(tmp_path, "one", "two", "three"), PlayedWorkers()
    if last == "death":
        receive = workers.receive

        def dying(seconds: float) -> list[tuple[int, News]]:
            heard = receive(seconds)
            return [*heard, (0, Died("by the same signal"))] if len(heard) > 1 and watch.stopped() else heard

        workers.receive = dying
    watch = Stopping(4)
    assert execute(spec(source, tmp_path / "run", slots=2), watch, workers).state == "stopped"
    assert (tmp_path / "run" / UNFINISHED).exists()
    assert read_figures(tmp_path / "run").samples_done == len(results(tmp_path / "run")) == 0
    again, watch = PlayedWorkers(), Watch()
    figures = execute(spec(source, tmp_path / "run", slots=2), watch, again)
    begun = 3
    assert again.prefix("one") == again.prefix("two") == [begun] and again.prefix("three") == [0]
    assert f"2 unfinished samples continue after the {2 * begun} tokens already written" in watch.notes
    assert figures.state == "complete"
    assert all(line["token_ids"] == list(range(LONG)) for line in results(tmp_path / "run"))
    assert not (tmp_path / "run" / UNFINISHED).exists()


def test_what_another_run_has_begun_is_left_out_and_said(tmp_path):
    source = questions(tmp_path, "one", "two")
    for name, alpha in (("run", 1.0), ("other", 2.0)):
        wanted = spec(source, tmp_path / name, slots=2)
        wanted = replace(wanted, settings=wanted.settings.overridden({"alpha": alpha}))
        execute(wanted, Stopping(4), PlayedWorkers())
    (tmp_path / "other" / UNFINISHED).write_bytes((tmp_path / "run" / UNFINISHED).read_bytes())
    workers, watch = PlayedWorkers(), Watch()
    assert execute(wanted, watch, workers).state == "complete"
    assert workers.prefix("one") == workers.prefix("two") == [0]
    assert any("2 samples of another run" in note for note in watch.notes)


def test_what_is_torn_or_damaged_is_left_out_and_said_and_the_rest_is_used(tmp_path):
    source = questions(tmp_path, "one", "two")
    execute(spec(source, tmp_path / "run", slots=2), Stopping(6), PlayedWorkers())
    path = tmp_path / "run" / UNFINISHED
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3].replace(b'"tokens": [', b'"tokens": [9') + b"".join(lines[4:]))
    workers, watch = PlayedWorkers(), Watch()
    assert execute(spec(source, tmp_path / "run", slots=2), watch, workers).state == "complete"
    assert (workers.prefix("one"), workers.prefix("two")) == ([2], [1])
    assert any(UNFINISHED in note and "damaged" in note for note in watch.notes)


def test_a_deterministic_run_begins_anew(tmp_path):
    source, wanted = questions(tmp_path, "one", "two"), {"slots": 2, "deterministic": True}
    workers = PlayedWorkers()
    execute(spec(source, tmp_path / "run", **wanted), Stopping(4), workers)
    assert not workers.keeps and not (tmp_path / "run" / UNFINISHED).exists()
    again = PlayedWorkers()
    assert execute(spec(source, tmp_path / "run", **wanted), workers=again).state == "complete"
    assert again.prefix("one") == [0]


# the real engine


def share_of_the_same(one: Path, other: Path) -> float:
    """Of how many samples the tokens are the same: what was begun is read, and may round otherwise than it was written.

    Both runs have the same samples, and where the tokens are the same all that follows from them is. `held` does not:
    it tells what would have been drawn instead, which rounding can turn while it leaves the token.
    """
    told = ("thinking", "answer", "switches", "paraphrases", "finish_reason", "correct", "seed", "prompt_tokens",
            "tokens")
    whole, found = ({line["key"]: line for line in results(folder)} for folder in (one, other))
    assert found.keys() == whole.keys() and len(results(other)) == len(found)
    alike = [(found[key], line) for key, line in whole.items() if found[key]["token_ids"] == line["token_ids"]]
    for mine, its in alike:
        assert [mine[name] for name in told] == [its[name] for name in told]
        assert [thought | {"held": 0} for thought in mine["thoughts"]] == [
            thought | {"held": 0} for thought in its["thoughts"]]
    held = [mine["held"] == its["held"] for mine, its in alike]
    print(f"the same text: {len(alike)} of {len(whole)}, of them the same held: {sum(held)}")
    assert sum(held) >= ALIKE * len(held)
    return len(alike) / len(whole)


class StopAt(Watch):
    """Asks to stop once an attempt has written so many tokens."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self._tokens = tokens

    def stopped(self) -> bool:
        return bool(self.figures) and self.figures[-1].tokens >= self._tokens


@pytest.mark.slow
def test_stopped_again_and_again_a_run_is_the_undisturbed_one_and_writes_little_twice(puzzles, tmp_path, often):
    wanted = {"samples": 4, "slots": 8}
    whole = execute(spec(puzzles, tmp_path / "whole", **wanted))
    starts, tokens, state = 0, 0, "stopped"
    while state == "stopped":
        figures = execute(spec(puzzles, tmp_path / "run", **wanted), StopAt(300 + 150 * starts))
        starts, tokens, state = starts + 1, tokens + figures.tokens, figures.state
    assert starts >= 3
    assert share_of_the_same(tmp_path / "whole", tmp_path / "run") >= ALIKE
    anew = whole.tokens + (starts - 1) * 8 * 60  # eight slots, each in the middle of a sample
    print(f"{starts} starts: {tokens} tokens of {whole.tokens}")
    assert whole.tokens <= tokens < (whole.tokens + anew) / 2


class Killing(Watch):
    """Kills the engine every time it has written so many more tokens."""

    def __init__(self, host: EngineHost, every: int) -> None:
        super().__init__()
        self._host, self._every, self.kills = host, every, 0

    def show(self, figures) -> None:
        super().show(figures)
        if figures.tokens >= self._every * (self.kills + 1) and self.kills < 2:  # in company; a third would be alone
            self.kills += 1
            self._host.kill()


def test_killed_engines_cost_little_and_change_nothing(puzzles, tmp_path, often):
    wanted = {"samples": 4, "slots": 8}
    whole = execute(spec(puzzles, tmp_path / "whole", **wanted))
    host = EngineHost()
    watch = Killing(host, 700)
    figures = execute(spec(puzzles, tmp_path / "run", **wanted), watch, LocalWorkers(host))
    assert watch.kills == 2 and figures.state == "complete" and not errors(tmp_path / "run")
    assert share_of_the_same(tmp_path / "whole", tmp_path / "run") >= ALIKE
    assert figures.tokens < whole.tokens + 2 * 8 * 30


OFTEN_KEPT = f"""
from localthink.batch import run
from localthink.cli.main import main
run.SAVE_SECONDS = {OFTEN}
if __name__ == "__main__":
    main()
"""


def interrupted_at_random(tmp_path: Path, items: int, seed: int, times: int) -> None:
    """Ctrl+C, kill -9 of the run, of its engine, of both."""
    source, script, rng = write_puzzles(tmp_path / "puzzles.jsonl", items), tmp_path / "often.py", random.Random(seed)
    script.write_text(OFTEN_KEPT)
    subprocess.run(command(source, tmp_path / "whole"), check=True)
    arguments = [sys.executable, str(script), *command(source, tmp_path / "run")[3:]]
    ways: list[Callable[[psutil.Process], Any]] = [
        lambda run: run.send_signal(signal.SIGINT), lambda run: run.kill(),
        lambda run: [engine.kill() for engine in engines(run)],
        lambda run: [each.kill() for each in [*engines(run), run]]]
    starts = 0
    while True:
        process, starts = subprocess.Popen(arguments, stderr=subprocess.PIPE), starts + 1
        while times and process.poll() is None:
            time.sleep(rng.uniform(0.8, 2.5))
            times -= 1
            with suppress(psutil.NoSuchProcess):
                rng.choice(ways)(psutil.Process(process.pid))
        if process.wait() == 0:
            break
        assert process.returncode in (130, -signal.SIGKILL), process.stderr.read().decode()
    assert not errors(tmp_path / "run") and starts > 1
    assert share_of_the_same(tmp_path / "whole", tmp_path / "run") >= ALIKE
    assert not (tmp_path / "run" / UNFINISHED).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 as POSIX has it")
def test_interrupted_a_few_times_at_random_a_run_is_the_undisturbed_one(tmp_path):
    interrupted_at_random(tmp_path, 12, 5, 2)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 as POSIX has it")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_interrupted_thirty_times_at_random_a_run_is_the_undisturbed_one(tmp_path, seed):
    interrupted_at_random(tmp_path, 150, seed, 30)
