"""Runs the command line as a person does, in a process of its own or in this one."""
from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import dataclass

import pytest

from localthink.cli.main import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class FakeTerminal(io.StringIO):
    """A screen that remembers what was written on it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Ran:
    """`localthink ARGUMENTS` in this process; what pytest captures is no terminal."""
    monkeypatch.setattr(sys, "argv", ["localthink", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    captured = capsys.readouterr()
    return Ran(int(end.value.code or 0), captured.out, captured.err)


def talk(said: str | bytes, *arguments: str) -> Ran:
    """`localthink chat --plain ARGUMENTS` in a process of its own, with `said` on its standard input."""
    child = subprocess.run([sys.executable, "-m", "localthink", "chat", "--plain", "--threads", "1",
                            *map(str, arguments)], timeout=120, capture_output=True,
                           input=said.encode() if isinstance(said, str) else said)
    return Ran(child.returncode, child.stdout.decode(), child.stderr.decode())


def start(*arguments: str) -> subprocess.Popen[str]:
    """`localthink ARGUMENTS` in a process of its own, not waited for."""
    return subprocess.Popen([sys.executable, "-m", "localthink", *map(str, arguments)], text=True, encoding="utf-8",
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
