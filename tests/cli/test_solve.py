"""`localthink solve` with the bundled model: what it says, what it refuses, and what survives."""
from __future__ import annotations

import json
import signal
import sys
import time

import pytest

from batch.running import write_puzzles
from cli.running import run, start

PUZZLE = "Use 4, 7 and 11 to make 39."
FAST = ("--alpha", "3", "--beta", "40", "--threads", "1", "--max-tokens", "400")


@pytest.fixture
def solve(capsys, monkeypatch):
    return lambda *arguments: run(capsys, monkeypatch, "solve", *arguments)


def test_the_answer_goes_to_standard_output_and_the_votes_to_standard_error(solve):
    ran = solve(PUZZLE, "--strategy", "consensus", "-n", "16", *FAST)
    assert ran.code == 0
    assert r"\boxed{" in ran.out and len(ran.out.splitlines()) == 1
    assert "votes" in ran.err and "that it is more frequent than the runner-up" in ran.err
    assert "of up to 16" in ran.err and "the right answer is known: this is it" in ran.err


def test_as_json_it_says_which_attempt_was_what(solve):
    ran = solve(PUZZLE, "-s", "shortest", "-n", "4", "--json", *FAST)
    solution = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert [attempt["number"] for attempt in solution["attempts"]] == [0, 1, 2, 3]
    assert sum(attempt["state"] == "cancelled" for attempt in solution["attempts"]) >= 1
    assert solution["tokens"] == sum(attempt["tokens"] for attempt in solution["attempts"])
    assert solution["winner"] in solution["answers"][0]["attempts"]


def test_a_function_verifies(solve, tmp_path):
    path = tmp_path / "judge.py"
    path.write_text("def score(question, text, before):\n    return 'boxed' in text\n", encoding="utf-8")
    ran = solve(PUZZLE, "-s", "best", "-n", "4", "--verifier", f"{path}:score", *FAST)
    assert ran.code == 0 and "100.0 % that it is right, says the verifier" in ran.err


def test_a_function_that_raises_leaves_the_votes_and_says_so(solve, tmp_path):
    path = tmp_path / "judge.py"
    path.write_text("def score(question, text, before):\n    return 1 / 0\n", encoding="utf-8")
    ran = solve(PUZZLE, "-s", "best", "-n", "2", "--verifier", f"{path}:score", *FAST)
    assert ran.code == 0 and "no answer could be judged: this is the most frequent one" in ran.err
    assert "ZeroDivisionError" in ran.err


def test_a_question_is_the_same_with_a_line_end_behind_it(solve):
    one, other = (json.loads(solve(text, "-s", "single", "--json", *FAST).out) for text in (PUZZLE, f"{PUZZLE}\n"))
    assert one["text"] == other["text"] and one["attempts"] == other["attempts"]


@pytest.mark.parametrize(("arguments", "told"), [
    (("--strategy", "consensu"), "did you mean consensus?"),
    (("-n", "1"), "n is 1: consensus takes 2"),
    (("--verifier", "exact"), "consensus takes no verifier"),
    (("--prompts", "x.toml"), "leave them out, or take best or steps"),
    (("-s", "best", "--verifier", "nothing.py:score"), "there is no file nothing.py"),
    (("-s", "best", "--verifier", "no-such-model"), "no-such-model"),
    (("-s", "best", "--verifier", "exact", "--prompts", "x.toml"), "the verifier is exact"),
    (("-o", "there"), "-o goes with a file of questions"),
    (("--control", "deer"), "deer"),
])
def test_what_cannot_be_is_refused_in_a_line(solve, arguments, told):
    ran = solve(PUZZLE, *arguments)
    assert ran.code == 2 and told in ran.err and ran.out == ""
    assert len(ran.err.strip().splitlines()) <= 2, "what the model needs, and what is wrong"


@pytest.mark.parametrize("verifier", ["nothing.py:score", "there.py:nothing", "no-such-model"])
def test_a_verifier_that_is_not_there_is_refused_before_a_model_is_loaded(solve, tmp_path, monkeypatch, verifier):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.py").write_text("def score(question, text, before): return 1", encoding="utf-8")
    write_puzzles(tmp_path / "q.jsonl", 1)
    monkeypatch.setattr("localthink.engine.loading.load", lambda *args, **more: pytest.fail("a model was loaded"))
    for asked in ((PUZZLE,), ("q.jsonl", "-o", "out")):
        ran = solve(*asked, "-s", "steps", "--verifier", verifier)
        assert ran.code == 2 and len(ran.err.strip().splitlines()) == 1
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("arguments", "told"), [
    (("none.jsonl", "-o", "out"), "there is no file none.jsonl"),
    (("q.jsonl",), "there is no folder for the solutions"),
    (("q.jsonl", "-o", "out", "--json"), "--json goes with one question"),
])
def test_a_file_that_cannot_be_solved_is_refused(solve, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    write_puzzles(tmp_path / "q.jsonl", 2)
    ran = solve(*arguments)
    assert ran.code == 2 and told in ran.err


def lines(folder):
    return [json.loads(line) for line in (folder / "solutions.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_file_is_solved_a_line_for_each_question_and_not_twice(solve, tmp_path, capsys, monkeypatch):
    source = write_puzzles(tmp_path / "q.jsonl", 3)
    arguments = (source, "-s", "shortest", "-n", "4", "-o", tmp_path / "out", *FAST)
    first = solve(*arguments)
    assert first.code == 0 and "questions  3 of 3" in first.out and "correct" in first.out
    kept = lines(tmp_path / "out")
    assert sorted(line["id"] for line in kept) == ["p0", "p1", "p2"]
    write_puzzles(source, 4)
    again = solve(*arguments)
    assert "questions  4 of 4" in again.out
    assert lines(tmp_path / "out")[:3] == kept and len(lines(tmp_path / "out")) == 4
    status = run(capsys, monkeypatch, "status", tmp_path / "out")
    assert status.code == 2 and "holds solutions of localthink solve" in status.err
    refused = solve(*arguments, "--seed", "5")
    assert refused.code == 2 and "seed was 0 and is now 5" in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_whatever_ends_it_what_was_solved_stays_and_the_rest_follows(solve, tmp_path, number):
    source, out = write_puzzles(tmp_path / "q.jsonl", 6), tmp_path / "out"
    arguments = (source, "-s", "shortest", "-n", "4", "-o", out, "--slots", "4", "--alpha", "0", *FAST[4:])
    child = start("solve", *arguments)
    while not ((out / "solutions.jsonl").is_file() and len(lines(out)) >= 1):
        assert child.poll() is None, child.communicate()[1]
        time.sleep(0.02)
    child.send_signal(number)
    child.communicate()
    kept = lines(out)
    assert child.returncode == (-number if number == signal.SIGKILL else 130)
    assert 1 <= len(kept) < 6
    assert solve(*arguments).code == 0
    assert lines(out)[:len(kept)] == kept
    assert sorted(line["id"] for line in lines(out)) == sorted(f"p{i}" for i in range(6))
