"""Text of unknown origin stays on one line, is never obeyed, and takes no more cells than it has."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from localthink.tui.lines import column, cut, cut_inside, ends, one_line
from tui.dialogs import HOSTILE


@given(st.text(max_size=80), st.integers(0, 40))
def test_cut_text_takes_no_more_cells_than_it_has(text: str, width: int) -> None:
    assert cut(text, width).cell_length <= width
    assert cut_inside(text, width).cell_length <= width


@given(st.text(max_size=80), st.integers(1, 40), st.booleans())
def test_a_column_is_exactly_as_wide_as_it_is_meant_to_be(text: str, width: int, right: bool) -> None:
    assert column(text, width, right).cell_length == width


@given(st.text(max_size=80), st.text("0123456789 ", max_size=20), st.integers(0, 60))
def test_what_stands_at_the_end_of_a_line_is_whole(left: str, right: str, width: int) -> None:
    line = ends(Content(one_line(left)), Content(right), width)
    assert line.plain.endswith(right)
    assert line.cell_length == max(width, line.cell_length)


def test_nothing_in_a_text_is_obeyed() -> None:
    line = one_line(HOSTILE + "\nnext\tone")
    assert line.startswith("[red]red[/red] \\x1b[31mmore\\x07 三つの数")
    assert "\\u202e" in line
    assert line.endswith("next one")


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    assert cut_inside("DeepSeek-R1-Distill-Qwen-1.5B", 13).plain == "DeepSe…n-1.5B"
    assert cut_inside("short", 13).plain == "short"
