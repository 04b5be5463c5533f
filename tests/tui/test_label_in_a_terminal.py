"""Labelling in a real terminal: what was rated is there after a kill, at the place where it happened."""
from __future__ import annotations

import signal

import pytest

from label.making import run_of
from localthink.label.file import read_said
from localthink.label.run import read_run
from tui.test_in_a_terminal import Window, pexpect

pytestmark = pytest.mark.skipif(not hasattr(pexpect, "spawn"), reason="needs a POSIX terminal")


def test_a_killed_session_lost_nothing_and_the_same_command_goes_on_there(tmp_path):
    folder = run_of(tmp_path / "run", items=2, thoughts=4).folder
    window = Window(str(folder), command=("label",))
    window.wait("sample 1 of 2 · 0 of 8 rated")
    window.press("rwn")
    window.wait("sample 2 of 2 · 2 of 8 rated")
    window.press("u")
    window.wait("3 of 8 rated")
    window.child.kill(signal.SIGKILL)
    window.child.wait()
    assert list(read_said(read_run(folder), "me").ratings.values()) == ["right", "wrong", "unsure"]
    again = Window(str(folder), command=("label",))
    again.wait("sample 2 of 2 · 3 of 8 rated", "thought 2 of 4")
    again.press("z\x11")
    again.child.expect("2 of 8 thoughts rated, in .*labels-me.jsonl")
    again.child.expect(pexpect.EOF)
    assert again.child.wait() == 0
