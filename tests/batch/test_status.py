"""`localthink status` tells a run that works from one that has stopped, whatever its folder holds."""
from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from batch.ledgers import engine_error, input_error, manifest, result, write_run
from localthink.batch.figures import Figures
from localthink.batch.ledger import ERRORS, MANIFEST, RESULTS, STATUS
from localthink.batch.manifest import write_json
from localthink.batch.status import STALE_SECONDS, read_figures, status_record
from localthink.errors import UsageError

RESULTS_SO_FAR = [
    result("a", 0, n=2, correct=True), result("a", 1, n=2, finish_reason="length", correct=False), result(7, 1, n=2)]
LIVE = Figures(state="running", items=3, items_done=2, samples=6, samples_done=5, errors=1, tokens=4321, held=7.5,
               graded=2, correct=1, cut_off=1, slots=4, busy=3, seconds=60.0, speed_now=70.0, speed=72.0,
               seconds_left=12.0)


def about() -> dict[str, Any]:
    return manifest(data={"items": 3, "samples": 6})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run of 3 items with 2 samples each, of which 3 are done."""
    return write_run(tmp_path / "run", about(), RESULTS_SO_FAR, [input_error(9)])


@pytest.fixture(scope="module")
def dead() -> dict[str, Any]:
    """Whose process has ended."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
    return {"pid": process.pid, "process_started": started}


def write_status(folder: Path, **changed: Any) -> None:
    write_json(folder / STATUS, status_record(LIVE) | changed)


def stopped(figures: Figures) -> bool:
    """Whether the figures are those of RESULTS_SO_FAR and not those of LIVE."""
    return (figures.state, figures.samples_done, figures.tokens, figures.busy) == ("stopped", 3, 30, 0)


def test_a_run_that_has_stopped_is_counted_from_its_results(folder: Path) -> None:
    assert read_figures(folder) == Figures(
        state="stopped", items=3, items_done=1, samples=6, samples_done=3, errors=1, tokens=30, held=1.5, graded=2,
        correct=1, cut_off=1, slots=0, busy=0, seconds=0.0, speed_now=0.0, speed=0.0, seconds_left=None)


def test_a_run_that_has_not_begun_has_done_nothing(folder: Path) -> None:
    (folder / RESULTS).unlink()
    (folder / ERRORS).unlink()
    figures = read_figures(folder)
    assert (figures.state, figures.samples_done, figures.items_done, figures.errors) == ("stopped", 0, 0, 0)


def test_a_run_is_complete_when_all_its_samples_are_done(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", about(), [result(name, n, n=2) for name in ("a", "b", 7) for n in range(2)])
    figures = read_figures(folder)
    assert (figures.state, figures.samples_done, figures.items_done) == ("complete", 6, 3)


def test_a_run_is_complete_when_what_is_not_done_is_given_up(tmp_path: Path) -> None:
    results = [result(name, n, n=2) for name in ("a", "b") for n in range(2)]
    given_up = [engine_error(7, 0), engine_error(7, 1)]
    figures = read_figures(write_run(tmp_path / "run", about(), results, [input_error(9), *given_up]))
    assert (figures.state, figures.samples_done, figures.items_done, figures.errors) == ("complete", 4, 2, 3)
    figures = read_figures(write_run(tmp_path / "other", about(), results, [input_error(9), given_up[0]]))
    assert figures.state == "stopped"


@pytest.mark.parametrize("errors", [
    [engine_error("a", 0)], [engine_error(7, 1, "one death"), engine_error(7, 1, "another")],
], ids=["given up and done after all", "given up twice"])
def test_a_sample_counts_once_towards_completion(tmp_path: Path, errors: list[dict[str, Any]]) -> None:
    results = [result(name, n, n=2) for name in ("a", "b") for n in range(2)]
    if errors[0]["id"] == "a":
        results.append(result(7, 0, n=2))
    assert read_figures(write_run(tmp_path / "run", about(), results, errors)).state == "stopped"


def test_a_torn_last_result_does_not_count_yet(folder: Path) -> None:
    with (folder / RESULTS).open("ab") as file:
        file.write(json.dumps(result("c")).encode())
    assert stopped(read_figures(folder))


@pytest.mark.parametrize("state", ["checking", "loading", "running"])
def test_a_run_that_works_tells_its_own_figures(folder: Path, state: str) -> None:
    write_status(folder, state=state)
    figures = read_figures(folder)
    assert (figures.state, figures.samples_done, figures.tokens, figures.seconds_left) == (state, 5, 4321, 12.0)


def test_a_status_says_who_wrote_it() -> None:
    record = status_record(LIVE)
    assert json.loads(json.dumps(record)) == record
    assert (record["pid"], record["host"]) == (os.getpid(), platform.node())
    assert record["process_started"] == pytest.approx(psutil.Process().create_time())
    assert record["written"] == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize("state", ["complete", "stopped", "failed"])
def test_a_run_that_ended_by_itself_is_counted_from_its_results(folder: Path, state: str) -> None:
    write_status(folder, state=state)
    figures = read_figures(folder)
    assert stopped(figures)
    assert (figures.seconds, figures.speed, figures.speed_now, figures.seconds_left) == (60.0, 72.0, 0.0, None)


def test_a_run_whose_process_is_gone_has_stopped(folder: Path, dead: dict[str, Any]) -> None:
    write_status(folder, **dead)
    figures = read_figures(folder)
    assert stopped(figures)
    assert (figures.seconds, figures.speed) == (60.0, 72.0)


def test_a_run_whose_process_id_belongs_to_another_has_stopped(folder: Path) -> None:
    write_status(folder, process_started=psutil.Process().create_time() - 3600)
    assert stopped(read_figures(folder))


@pytest.mark.parametrize(("age", "alive"), [
    (1, True), (STALE_SECONDS / 2, True), (STALE_SECONDS + 60, False), (10**6, False)])
def test_a_run_on_another_machine_works_while_it_gives_signs_of_life(folder: Path, age: float, alive: bool) -> None:
    write_status(folder, host="elsewhere", pid=1, process_started=0.0, written=time.time() - age)
    figures = read_figures(folder)
    assert figures.state == "running" if alive else stopped(figures)


@pytest.mark.parametrize("data", [
    b"", b"{", b'{"state": "runn', b"[]", b"null", b'"running"', b"\xff\xfe\0", b"\0" * 100, b"{}", b'{"state": 1}',
    b'{"state": ["running"]}', b'{"state": "running"}', b'{"state": "running", "pid": "me", "process_started": null}',
])
def test_a_status_that_is_torn_or_foreign_is_ignored(folder: Path, data: bytes) -> None:
    (folder / STATUS).write_bytes(data)
    assert stopped(read_figures(folder))


@pytest.mark.parametrize("changed", [
    {"pid": -1}, {"pid": 10**30}, {"pid": "1"}, {"pid": 1.5}, {"process_started": None},
    {"process_started": "now"}, {"host": "elsewhere", "written": None}, {"host": "elsewhere", "written": "now"},
    {"host": None, "written": []}, {"state": "stopped", "seconds": None}, {"state": "stopped", "seconds": "long"},
    {"state": "stopped", "speed": {}},
], ids=str)
def test_a_status_with_a_value_that_nobody_wrote_is_ignored(folder: Path, changed: dict[str, Any]) -> None:
    write_status(folder, **changed)
    assert stopped(read_figures(folder))


def test_a_status_of_a_version_with_other_figures_is_ignored(folder: Path) -> None:
    record = status_record(LIVE)
    del record["held"]
    write_json(folder / STATUS, record)
    assert stopped(read_figures(folder))


@pytest.mark.parametrize("name", ["", "not there", "a file"])
def test_a_folder_without_a_run_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "a file").write_text("mine")
    with pytest.raises(UsageError, match="holds no run") as error:
        read_figures(tmp_path / name)
    assert str(tmp_path / name) in str(error.value)


@pytest.mark.parametrize(("name", "line"), [
    (RESULTS, b"nonsense"), (RESULTS, b'{"key": 7}'), (ERRORS, b"nonsense"), (MANIFEST, b"nonsense"),
    (RESULTS, json.dumps(result("c") | {"settings": {}}).encode()),
    (RESULTS, json.dumps(result("c") | {"settings": {"n": "two"}}).encode()),
])
def test_a_damaged_file_is_named(folder: Path, name: str, line: bytes) -> None:
    with (folder / name).open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(UsageError) as error:
        read_figures(folder)
    assert str(folder / name) in str(error.value)
    if name == RESULTS:
        assert "line 4" in str(error.value)
