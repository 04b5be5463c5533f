"""Kill -9 at random moments, of the run, of its engine, of both: nothing is lost, nothing is done twice."""
from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from batch.running import ALIKE, results, texts, write_puzzles

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 as POSIX has it")


def command(source: Path, folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "localthink", "run", str(source), "-o", str(folder), "-n", "4", "--slots", "8",
            "--max-tokens", "400", "--threads", "1", "--quiet", *more]


def engines(run: psutil.Process) -> list[psutil.Process]:
    """The engine processes of a run, which are spawned and not those that look after them."""
    return [child for child in run.children() if "spawn_main" in " ".join(child.cmdline())]


def disturbed(arguments: list[str], kills: int, seed: int) -> int:
    """Run to the end, killing so many times on the way; returns how often it had to be started."""
    rng, starts = random.Random(seed), 0
    while True:
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE)
        starts += 1
        while kills and process.poll() is None:
            time.sleep(rng.uniform(0.3, 1.4))
            kills -= 1
            whom = rng.choice(["run", "engine", "both"])
            try:
                run = psutil.Process(process.pid)
                doomed = engines(run) if whom != "run" else []
                for one in [*doomed, *([run] if whom != "engine" else [])]:
                    one.kill()
            except psutil.NoSuchProcess:
                pass
        if process.wait() == 0:
            return starts
        assert process.returncode < 0, process.stderr.read().decode()


def check(tmp_path: Path, items: int, kills: int, seed: int, *more: str) -> float:
    """The share of samples whose text is that of an undisturbed run; all keys are asserted to be there, once."""
    source = write_puzzles(tmp_path / "puzzles.jsonl", items)
    subprocess.run(command(source, tmp_path / "whole", *more), check=True)
    disturbed(command(source, tmp_path / "run", *more), kills, seed)
    whole, found = results(tmp_path / "whole"), results(tmp_path / "run")
    assert len(found) == len(whole) == 4 * items
    assert {line["key"] for line in found} == {line["key"] for line in whole}
    assert not (tmp_path / "run" / "errors.jsonl").read_bytes()
    one, other = texts(tmp_path / "whole"), texts(tmp_path / "run")
    return sum(one[name] == other[name] for name in one) / len(one)


@pytest.mark.slow
def test_after_a_few_kills_every_sample_is_there_once_and_to_the_last_bit(tmp_path):
    assert check(tmp_path, 10, 3, 1, "--deterministic") == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--deterministic"]])
def test_after_fifty_kills_every_sample_is_there_once(tmp_path, more):
    same = check(tmp_path, 150, 50, 2, *more)
    print(f"the same text: {same:.2%}")
    assert same >= (1.0 if more else ALIKE)


def interrupted(arguments: list[str], results_file: Path) -> None:
    """Run to the end with three interruptions: Ctrl+C, kill -9 of the run, kill -9 of its engine."""
    for share, how in enumerate(("ctrl+c", "run", "engine"), 1):
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE)
        while not results_file.exists() or results_file.read_bytes().count(b"\n") < 150 * share:
            time.sleep(0.1)
            assert process.poll() is None, process.stderr.read().decode()
        run = psutil.Process(process.pid)
        if how == "ctrl+c":
            run.send_signal(signal.SIGINT)
        elif how == "run":
            run.kill()
        else:
            engines(run)[0].kill()
        if process.wait() == 0:
            return
    raise AssertionError("a run that lost its engine ended")


@pytest.mark.slow
@pytest.mark.parametrize("alpha", ["0", "3"])
def test_interrupted_three_times_in_three_ways_a_run_has_the_accuracy_of_one_that_was_not(tmp_path, alpha):
    source = write_puzzles(tmp_path / "puzzles.jsonl", 200)
    subprocess.run(command(source, tmp_path / "whole", "--alpha", alpha), check=True)
    interrupted(command(source, tmp_path / "run", "--alpha", alpha), tmp_path / "run" / "results.jsonl")
    accuracy = {}
    for name in ("whole", "run"):
        found = results(tmp_path / name)
        assert len({line["key"] for line in found}) == len(found) == 800
        accuracy[name] = sum(line["correct"] for line in found) / 800
    print(f"alpha {alpha}: {accuracy}")
    assert abs(accuracy["whole"] - accuracy["run"]) <= 0.02
