"""`localthink study` as a person meets it: a few lines of TOML, a run, a report."""
from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from cli.running import run, start
from localthink import locations
from localthink.interrupts import INTERRUPTED

TINY = """
about = "A tiny one."
samples = 1
[settings]
max_tokens = 300
[grid]
alpha = 3
[test]
source = "countdown"
items = 8
"""


@pytest.fixture
def tiny(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    return tmp_path / "tiny.toml"


def study(capsys, monkeypatch, *arguments):
    return run(capsys, monkeypatch, "study", *arguments)


def test_a_study_is_planned_run_reported_and_exported(capsys, monkeypatch, tiny, tmp_path):
    planned = study(capsys, monkeypatch, "plan", tiny)
    assert planned.code == 0 and "8 problems × 2 settings × 1 samples = 16 samples" in planned.out
    ran = study(capsys, monkeypatch, "run", tiny, "--threads", 1)
    assert ran.code == 0 and "complete: localthink study report" in ran.out
    folder = locations.studies() / "tiny"
    assert (folder / "study.json").is_file()
    reported = study(capsys, monkeypatch, "report", tiny)
    assert reported.code == 0 and "alpha 3 against plain" in reported.out
    assert (folder / "report.html").is_file() and (folder / "figures").is_dir()
    shown = study(capsys, monkeypatch, "status", folder).out
    assert "16 of 16 samples" in shown and "the study: all 16 samples are done" in shown
    exported = study(capsys, monkeypatch, "export", tiny, tmp_path / "table.csv")
    assert exported.out.startswith("16 rows in ")
    listed = study(capsys, monkeypatch, "list")
    assert "countdown" in listed.out and "tiny" in listed.out and "report.html" in listed.out


def test_a_study_can_have_a_folder_of_its_own_that_names_it_from_then_on(capsys, monkeypatch, tiny, tmp_path):
    assert study(capsys, monkeypatch, "run", tiny, "-o", tmp_path / "own", "--threads", 1, "--quiet").out == ""
    tiny.unlink()
    shown = study(capsys, monkeypatch, "report", tmp_path / "own", "--no-html")
    assert shown.code == 0 and "8 problems, 8 pairs" in shown.out
    assert not (tmp_path / "own" / "report.html").exists()


@pytest.mark.parametrize(("arguments", "said"), [
    (("run", "countdwon"), "did you mean countdown?"),
    (("plan", "nothing.toml"), "there is no study 'nothing.toml'"),
    (("status", "countdown"), "has not begun"),
    (("report", "countdown"), "has no samples yet"),
    (("export", "countdown", "table.csv"), "has no samples"),
    (("rnu",), "did you mean localthink study run?"),
])
def test_what_is_not_there_is_said_in_one_line(capsys, monkeypatch, arguments, said):
    ran = study(capsys, monkeypatch, *arguments)
    assert ran.code == 2 and said in ran.err and "Traceback" not in ran.err


def test_the_plan_measures_how_fast_the_model_writes_here(capsys, monkeypatch, tiny):
    tiny.write_text(TINY + "[budget]\nexpected_tokens = 150\n")
    planned = study(capsys, monkeypatch, "plan", tiny, "--measure")
    assert planned.code == 0 and "tokens/s, as measured here" in planned.out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_ctrl_c_stops_a_study_and_the_same_command_goes_on(tiny, tmp_path):
    tiny.write_text(TINY.replace("samples = 1", "samples = 8"))
    command = ("study", "run", str(tiny), "-o", str(tmp_path / "own"), "--threads", "1", "--slots", "2")
    process = start(*command)
    results = tmp_path / "own" / "countdown" / "test" / "results.jsonl"
    while not results.exists() or not results.read_bytes():
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED and "the same command goes on from here" in err
    done = results.read_bytes().count(b"\n")
    assert 0 < done < 128
    subprocess.run([sys.executable, "-m", "localthink", *command, "--quiet"], check=True)
    assert results.read_bytes().count(b"\n") == 128


def test_the_budget_ends_a_start_without_an_error(capsys, monkeypatch, tiny):
    tiny.write_text(TINY + "[budget]\ntokens = 300\n")
    ran = study(capsys, monkeypatch, "run", tiny, "--threads", 1, "--slots", 1)
    assert ran.code == 0 and "stopped by the budget of 300 tokens: the same command goes on" in ran.err
