"""`localthink chat --plain` as a process: what a pipe gets, what it is refused, and what is kept."""
from __future__ import annotations

import json
import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from cli.running import run, talk
from localthink.history import History
from localthink.text.page import HELD_MARK, THOUGHT_MARK
from study.reports import write_reports
from tiny_gguf import tiny_tokens, write_tiny_gguf

PUZZLE = "Use 3, 5 and 12 to make 57."
FIGURES = re.compile(r"(\d+ thoughts? · )?.*tokens?/s · .*seed \d+ · context \d+ of 1,024")


@pytest.fixture
def refused(capsys, monkeypatch):
    """What a command line is refused with, before any model is loaded."""
    def try_it(*arguments: str) -> str:
        ran = run(capsys, monkeypatch, "chat", "--plain", *arguments)
        assert ran.code == 2 and ran.out == "" and "Traceback" not in ran.err
        return ran.err

    return try_it


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """A model with so many words that greedy decoding repeats itself before it comes upon the one that ends it."""
    words = [*tiny_tokens(), *(f"word{number}" for number in range(20_000))]
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "endless.gguf", tokens=words, context=1_000_000)


def test_every_line_is_a_question_and_answers_alone_go_to_standard_output():
    ran = talk(f"{PUZZLE}\n\nUse 4, 7 and 11 to make 39.\n", "--seed", "4")
    assert ran.code == 0
    first, second = ran.out.split("\n\n")
    assert "57" in first and second.endswith("\n")
    assert ran.err.startswith("loading the model that comes with localthink …\ncountdown is loaded: Q8_0, context of ")
    assert f"{THOUGHT_MARK} 1 First" in ran.err and HELD_MARK in ran.err
    assert len([line for line in ran.err.splitlines() if FIGURES.fullmatch(line)]) == 2
    assert "\x1b" not in ran.out + ran.err
    assert "Try one of these" not in ran.err and "> " not in ran.err  # those are for a person


def test_where_there_is_no_terminal_it_is_plain_by_itself():
    command = [sys.executable, "-m", "localthink", "chat", "--threads", "1"]
    ran = subprocess.run(command, input=PUZZLE.encode(), capture_output=True, timeout=120)
    assert ran.returncode == 0
    assert b"57" in ran.stdout


def test_lines_of_a_pipe_are_done_in_their_order_and_a_seed_repeats_an_answer():
    ran = talk(f"/seed 5\n/alpha 0\n{PUZZLE}\n/alpha 2.5\n/again\n/alpha 0\n/again\n/prev\n/quit\nnever asked\n")
    assert ran.code == 0
    penalties = re.findall(r"no penalty|α 2\.5, β 600", ran.err)
    assert penalties == ["no penalty", "α 2.5, β 600", "no penalty", "α 2.5, β 600"]  # the last is what /prev shows
    answers = ran.out.split("\n\n")
    assert len(answers) == 3 and answers[0] == answers[2].removesuffix("\n")
    assert "(2 of 3) " in ran.err


def test_what_cannot_be_done_is_one_line_each_and_all_else_goes_on():
    wrong = {"/agian": "did you mean /again?", "/alpha x": "alpha is 'x'", "/beta -1": "beta is -1",
             "/top-p 2": "top-p is 2", "/max-tokens 0": "max-tokens is 0", "/seed -1": "seed is -1",
             "/open 9": "conversation 9", "/delete x": "'x' is not a conversation",
             "/load nothing": "no model called 'nothing'", "/thought 3": "no answer yet", "/again": "no question yet",
             "/export": "nothing to export", "/go": "nothing to go on with", "/drop": "nothing waits to fit"}
    ran = talk("".join(f"{line}\n" for line in wrong).encode() + b"\xff\n" + PUZZLE.encode())
    assert ran.code == 2
    lines = ran.err.splitlines()[3:]  # behind what is said of the model
    for line, said in zip(lines, [*wrong.values(), "this is not UTF-8 at character 1"], strict=False):
        assert said in line
    assert "57" in ran.out
    assert "Traceback" not in ran.err


def test_a_question_that_does_not_fit_says_so_and_another_is_answered():
    ran = talk(f"{'word ' * 1500}\n{PUZZLE}\n")
    assert "tokens, and the context holds 1,024, answer included\nask it in fewer words\n" in ran.err
    assert "57" in ran.out
    assert talk("word " * 1500).code == 1


def test_conversations_are_kept_continued_and_exported(home, tmp_path):
    assert talk(f"{PUZZLE}\n").code == 0
    ran = talk(f"/export json {tmp_path}\n/export md {tmp_path}\n/export md {tmp_path}\n", "--continue")
    assert ran.err.startswith(f"{PUZZLE}: 1 question\n> {PUZZLE}\n") and ran.out == ""
    assert sorted(path.name for path in tmp_path.glob("use*")) == [
        f"use-3-5-and-12-to-make-57{rest}" for rest in ("-2.md", ".json", ".md")]
    question, answer = json.loads((tmp_path / "use-3-5-and-12-to-make-57.json").read_text("utf-8"))["messages"]
    assert question["content"] == PUZZLE
    assert answer["statistics"]["tokens"] > 10 and "".join(t["text"] for t in answer["thoughts"]) == answer["thinking"]


def test_nothing_is_kept_where_that_is_wanted(home):
    ran = talk(f"{PUZZLE}\n/list\n", "--no-history")
    assert "57" in ran.out and "nothing is kept here" in ran.err
    assert not home.exists()


def test_limits_and_instructions_hold():
    ran = talk(f"{PUZZLE}\n/settings\n", "--max-thinking", "20", "--max-tokens", "60", "--system", "Be brief.")
    assert "max-thinking is 20" in ran.err and "system is Be brief." in ran.err
    assert int(re.findall(r"(\d+) tokens? · ", ran.err)[0]) <= 60


def test_a_comparison_shows_both_and_where_they_part():
    ran = talk(f"{PUZZLE}\n/compare\n", "--seed", "4")
    assert ran.code == 0
    assert len(ran.out.split("\n\n")) == 3
    assert "without the penalty" in ran.err and "thoughts: " in ran.err and "makes 57: " in ran.err


def test_many_attempts_are_a_line_each_then_the_votes_and_one_answer():
    ran = talk(f"{PUZZLE}\n/solve best 8\n/solve consensus 4\n/prev\n", "--seed", "4")
    assert ran.code == 0
    assert "best: up to 8 attempts with seed 4 …" in ran.err
    first = ran.err[ran.err.index("best: up to"):ran.err.index("consensus: up to")]
    assert re.search(r"attempt \d: .*57.* ✓ right \(\d+ thoughts?, ", first) and "★" in first
    assert re.search(r"\d votes?: .* ✓ right", first) and "no more are needed" in first
    assert len(ran.out.split("\n\n")) == 3 and "57" in ran.out.split("\n\n")[1]
    assert re.search(r"\(\d of \d+\) ", ran.err)  # what /prev shows: the others are there


def test_attempts_that_cannot_be_are_a_line_each():
    ran = talk(f"/solve\n{PUZZLE}\n/solve consensos\n/solve 1\n/solve best x\nHow many?\n/solve best\n")
    assert ran.code == 2 and "Traceback" not in ran.err
    for said in ("there is no question yet", "did you mean consensus?", "n is 1: here it is 2 to 64",
                 'the number of attempts is "x"', "best takes a known right answer"):
        assert said in ran.err


def test_the_demo_shows_both_answers_and_how_often_it_is_so():
    ran = talk("/demo\n")
    assert ran.code == 0
    assert len(ran.out.strip().split("\n\n")) == 2
    assert "were solved without it" in ran.err and "makes 84: no / yes" in ran.err


def test_the_reports_of_studies_are_listed_and_one_is_opened():
    assert "no study was begun here" in talk("/reports\n").err
    write_reports()
    ran = talk("/reports\n/reports 1\n/reports 4\n")
    assert "2  newer, 2001-09-0" in ran.err and "The setting helps. alpha 3 against plain" in ran.err
    assert "newest has no report yet: localthink study report newest" in ran.err
    assert "there is no report 4: /reports lists 3" in ran.err


@pytest.mark.parametrize(("arguments", "said"), [
    (["-m", "nothing"], "there is no model called 'nothing'"),
    (["-m", "nothing.gguf"], "there is no file nothing.gguf"),
    (["--alpha", "nan"], "alpha is nan"), (["--max-thinking", "0"], "max-thinking is 0"),
    (["--max-tokens", "0"], "max-tokens is 0"), (["--context", "0"], "context is 0"),
    (["--threads", "0"], "threads is 0"), (["--seed", "-1"], "-1 is not in the range"),
    (["--continue", "--no-history"], "--continue needs"), (["--stop", ""], "a stop string is empty"),
    (["--markers", "nonsense"], "no marker group 'nonsense'"),
])
def test_wrong_options_get_one_line_and_exit_code_2(refused, arguments, said):
    assert said in refused(*arguments)


def test_a_store_of_a_newer_localthink_is_refused_before_anything_else(home, refused):
    with History(home / "data" / "history.sqlite"):
        pass
    with sqlite3.connect(home / "data" / "history.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    line = refused()
    assert "newer localthink" in line and line.count("\n") == 1


def test_a_model_that_cannot_be_loaded_says_why_and_nothing_is_asked(tmp_path):
    (tmp_path / "text.gguf").write_text("no model at all")
    ran = talk("one\ntwo\n", "-m", tmp_path / "text.gguf")
    assert ran.code == 1 and ran.out == ""
    assert "is no GGUF file" in ran.err and ran.err.count("could not be loaded") == 1
    assert "Traceback" not in ran.err


def test_the_process_that_talks_loads_neither_numpy_nor_llama_cpp():
    code = ("import sys; from localthink.cli.main import main\n"
            "if __name__ == '__main__':\n"
            " sys.argv = ['localthink', 'chat', '--plain', '--threads', '1']\n"
            " try: main()\n"
            " except SystemExit as end: assert end.code == 0, end.code\n"
            " heavy = {'numpy', 'llama_cpp', 'rich', 'jinja2', 'gguf', 'textual', 'psutil'}\n"
            " assert not heavy & set(sys.modules), heavy & set(sys.modules)\n")
    subprocess.run([sys.executable, "-c", code], input=f"{PUZZLE}\n/list\n".encode(), check=True, capture_output=True)


class Heard:
    """What comes through a descriptor, waited for piece by piece."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._rest = descriptor, b""

    def until(self, wanted: str, seconds: float = 60) -> str:
        """What comes up to `wanted`; the rest is for the next time."""
        end = time.monotonic() + seconds
        while wanted.encode() not in self._rest:
            assert time.monotonic() < end, self._rest
            if select.select([self._descriptor], [], [], 1)[0]:
                piece = os.read(self._descriptor, 65_536)
                assert piece, self._rest
                self._rest += piece
        before, self._rest = self._rest.split(wanted.encode(), 1)
        return before.decode(errors="replace")


@pytest.mark.skipif(sys.platform == "win32", reason="a console Ctrl+C cannot be sent to one child process on Windows")
def test_ctrl_c_ends_a_pipe_with_130_and_what_was_written_is_kept(endless, home):
    with chatting(endless, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdin.write(b"Hello\n")
        child.stdin.flush()
        Heard(child.stderr.fileno()).until(f"{THOUGHT_MARK} 1")
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in err
    with History(home / "data" / "history.sqlite") as history:
        question, answer = history.path(1)
    assert question.content == "Hello" and answer.state == "cancelled"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_at_a_terminal_ctrl_c_stops_go_goes_on_and_the_killed_engine_is_survived(endless):
    import pty

    controller, terminal = pty.openpty()
    heard = Heard(controller)

    def say(line: str) -> None:
        os.write(controller, f"{line}\n".encode())

    with chatting(endless, stdin=terminal, stdout=terminal, stderr=terminal) as child:
        os.close(terminal)
        heard.until("is loaded")
        heard.until("> ")
        say("Hello")
        heard.until(f"{THOUGHT_MARK} 1")
        child.send_signal(signal.SIGINT)
        heard.until("stopped: /go goes on")
        heard.until("> ")
        say("/go")
        say("/alpha 5")
        heard.until("alpha is 5 from the next token on")
        os.kill(engine_of(child.pid), signal.SIGKILL)
        heard.until("interrupted: /go goes on")
        heard.until("SIGKILL")
        heard.until("/go opens the model again and lets the answer go on")
        say("/quit")
        assert child.wait(60) == 0
    os.close(controller)


@contextmanager
def chatting(model: Path, **streams: int):
    """A chat in a process of its own, which is ended whatever happens."""
    command = [sys.executable, "-m", "localthink", "chat", "--plain", "--threads", "1", "-m", str(model),
               "--temperature", "0", "--context", "100000"]
    with subprocess.Popen(command, env={**os.environ, "NO_COLOR": "1"}, **streams) as child:
        try:
            yield child
        finally:
            child.kill()


def engine_of(pid: int) -> int:
    return next(child.pid for child in psutil.Process(pid).children() if "spawn_main" in " ".join(child.cmdline()))


def test_a_model_that_does_not_fit_is_refused_with_the_numbers():
    ran = talk(f"{PUZZLE}\n", "--context", "1000000000")
    assert ran.code != 0
    assert "countdown does not fit: 1.8 MiB weights + " in ran.err
    assert "/load NAME opens another, with --force also one that does not fit" in ran.err
    assert ran.out == "" and "Traceback" not in ran.err
