"""Tokens in lines: every token has its cell, in order; none is lost but the oldest."""
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from localthink.records import Alternative, Event
from localthink.tui.widgets.token_lines import BREAK, STEPS, TokenLines, step_of, token_text, written

TOKENS = st.sampled_from(["a", " so", " parity", "ity", "\n", "\n\n", ".", " 因此", "们", "  ", "", "\t", " Wait",
                          "x" * 40, "\x1b[2J", "[b]", ".\n\n", "é", " 👩\u200d🔬"])
WIDTHS = st.integers(min_value=4, max_value=40)


def event(text: str, logprob: float = -0.1, held: int = 0) -> Event:
    return Event(1, 0, 5, text, "thinking", 0, False, logprob, logprob, held)


def laid_out(texts: list[str], width: int, most: int = 512) -> TokenLines:
    lines = TokenLines(width, most)
    lines.add(event(text) for text in texts)
    return lines


def shown(lines: TokenLines) -> list[str]:
    return ["".join(cell.text for cell in line) for line in lines.lines]


@pytest.mark.parametrize(("texts", "width", "expected"), [
    (["So", " it", " is"], 20, ["So it is"]),
    (["So", " it", " is"], 6, ["So it", " is"]),
    (["one", ".\n\n", "two"], 20, [f"one.{BREAK}{BREAK}", "two"]),
    (["one", "\n", "\n", "two"], 20, [f"one{BREAK}{BREAK}", "two"]),
    ([" par", "ity", " mul", "ti", "ply"], 11, [" parity", " multiply"]),
    (["incom", "prehen", "sible"], 8, ["incom", "prehen", "sible"]),
    (["a\n", "\nb"], 20, [f"a{BREAK}", f"{BREAK}b"]),
    (["x" * 30], 10, ["x" * 9 + "…"]),
    (["", "\t"], 10, ["·→"]),
    ([], 10, [""]),
])
def test_lines_end_where_a_reader_expects(texts, width, expected):
    assert shown(laid_out(texts, width)) == expected


@given(st.lists(TOKENS, max_size=80), WIDTHS)
def test_every_token_has_its_cell_in_order_and_no_line_is_too_wide(texts, width):
    lines = laid_out(texts, width)
    cells = [cell for line in lines.lines for cell in line]
    assert [cell.token for cell in cells] == list(range(len(texts)))
    for line in lines.lines:
        assert sum(cell_len(cell.text) for cell in line) <= width
        start = 0
        for cell in line:
            assert (cell.start, cell.width) == (start, cell_len(cell.text))
            start += cell.width


@given(st.lists(TOKENS, max_size=120), WIDTHS, st.integers(1, 30), st.integers(1, 9))
def test_the_latest_are_kept_whatever_lots_they_come_in(texts, width, most, lot):
    lines = TokenLines(width, most)
    for start in range(0, len(texts), lot):
        lines.add(event(text) for text in texts[start:start + lot])
    assert lines.end == len(texts)
    assert len(lines.events) >= min(most, len(texts))
    assert len(lines.events) - len(lines.lines[0]) < most
    assert [kept.text for kept in lines.events] == texts[lines.first:]
    assert [cell.token for line in lines.lines for cell in line] == list(range(lines.first, lines.end))


@given(st.lists(TOKENS, min_size=1, max_size=80), WIDTHS, WIDTHS)
def test_another_width_gives_the_same_tokens(texts, width, other):
    lines = laid_out(texts, width, 30)
    again = lines.rewrapped(other)
    assert (again.first, again.end, list(again.events)) == (lines.first, lines.end, list(lines.events))


@given(st.lists(TOKENS, min_size=1, max_size=80), WIDTHS)
def test_every_token_is_found_where_it_is(texts, width):
    lines = laid_out(texts, width, 30)
    for number, line in enumerate(lines.lines):
        for cell in line:
            assert lines.line_of(cell.token) == number
            assert lines.token_at(number, cell.start) == cell.token or not cell.width
            assert lines.event(cell.token) is lines.events[cell.token - lines.first]
            assert lines.line_of(lines.beside(cell.token, 1)) == min(number + 1, len(lines.lines) - 1)
    assert lines.event(lines.end) is None
    assert lines.event(lines.first - 1) is None


def test_right_of_a_line_its_last_token_is_the_nearest():
    lines = laid_out(["one", "\n", "two"], 20)
    assert lines.token_at(0, 15) == 1
    assert lines.token_at(1, 0) == 2
    assert lines.token_at(2, 0) is None


@pytest.mark.parametrize(("probability", "step"), [(1.0, 0), (0.9, 0), (0.89, 1), (0.6, 1), (0.3, 2), (0.1, 3),
                                                   (0.09, 4), (0.0, 4)])
def test_a_probability_is_one_of_five_steps(probability, step):
    assert step_of(probability) == step
    assert len(STEPS) == 4


def test_a_forced_token_that_could_not_come_is_the_unlikeliest_step():
    lines = TokenLines(20, 10)
    lines.add([event("</think>", -math.inf)])
    assert lines.lines[0][0].step == 4


def test_a_held_switch_is_marked_before_its_token():
    lines = TokenLines(20, 10)
    lines.add([event(" a"), event(" b", held=1), event(" c", held=-1)])
    assert shown(lines) == [" a⊘ b c"]


def test_nothing_in_a_token_can_move_the_cursor():
    assert written("a\x1b[2J\n\u202e") == f"a\\x1b[2J{BREAK}\\u202e"


def test_a_token_that_is_no_text_of_the_answer_is_called_by_its_piece():
    bare = Event(1, 0, 5, "", "thinking", -1, False, -0.1, -0.1, 0, alternatives=(
        Alternative(4, "no", 0.1, 0.1), Alternative(5, "<think>", 0.9, 0.9)))
    assert token_text(bare) == "<think>"
    assert token_text(event("")) == ""
