"""The command itself: help, version, and how errors end it."""
from __future__ import annotations

import sys
from importlib.metadata import version

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


@pytest.mark.parametrize(("error", "code"), [(UsageError("no"), 2), (EngineError("no"), 1), (KeyboardInterrupt(), 130),
                                             (click.UsageError("no"), 2)])
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


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is another error on Windows")
def test_a_reader_that_closes_the_pipe_ends_the_command_quietly():
    child = start("tokens", "--help")
    child.stdout.close()
    child.wait(timeout=30)
    assert child.stderr.read() == ""
    child.stderr.close()
