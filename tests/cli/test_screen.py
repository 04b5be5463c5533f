"""Where a whole screen can be drawn, and where a conversation is plain text."""
from __future__ import annotations

import pytest

from localthink.cli import screen as screens


class Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("term", "screen"), [("xterm-256color", True), ("dumb", False), ("unknown", False),
                                              (None, True)])
def test_a_dumb_terminal_gets_the_plain_chat(monkeypatch, term, screen):
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(screens.sys, stream, Terminal())
    if term is None:
        monkeypatch.delenv("TERM", raising=False)
    else:
        monkeypatch.setenv("TERM", term)
    assert screens.has_screen() is screen
