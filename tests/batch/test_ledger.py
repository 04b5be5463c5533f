"""One process writes a run's folder, every key is in it once, and what it holds counts after any crash."""
from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from batch.ledgers import engine_error, input_error, key, lines, result
from localthink.batch.ledger import ERRORS, LOCK, RESULTS, Ledger, Tally
from localthink.errors import LocalthinkError, UsageError

HOLDER = """
import sys
from pathlib import Path
from localthink.batch.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
ledger.close()
print("closed", flush=True)
sys.stdin.close()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a" / "run"


@contextmanager
def held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder's lock, until its input ends."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(("reason", "cut_off"), [("stop", 0), ("length", 1), ("loop", 1), ("confidence", 1)])
def test_a_result_that_did_not_come_to_its_end_counts_as_cut_off(reason: str, cut_off: int) -> None:
    tally = Tally()
    tally.add(result("a", finish_reason=reason))
    assert tally.cut_off == cut_off


def test_results_count_when_they_are_appended_and_when_the_folder_is_opened_again(folder: Path) -> None:
    results = [result("a"), result("a", 1, finish_reason="length", correct=False), result(7, correct=True, tokens=5)]
    with Ledger(folder) as ledger:
        assert ledger.tally == Tally()
        ledger.append(results[:1])
        ledger.append(results[1:])
        tally, done = ledger.tally, ledger.done
        assert tally == Tally(samples=3, tokens=25, held=1.5, cut_off=1, graded=2, correct=1)
        assert done == {bytes.fromhex(value["key"]) for value in results}
    with Ledger(folder) as ledger:
        assert (ledger.tally, ledger.done, ledger.torn) == (tally, done, 0)
        assert key("a") in ledger
        assert ledger.has(key("a"))
        assert key("b") not in ledger
        assert not ledger.has(key("b"))


def test_a_result_counts_only_once_it_is_synced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = os.fsync, []
    with Ledger(folder) as ledger:
        def record(descriptor: int) -> None:
            seen.append((key("a") in ledger, (folder / RESULTS).read_bytes()))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", record)
        ledger.append([result("a")])
        assert seen[-1] == (False, lines([result("a")]))
        assert key("a") in ledger


def test_a_result_that_could_not_be_written_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Ledger(folder) as ledger:
        ledger.append([result("a")])
        with monkeypatch.context() as patch, pytest.raises(LocalthinkError) as error:
            patch.setattr(os, "fsync", fail)
            ledger.append([result("b"), result("c")])
        assert str(folder / RESULTS) in str(error.value)
        assert (ledger.tally.samples, len(ledger.done)) == (1, 1)
        ledger.append([result("b")])
    with Ledger(folder) as ledger:
        assert ledger.done == {bytes.fromhex(key("a")), bytes.fromhex(key("b"))}


@pytest.mark.parametrize("torn", [(RESULTS,), (ERRORS,), (RESULTS, ERRORS)])
def test_torn_last_lines_are_dropped_and_counted(folder: Path, torn: tuple[str, ...]) -> None:
    with Ledger(folder) as ledger:
        ledger.append([result("a")])
        ledger.append_errors([input_error(3)])
    for name in torn:
        with (folder / name).open("ab") as file:
            file.write(b'{"key": "abc\0\0\0')
    with Ledger(folder) as ledger:
        assert (ledger.torn, ledger.tally.samples, ledger.errors) == (len(torn), 1, 1)
    with Ledger(folder) as ledger:
        assert ledger.torn == 0


@pytest.mark.parametrize("change", [
    {"key": None}, {"key": 7}, {"key": "no digits"}, {"key": "abc"}, {"id": None}, {"id": 1.5}, {"sample": "0"},
    {"line": None}, {"tokens": "many"}, {"held": None}, {"settings": []},
])
def test_a_line_that_is_no_result_is_named_with_its_number_and_what_is_wrong(
        folder: Path, change: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    (folder / RESULTS).write_bytes(lines([result("a"), result("b") | change, result("c")]))
    with pytest.raises(UsageError) as error:
        Ledger(folder)
    [(name, value)] = change.items()
    assert f"{folder / RESULTS}, line 2, is not a result: its {name!r} is {value!r}" in str(error.value)


def test_a_key_that_comes_twice_is_named_with_its_line(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / RESULTS).write_bytes(lines([result("a"), result("b"), result("a")]))
    with pytest.raises(UsageError, match="line 3") as error:
        Ledger(folder)
    assert key("a") in str(error.value)


def test_a_folder_that_was_refused_is_not_locked(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / RESULTS).write_bytes(b"nonsense\n")
    with pytest.raises(UsageError) as error:  # which keeps the Ledger alive
        Ledger(folder)
    assert "line 1" in str(error.value)
    (folder / RESULTS).write_bytes(b"")
    Ledger(folder).close()


def test_an_error_is_recorded_once_however_often_it_happens(folder: Path) -> None:
    first, second = input_error(3), input_error(4)
    with Ledger(folder) as ledger:
        ledger.append_errors([first])
        ledger.append_errors([first, second])
        assert ledger.errors == 2
    with Ledger(folder) as ledger:
        ledger.append_errors([second, input_error(3, "the same in other words"), engine_error("a", 0)])
        ledger.append_errors([engine_error("a", 1), engine_error("a", 0, "another death")])
        assert ledger.errors == 4
    assert (folder / ERRORS).read_bytes() == lines([first, second, engine_error("a", 0), engine_error("a", 1)])


def test_an_error_that_comes_twice_at_once_is_recorded_once(folder: Path) -> None:
    with Ledger(folder) as ledger:
        ledger.append_errors([input_error(3), input_error(3)])
        assert ledger.errors == 1
    assert (folder / ERRORS).read_bytes() == lines([input_error(3)])


def test_a_sample_that_was_given_up_is_not_to_be_done_again_unless_asked_for(folder: Path) -> None:
    with Ledger(folder) as ledger:
        ledger.append_errors([engine_error("a"), input_error(3)])
    with Ledger(folder) as ledger:
        assert ledger.has(key("a"))
        assert not ledger.has(key("a"), retry_errors=True)
        assert key("a") not in ledger
        assert not ledger.has(key("b"))
        ledger.append([result("a")])
        assert ledger.has(key("a"), retry_errors=True)


@pytest.mark.parametrize("change", [{"key": "no digits"}, {"line": [1]}, {"error": {}}])
def test_a_line_that_is_no_error_is_named_with_its_number(folder: Path, change: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    (folder / ERRORS).write_bytes(lines([input_error(1), engine_error("a") | change]))
    with pytest.raises(UsageError) as error:
        Ledger(folder)
    assert f"{folder / ERRORS}, line 2" in str(error.value)


def test_half_a_surrogate_pair_that_is_carried_along_does_no_harm(folder: Path) -> None:
    carried = result("a", item={"note": "x\ud83dy"})
    with Ledger(folder) as ledger:
        ledger.append([carried, result("b")])
        ledger.append_errors([input_error(3, "it is \udc00")])
    with Ledger(folder) as ledger:
        assert (ledger.tally.samples, ledger.errors) == (2, 1)
        ledger.append_errors([input_error(3, "it is \udc00")])
        assert ledger.errors == 1


def test_a_second_writer_is_refused_until_the_first_is_closed(folder: Path) -> None:
    with held_elsewhere(folder) as process:
        with pytest.raises(UsageError, match="another process is writing") as error:
            Ledger(folder)
        assert str(folder) in str(error.value)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        assert process.stdout.readline() == "closed\n"
        with Ledger(folder) as ledger:
            ledger.append([result("a")])


def test_a_second_writer_may_go_on_where_the_first_was_killed(folder: Path) -> None:
    with held_elsewhere(folder) as process:
        with pytest.raises(UsageError):
            Ledger(folder)
        process.kill()
        process.wait()
        with Ledger(folder) as ledger:
            ledger.append([result("a")])


def test_a_second_ledger_in_the_same_process_is_refused_as_well(folder: Path) -> None:
    with Ledger(folder), pytest.raises(UsageError, match="another process is writing"):
        Ledger(folder)
    Ledger(folder).close()


@pytest.mark.parametrize("below", ["", "below"])
def test_a_folder_that_nothing_was_written_into_is_taken_away_and_may_be_used_again(tmp_path: Path, below: str) -> None:
    folder = tmp_path / "run" / below
    Ledger(folder).close()
    assert not folder.exists()
    with Ledger(folder) as ledger:
        ledger.append([result("a")])
    assert (folder / RESULTS).read_bytes() == lines([result("a")])


def test_a_folder_that_holds_something_else_stays_with_it(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    Ledger(folder).close()
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_lock_on_a_file_that_was_just_removed_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    real, raced = fcntl.flock, []

    def removed_first(descriptor: int, operation: int) -> None:
        if not raced:
            raced.append((folder / LOCK).unlink())
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with suppress(UsageError):  # it may also be refused: somebody was there a moment ago
        Ledger(folder)
    assert raced
    with Ledger(folder) as ledger, pytest.raises(UsageError, match="another process is writing"):
        Ledger(folder)
    ledger.close()


@pytest.mark.parametrize("below", ["", "below", "far/below"])
def test_a_file_is_no_folder(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is not a folder") as error:
        Ledger(file / below)
    assert str(file / below) in str(error.value)
    assert file.read_text() == "mine"
