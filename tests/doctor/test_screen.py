"""Terminals that are made up, and one that is real and answers."""
from __future__ import annotations

import io
import os
import sys
import threading

import pyperclip
import pytest

from localthink.doctor import screen
from localthink.doctor.screen import ASK, Screen, tells_keys_apart

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX's")


class Stream(io.StringIO):
    """A terminal, or not one, with an encoding."""

    def __init__(self, is_terminal: bool = True, encoding: str = "utf-8") -> None:
        super().__init__()
        self._is_terminal, self._encoding = is_terminal, encoding

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._is_terminal

    def fileno(self) -> int:
        return 7


def on(terminal: bool = True, encoding: str = "utf-8", **environment: str) -> Screen:
    names = ("standard input", "standard output", "standard error")
    return Screen({"TERM": "xterm-256color", **environment}, {name: Stream(terminal, encoding) for name in names})


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setattr(screen.os, "get_terminal_size", lambda _: os.terminal_size((120, 40)))


def test_without_a_terminal_nothing_is_asked_of_it():
    pipe = on(terminal=False)
    [finding] = pipe.terminal()
    assert finding.level == "note" and "standard input, standard output, standard error" in finding.value
    assert list(pipe.colours()) == [] == list(pipe.keyboard())


def test_one_stream_that_is_no_terminal_is_named():
    mixed = Screen({"TERM": "xterm"}, {"standard input": Stream(), "standard error": Stream(False)})
    assert next(iter(mixed.terminal())).value == "none at standard error"


@pytest.mark.parametrize(("environment", "level"), [
    ({}, "ok"), ({"TERM": "dumb"}, "warning"),
    pytest.param({"TERM": ""}, "warning", marks=pytest.mark.skipif(sys.platform == "win32", reason="has no TERM"))])
def test_a_terminal_that_cannot_draw_is_a_warning(environment, level):
    assert [finding.level for finding in on(**environment).terminal()] == [level]


def test_a_small_terminal_is_noted(monkeypatch):
    monkeypatch.setattr(screen.os, "get_terminal_size", lambda _: os.terminal_size((59, 40)))
    assert [finding.level for finding in on().terminal()] == ["note"]


@pytest.mark.parametrize(("encoding", "level"), [("utf-8", "ok"), ("UTF8", "ok"), ("ascii", "warning"),
                                                 ("latin-1", "warning")])
def test_an_encoding_without_signs_is_a_warning(encoding, level):
    assert [finding.level for finding in on(encoding=encoding).encoding()] == [level]


@pytest.mark.parametrize(("environment", "value"), [
    ({"COLORTERM": "truecolor"}, "all"), ({"WT_SESSION": "1", "TERM": ""}, "all"), ({"NO_COLOR": "1"}, "none"),
    ({}, "256")])
def test_colours_are_those_that_the_environment_promises(environment, value):
    [finding] = on(**environment).colours()
    assert finding.value.startswith(value)


@pytest.mark.parametrize(("apart", "level"), [(True, "ok"), (False, "note"), (None, "note")])
def test_shift_enter_is_told_apart_or_not(monkeypatch, apart, level):
    monkeypatch.setattr(screen, "tells_keys_apart", lambda *_: apart)
    [finding] = on().keyboard()
    assert (finding.name, finding.level) == ("Shift+Enter", level)


@pytest.mark.parametrize(("environment", "kept"), [
    ({"VTE_VERSION": "7600"}, "F10"), ({"TERM_PROGRAM": "vscode"}, "VS Code"), ({"TERM_PROGRAM": "kitty"}, None)])
def test_keys_that_a_terminal_keeps_are_named(monkeypatch, environment, kept):
    monkeypatch.setattr(screen, "tells_keys_apart", lambda *_: True)
    found = [finding.value for finding in on(**environment).keyboard() if finding.name == "function keys"]
    assert (kept in found[0]) if kept else found == []


@pytest.mark.parametrize(("environment", "program", "tmux", "level"), [
    ({}, True, "", "ok"), ({}, False, "", "note"), ({"SSH_CONNECTION": "x"}, True, "", "note"),
    ({"TMUX": "x"}, False, "external", "warning"), ({"TMUX": "x"}, False, "on", "note"),
    ({"TMUX": "x"}, True, "external", "ok"), ({"STY": "x"}, False, "", "warning")])
def test_copying_is_well_where_something_takes_it(monkeypatch, environment, program, tmux, level):
    monkeypatch.setattr(pyperclip, "determine_clipboard", lambda: (program, program))
    monkeypatch.setattr(screen, "_tmux_clipboard", lambda: tmux)
    assert [finding.level for finding in on(**environment).clipboard()] == [level]


@posix_only
@pytest.mark.parametrize(("answer", "apart"), [
    (b"\x1b[?0u\x1b[?62;4c", True), (b"\x1b[?1;2c", False), (b"\x1b[?1u", None), (b"", None)])
def test_a_real_terminal_is_asked_and_heard(answer, apart, monkeypatch):
    import pty

    monkeypatch.setattr("localthink.doctor.screen.os.tcgetpgrp", lambda _: os.getpgrp())
    far, near = pty.openpty()
    try:
        def terminal() -> None:
            asked = b""
            while ASK not in asked:
                asked += os.read(far, 64)
            os.write(far, answer)

        threading.Thread(target=terminal, daemon=True).start()
        assert tells_keys_apart(near, near, seconds=0.2 if apart is None else 30) is apart
    finally:
        os.close(near)
        os.close(far)


@posix_only
def test_in_the_background_a_terminal_is_not_asked():
    far, near = __import__("pty").openpty()
    try:
        assert tells_keys_apart(near, near) is None  # it controls no session of ours
    finally:
        os.close(near)
        os.close(far)
