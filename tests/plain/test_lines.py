"""Lines from a terminal or a pipe, however they arrive, and an answer that is shown however it is looked at."""
from __future__ import annotations

import time
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.running import FakeTerminal
from localthink.chat.turn import Turn
from localthink.plain.answer import Follower
from localthink.plain.lines import Assembly, Lines, Said
from localthink.records import Event
from localthink.text.page import Page, Sheet
from localthink.text.terminal import Terminal


def read(chunks, encoding="utf-8"):
    rest = iter([*chunks, b""])
    lines = Lines(lambda: next(rest), encoding, typed=False)
    lines.start()
    found = []
    while not lines.ended:
        line = lines.get(0.01)
        if line is not None:
            found.append(line)
    return found


def put_together(lines):
    assembly = Assembly()
    said = [assembly.add(line) for line in lines]
    return [one for one in [*said, assembly.end()] if one is not None]


@given(st.text(), st.lists(st.integers(1, 5)))
def test_lines_are_the_same_in_whatever_pieces_they_arrive(text, sizes):
    data, chunks = text.encode(), []
    for size in sizes:
        chunks, data = [*chunks, data[:size]], data[size:]
    lines = text.split("\n")
    expected = [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]
    assert read([chunk for chunk in [*chunks, data] if chunk]) == expected


def test_a_stream_may_have_nothing_yet_and_may_be_no_utf_8():
    assert read([b"a\xff", None, b"b\r\nc"]) == ["a\udcffb", "c"]


def test_a_terminal_that_is_gone_is_the_end():
    def gone() -> bytes:
        raise OSError(5, "Input/output error")

    lines = Lines(gone, "utf-8", typed=True)
    lines.start()
    while not lines.ended:
        assert lines.get(0.01) is None
    before = time.monotonic()
    assert lines.get(0.05) is None  # and waits all the same
    assert time.monotonic() - before >= 0.05


@pytest.mark.parametrize(("lines", "said"), [
    (["one", "", "  ", "two"], [Said("one", False), Said("two", False)]),
    (["/help", " /not a command"], [Said("/help", True), Said("/not a command", False)]),
    (["a\\", "b\\", "", "c"], [Said("a\nb", False), Said("c", False)]),
    (["/edit a\\", "b"], [Said("/edit a\nb", True)]),
    (["/paste", "/a", ".b", "\\", ".", "c"], [Said("/a\n.b\n\\", False), Said("c", False)]),
    (["/paste", "a", "b"], [Said("a\nb", False)]),  # and the input ends
    (["a\\"], [Said("a", False)]),
    (["/paste", ".", "."], [Said(".", False)]),
    (["/paste this"], [Said("/paste this", True)]),
])
def test_lines_are_put_together(lines, said):
    assert put_together(lines) == said


@given(st.lists(st.tuples(st.booleans(), st.text("ab\n "), st.booleans(), st.booleans()), max_size=20),
       st.lists(st.text("ab\n "), max_size=5))
def test_an_answer_looks_the_same_however_often_it_is_looked_at(thinking, answer):
    """As `ask` shows it, token by token: each may open a thought, have a switch held, and be looked at."""
    thoughts = accumulate((opens for opens, *_ in thinking[1:]), initial=0)
    events = [(Event(1, 0, 1, text, "thinking", thought, False, 0, 0, int(held)), looked)
              for thought, (_, text, held, looked) in zip(thoughts, thinking, strict=False)]
    events += [(Event(1, 0, 1, text, "answer", -1, False, 0, 0, 0), True) for text in answer]
    screens = [FakeTerminal(), FakeTerminal()]
    page = Page(Terminal(screens[0]), Terminal(screens[0]), hide_thinking=False)
    turn = Turn()
    follower = Follower(turn, Sheet(Terminal(screens[1]), Terminal(screens[1])))
    for event, looked in events:
        page.show(event)
        turn.take([event], 0.0)
        if looked:
            follower.show()
    follower.show()
    page.end()
    follower.end()
    plain = [screen.getvalue().replace("\x1b[2m", "").replace("\x1b[0m", "") for screen in screens]
    assert plain[0] == plain[1]
