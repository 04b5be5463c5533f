"""What else was likely: rows, bars and shares."""
from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from localthink.records import Alternative, Event
from localthink.tui.widgets.alternatives import ROWS, Alternatives, Row, about, bar_of, label, percent, rows_of
from tui.piloting import wait_until

LIKELY = (Alternative(1, " Wait", 0.6, 0.1), Alternative(2, " So", 0.3, 0.7), Alternative(3, "\n\n", 0.1, 0.2))


def event(token: int, alternatives: tuple[Alternative, ...] = LIKELY, text: str = " So", held: int = 1) -> Event:
    return Event(1, 0, token, text, "thinking", 2, False, math.log(0.7), math.log(0.3), held, alternatives=alternatives)


def test_the_token_that_came_is_marked():
    assert rows_of(event(2)) == [Row("␣Wait", 0.6, 0.1, False), Row("␣So", 0.3, 0.7, True), Row("⏎⏎", 0.1, 0.2, False)]


def test_a_token_that_was_not_likely_has_a_row_all_the_same():
    many = tuple(Alternative(number, str(number), 0.1, 0.1) for number in range(1, ROWS + 1))
    rows = rows_of(event(99, many, " odd"))
    assert len(rows) == ROWS
    assert rows[-1] == Row("␣odd", math.exp(math.log(0.3)), math.exp(math.log(0.7)), True)


def test_what_would_have_come_is_marked_however_unlikely_it_was():
    likely = (Alternative(number, str(number), 0.1, 0.1) for number in range(1, ROWS))
    many = (*likely, Alternative(50, " Or", 0.004, 0))
    held = replace(event(99, many, " odd"), instead=50)
    rows = rows_of(held)
    assert len(rows) == ROWS
    assert rows[-2] == Row("␣Or", 0.004, 0, False, held=True) and rows[-1].came
    assert str(about(7, held)) == "token 8 · thought 3 · ⊘ ␣Or <1 % → 0 % "
    assert not any(row.held for row in rows_of(replace(held, held=-1))), "an invited switch was not held"


def test_a_token_that_could_not_come_has_no_bar():
    forced = Event(1, 0, 9, "</think>", "thinking", -1, False, -math.inf, -math.inf, 0)
    assert rows_of(forced) == [Row("</think>", 0.0, 0.0, True)]


@pytest.mark.parametrize(("text", "shown"), [(" Wait", "␣Wait"), ("  ", "␣␣"), ("", "·"), ("\n", "⏎"), ("a b", "a b"),
                                             ("\x1b[m", "\\x1b[m")])
def test_a_label_shows_every_character(text, shown):
    assert label(text) == shown


@pytest.mark.parametrize(("share", "shown"), [(0.0, "0 %"), (0.001, "<1 %"), (0.344, "34 %"), (0.999, ">99 %"),
                                              (1.0, "100 %")])
def test_a_share_is_never_rounded_to_certain_or_impossible(share, shown):
    assert percent(share) == shown


@given(st.floats(0, 1), st.integers(1, 30))
def test_a_bar_has_its_cells_and_is_seen_where_there_is_anything(share, cells):
    bar = bar_of(share, cells)
    assert cell_len(bar) == cells
    assert bool(bar.strip()) == (share > 0)
    assert bar_of(1, cells) == "█" * cells


class AlternativesApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Alternatives()


@pytest.mark.parametrize("width", [24, 40, 100])
def test_both_columns_fit_any_width(width):
    async def look() -> None:
        app = AlternativesApp()
        async with app.run_test(size=(width, 12)) as pilot:
            view = app.query_one(Alternatives)
            view.show(411, event(2))
            await wait_until(pilot, lambda: "So" in view.render_line(2).text)
            lines = [view.render_line(line).text for line in range(4)]
            assert {cell_len(line) for line in lines} == {width - 2}
            assert "without" in lines[0]
            assert lines[2].startswith("▸ ␣So")
            assert not lines[1].startswith("▸")
            assert lines[2].rstrip().endswith("70 %")
            assert "30 %" in lines[2]
            assert str(view.border_title).startswith("token 412 · thought 3 · ⊘ a switch held back")

    asyncio.run(look())
