"""The command itself: help, version, and how errors end it."""
from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from cli.running import run, start
from localthink.cli import main as cli
from localthink.cli import models
from localthink.errors import EngineError, UsageError


def test_help_lists_every_command_and_its_summary(capsys, monkeypatch):
    ran = run(capsys, monkeypatch, "--help")
    assert ran.code == 0
    for name, (_, summary) in cli.COMMANDS.items():
        assert name in ran.out
        assert summary.split(",")[0][:30] in " ".join(ran.out.split())


def test_version_is_the_distributions(capsys, monkeypatch):
    assert run(capsys, monkeypatch, "--version").out == f"localthink {version('localthink')}\n"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(capsys, monkeypatch, name):
    ran = run(capsys, monkeypatch, name, "--help")
    assert ran.code == 0
    assert "Usage: localthink" in ran.out


@pytest.mark.parametrize("name", models.Commands.modules)
def test_every_command_of_models_has_help(capsys, monkeypatch, name):
    assert name in run(capsys, monkeypatch, "models", "--help").out
    ran = run(capsys, monkeypatch, "models", name, "--help")
    assert ran.code == 0
    assert f"Usage: localthink models {name}" in ran.out


def test_an_unknown_command_is_refused_with_exit_code_2(capsys, monkeypatch):
    ran = run(capsys, monkeypatch, "frobnicate")
    assert ran.code == 2
    assert "frobnicate" in ran.err


@pytest.mark.parametrize(("typed", "meant"), [
    (["pull", "r1-qwen-7b"], "localthink models pull"), (["modles"], "localthink models"),
    (["chta"], "localthink chat"),
    (["models", "rm", "x"], "localthink models remove"), (["models", "lst"], "localthink models list")])
def test_what_people_type_instead_is_understood(capsys, monkeypatch, typed, meant):
    ran = run(capsys, monkeypatch, *typed)
    assert ran.code == 2
    assert f"did you mean {meant}?" in ran.err


@pytest.mark.parametrize(("error", "code"), [(UsageError("no"), 2), (EngineError("no"), 1), (KeyboardInterrupt(), 130),
                                             (click.UsageError("no"), 2), (PermissionError(13, "no", "/x"), 1)])
def test_errors_become_one_line_and_an_exit_code(capsys, monkeypatch, error, code):
    @click.command("fail")
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli.LazyCommands, "get_command", lambda self, ctx, name: fail)
    ran = run(capsys, monkeypatch, "fail")
    assert ran.code == code
    assert "Traceback" not in ran.err


def test_python_dash_m_is_the_same_command():
    child = start("--version")
    out, _ = child.communicate(timeout=30)
    assert out.startswith("localthink ")


def test_what_the_system_refuses_is_named(capsys, monkeypatch):
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", "/home/somebody/else\x1b")

    monkeypatch.setattr("localthink.shelf.local_models.find_model", refuse)
    ran = run(capsys, monkeypatch, "info", "countdown")
    assert (ran.code, ran.err) == (
        1, "localthink: /home/somebody/else\\x1b cannot be read or written: Permission denied\n")


def test_a_mistake_of_the_program_is_not_passed_off_as_something_else(capsys, monkeypatch):
    monkeypatch.setattr("localthink.shelf.local_models.find_model", lambda path: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["localthink", "info", "countdown"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.fixture(params=["", "1"], ids=["buffered", "unbuffered"])
def environment(request):
    return {**os.environ, "PYTHONUNBUFFERED": request.param}


def localthink(*arguments: str, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "localthink", *arguments], text=True, encoding="utf-8",
                          stdin=subprocess.DEVNULL, timeout=60, **how)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("models", "list", "--json")])
def test_a_full_disk_under_the_output_is_one_line(environment, arguments):
    with Path("/dev/full").open("w") as full:
        ran = localthink(*arguments, stdout=full, stderr=subprocess.PIPE, env=environment)
    assert ran.returncode == 1
    assert ran.stderr == "localthink: its input or output cannot be read or written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_where_not_even_that_can_be_said_it_ends_all_the_same(environment):
    with Path("/dev/full").open("w") as full:
        assert localthink("models", "list", stdout=full, stderr=full, env=environment).returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is another error on Windows")
@pytest.mark.parametrize("arguments", [("tokens", "--help"), ("--version",), ("models", "list")])
def test_a_reader_that_closes_the_pipe_ends_the_command_quietly(environment, arguments):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        ran = localthink(*arguments, stdout=closed, stderr=subprocess.PIPE, env=environment)
    assert (ran.returncode, ran.stderr) == (141, "")


@pytest.mark.parametrize("arguments", [
    ("ask", "hi"), ("bench",), ("models", "fit"), ("tokens", "countdown", "hi"), ("chat", "--plain")])
def test_a_llama_cpp_that_cannot_be_used_is_one_line(arguments, tmp_path):
    (tmp_path / "llama_cpp").mkdir()
    (tmp_path / "llama_cpp" / "__init__.py").write_text("raise FileNotFoundError('there is no\\nlibllama')\n")
    ran = localthink(*arguments, capture_output=True, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    said = ran.stderr.splitlines()[-1].removeprefix("localthink: ")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert said == "llama.cpp cannot be used: there is no libllama: localthink doctor says what to do"
    assert "Traceback" not in ran.stderr
