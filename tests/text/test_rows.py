"""Columns are as wide as what is in them."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localthink.text.rows import aligned, row_lines

cells = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8)


def test_columns_begin_or_end_in_line() -> None:
    assert aligned([("a", "1 GiB", "x"), ("long", "10 GiB", "")], right=(1,)) == ["  a      1 GiB  x", "  long  10 GiB"]


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
def test_nothing_is_lost_and_no_line_ends_in_blanks(rows: list[tuple[str, str, str]]) -> None:
    lines = aligned(rows, right=(1,), indent="")
    assert [line.split() for line in lines] == [[cell for cell in row if cell] for row in rows]
    assert all(line == line.rstrip() for line in lines)


def test_a_name_of_several_lines_stays_one_row() -> None:
    assert row_lines([("a\nb", "\x1b[2J"), ("c", "d")]) == "  a\\nb  \\x1b[2J\n  c     d\n"
