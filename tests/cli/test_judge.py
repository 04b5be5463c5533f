"""`localthink judge` as a person meets it: verdicts that stay, a matrix, and clear words for what is wrong."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from cli.running import run, start
from judge.making import write_judge
from localthink.interrupts import INTERRUPTED
from scripted_gguf import needs_scripts
from study.judging import puzzles, read, without_oracle, write
from tiny_gguf import write_tiny_gguf

PROMPTS = "thought = '{question} {before} {text}'\nanswer = '{question} {text}'\nstep = '{text} {question}'\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return puzzles(tmp_path_factory.mktemp("made"), 5)


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    """A folder with a run, a model and prompts, in which the test is."""
    (tmp_path / "run").mkdir()
    for name in ("manifest.json", "results.jsonl"):
        (tmp_path / "run" / name).write_bytes((made / name).read_bytes())
    (tmp_path / "own.toml").write_text(PROMPTS, "utf-8")
    write_judge(tmp_path, {".": {"Yes": 1.0, "No": 0.0}})
    monkeypatch.chdir(tmp_path)
    return tmp_path


ARGUMENTS = ("judge", "run", "-m", "judge.gguf", "--prompts", "own.toml", "--threads", "1")


@needs_scripts
def test_a_run_is_judged_once_with_a_matrix_and_what_is_known_is_shown_again(capsys, monkeypatch, place):
    first = run(capsys, monkeypatch, *ARGUMENTS)
    count = sum(len(line["thoughts"]) for line in read(place / "run"))
    assert first.code == 0 and f"run: {count} of {count} thoughts judged by judge (" in first.out
    assert "wrong by the oracle" in first.out and "Brier score" in first.out and "probability" in first.out
    kept = (place / "run" / "judgements.jsonl").read_bytes()
    assert kept.count(b"\n") == count
    again = run(capsys, monkeypatch, *ARGUMENTS)
    assert (again.out, again.err) == (first.out, "")
    assert (place / "run" / "judgements.jsonl").read_bytes() == kept


@needs_scripts
def test_of_a_limited_number_of_results_answers_and_steps_are_judged_as_well(capsys, monkeypatch, place):
    answers = run(capsys, monkeypatch, *ARGUMENTS, "--kind", "answer")
    assert answers.code == 0 and "answers judged by judge" in answers.out
    steps = run(capsys, monkeypatch, *ARGUMENTS, "--kind", "step", "--limit", 1, "--quiet")
    lines = sum(len(thought["text"].splitlines()) for thought in read(place / "run")[0]["thoughts"])
    assert f"{lines} of {lines} steps judged" in steps.out and steps.err == ""


@needs_scripts
def test_where_no_oracle_knows_that_is_said(capsys, monkeypatch, place):
    write(place / "run", read(without_oracle(place / "run", place / "copy")))
    ran = run(capsys, monkeypatch, *ARGUMENTS)
    assert ran.code == 0 and "nobody knows which of these thoughts are right" in ran.out
    assert "--calibrated-by" in ran.out and "wrong by the oracle" not in ran.out


@needs_scripts
@pytest.mark.parametrize(("changed", "said"), [
    ({"run": "nothing"}, "there is no study 'nothing'"),
    ({"judge.gguf": "none.gguf"}, "none.gguf"),
    ({"own.toml": "none.toml"}, "none.toml cannot be read"),
])
def test_what_is_not_there_is_said_in_one_line(capsys, monkeypatch, place, changed, said):
    ran = run(capsys, monkeypatch, *(changed.get(each, each) for each in ARGUMENTS))
    assert ran.code == 2 and said in ran.err and "Traceback" not in ran.err
    assert not (place / "run" / "judgements.jsonl").exists()


def test_a_model_that_knows_neither_yes_nor_no_cannot_judge(capsys, monkeypatch, place):
    write_tiny_gguf(place / "tiny.gguf")
    ran = run(capsys, monkeypatch, "judge", "run", "-m", "tiny.gguf")
    assert ran.code == 2 and "tiny cannot judge: its vocabulary has no token for yes" in ran.err


@needs_scripts
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_or_killed_nothing_is_lost_and_nothing_is_judged_twice(place, number):
    lines = read(place / "run")
    write(place / "run", [{**line, "key": f"{place_of:04x}", "line": place_of} for place_of in range(400)
                          for line in [lines[place_of % len(lines)]]])
    process = start(*ARGUMENTS)
    kept = place / "run" / "judgements.jsonl"
    while not kept.exists() or not kept.read_bytes():
        time.sleep(0.02)
        assert process.poll() is None
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    assert process.returncode == (INTERRUPTED if number == signal.SIGINT else -number)
    done = kept.read_bytes().count(b"\n")
    subprocess.run([sys.executable, "-m", "localthink", *ARGUMENTS, "--quiet"], check=True, capture_output=True)
    keys = [line.partition(b'"key": ')[2].partition(b",")[0] for line in kept.read_bytes().splitlines()]
    assert 0 < done < len(keys) == len(set(keys)) == sum(len(line["thoughts"]) for line in read(place / "run"))
