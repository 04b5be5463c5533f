"""`localthink doctor`: what it shows, its JSON, and its exit code."""
from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.running import FakeTerminal, run
from localthink.cli.doctor import Page
from localthink.doctor import examination
from localthink.doctor.findings import LEVELS, Finding, Section
from localthink.text.terminal import Terminal

WELL = Section("software", (Finding("Python", "3.11.7"), Finding("load", "much", "note", "wait a little")))
ILL = Section("llama.cpp", (Finding("llama-cpp-python", "cannot be used", "trouble", "install it again",
                                    "pip install --force-reinstall \"llama-cpp-python<0.4,>=0.3.36\" " + "x" * 90),))


@pytest.fixture
def examined(monkeypatch):
    def use(*sections: Section) -> None:
        monkeypatch.setattr(examination, "examine", lambda: iter(sections))

    return use


def test_all_well_is_exit_code_0_and_a_count(capsys, monkeypatch, examined):
    examined(WELL)
    ran = run(capsys, monkeypatch, "doctor")
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "1 ok · 1 note · no warnings · no trouble"
    assert "✓ Python            3.11.7" in ran.out and "wait a little" in ran.out


def test_trouble_is_exit_code_1(capsys, monkeypatch, examined):
    examined(WELL, ILL)
    ran = run(capsys, monkeypatch, "doctor")
    assert ran.code == 1 and ran.out.splitlines()[-1].endswith("1 in trouble")


def test_json_is_one_object_with_every_finding(capsys, monkeypatch, examined):
    examined(WELL, ILL)
    ran = run(capsys, monkeypatch, "doctor", "--json")
    told = json.loads(ran.out)
    assert ran.code == 1 and ran.out.count("\n") == 1
    assert told["counts"] == {"ok": 1, "note": 1, "warning": 0, "trouble": 1} and told["localthink"]
    assert [section["name"] for section in told["sections"]] == ["software", "llama.cpp"]
    assert told["sections"][0]["findings"][1] == {
        "name": "load", "value": "much", "level": "note", "advice": "wait a little", "command": ""}


def test_commands_stand_whole_on_a_line_of_their_own(monkeypatch):
    monkeypatch.setattr("localthink.cli.doctor.shutil.get_terminal_size",
                        lambda fallback=None: os.terminal_size((60, 24)))
    screen = FakeTerminal()
    monkeypatch.setenv("TERM", "dumb")
    Page(Terminal(screen)).show(ILL)
    assert any(line.strip() == ILL.findings[0].command for line in screen.getvalue().splitlines())


def test_what_was_found_cannot_move_the_cursor(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    screen = FakeTerminal()
    Page(Terminal(screen)).show(Section("x", (Finding("path", "a\x1b[2Jb", "note", "c\x1b[2Jd"),)))
    assert "\x1b" not in screen.getvalue()


def test_an_encoding_without_signs_gets_other_marks():
    class Latin(io.StringIO):
        encoding = "latin-1"

    stream = Latin()
    Page(Terminal(stream)).show(ILL)
    assert "?" not in stream.getvalue() and "  x llama-cpp-python" in stream.getvalue()


def doctor(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "localthink", "doctor", *arguments], text=True, encoding="utf-8",
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=120,
                          env={**os.environ, "LOCALTHINK_HOME": str(home), **environment})


def test_this_machine_can_be_looked_at_without_a_terminal_and_nothing_is_left_behind(home):
    ran = doctor(home, "--json")
    told = json.loads(ran.stdout)
    found = {finding["name"]: finding for section in told["sections"] for finding in section["findings"]}
    assert ran.stderr == ""
    assert not [finding for finding in found.values() if "could not be looked at" in finding["value"]]
    assert found["llama-cpp-python"]["level"] == "ok" and "4 of 4" in found["decoding"]["value"]
    assert {finding["level"] for finding in found.values()} <= set(LEVELS)
    assert all(finding["advice"] for finding in found.values() if finding["level"] != "ok")
    assert not home.exists()


def test_without_a_llama_cpp_that_can_be_used_that_is_what_is_found(home, tmp_path):
    (tmp_path / "llama_cpp").mkdir()
    (tmp_path / "llama_cpp" / "__init__.py").write_text("raise ImportError('libcuda.so.1: cannot open')\n")
    ran = doctor(home, "--json", PYTHONPATH=str(tmp_path))
    told = json.loads(ran.stdout)
    found = {finding["name"]: finding for section in told["sections"] for finding in section["findings"]}
    assert ran.returncode == 1 and ran.stderr == ""
    assert found["llama-cpp-python"]["level"] == "trouble"
    assert "libcuda.so.1: cannot open" in found["llama-cpp-python"]["value"]
    assert found["decoding"]["value"] == "not tried" and "memory" in found
