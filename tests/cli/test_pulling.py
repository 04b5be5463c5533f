"""A download is shown in few lines where there is no terminal, and in one that is drawn anew where there is."""
from __future__ import annotations

from cli.running import FakeTerminal
from localthink.cli.pulling import Lines, line_of
from localthink.hub.news import Checking, Found, Note, PullProgress, Waiting
from localthink.text.terminal import Terminal

MIB = 2**20


def test_lines_tell_every_tenth_and_what_happens() -> None:
    screen = FakeTerminal()
    lines = Lines(Terminal(screen))
    lines.take(Found("me/tiny", "a" * 40, "Q4_K_M", ("tiny.gguf",), 100 * MIB, 0))
    for percent in range(101):
        lines.take(PullProgress(percent * MIB, 100 * MIB))
    said = screen.getvalue().splitlines()
    assert "me/tiny: Q4_K_M, 100 MiB" in said[0]
    assert len(said) == 11
    assert said[-1] == "100% of 100 MiB"


def test_news_that_matters_has_a_line_of_its_own() -> None:
    assert line_of(Waiting(4.2, "the Hub is busy (429)")) == "the Hub is busy (429): trying again in 4 s"
    assert line_of(Note("it changed")) == "it changed"
    begun = Found("a/b", "c", "Q8_0", ("x", "y", "z"), 9 * MIB, MIB)
    assert line_of(begun) == "a/b: Q8_0, 9 MiB in 3 parts, of which 1 MiB are here"
    assert line_of(Checking(0.5)) == line_of(PullProgress(1, 2)) == ""
