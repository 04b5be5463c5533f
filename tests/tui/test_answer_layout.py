"""Blocks as lines: nothing is too wide, nothing is lost, and things stand where they belong."""
from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from localthink.tui.widgets.answer_blocks import blocks_of
from localthink.tui.widgets.answer_layout import lines_of
from localthink.tui.widgets.answer_markdown import parse
from tui.answers import LINES, R1_ANSWER


def lines(text: str, width: int = 40) -> list[str]:
    return [line.plain.rstrip() for line in lines_of(blocks_of(parse(text)), width, "theme")]


@given(st.lists(st.sampled_from(LINES), max_size=14).map("\n".join), st.integers(4, 60))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(text, width):
    shown = lines_of(blocks_of(parse(text)), width, "theme")
    assert all(line.cell_length <= width for line in shown)
    seen = re.sub(r"\s", "", "".join(line.plain for line in shown))
    for word in ("some", "more", "lazy", "item", "other", "nested", "deeper", "under", "paragraph", "head", "quote"):
        assert seen.count(word) >= text.count(word)


@pytest.mark.parametrize("width", [8, 20, 40, 100])
def test_an_answer_fits_terminals_of_all_widths(width):
    assert max(cell_len(line) for line in lines(R1_ANSWER, width)) <= width


def test_items_keep_the_numbers_that_are_written_and_lists_their_depth():
    assert lines("3. a\n   - b\n     - c\n\n   d\n10. e\n1) f") == [
        " 3. a", "     • b", "        ▪ c", "    d", " 10. e", "", " 1) f"]


def test_paragraphs_of_one_item_are_apart_and_its_items_are_not():
    assert lines("- a\n\n  b\n\n- c") == [" • a", "", "   b", " • c"]


def test_long_lines_hang_under_their_beginning():
    assert lines("- one two three\n\n> four five six", 12) == [" • one two", "   three", "", "▌ four five", "▌ six"]


def test_a_line_that_was_broken_stays_broken():
    assert lines("one\ntwo  \nthree\\\nfour") == ["one", "two", "three", "four"]


def test_code_is_folded_and_never_cut():
    assert lines("```\nabcdefghijklmnopqrst\n\n\tx\n```", 16) == [" abcdefghijklmn", " opqrst", "", "     x"]


def test_a_formula_stands_in_lines_of_its_own():
    assert lines("so\n\\[ x^2 \\].\nthen") == ["so", "", "    x².", "", "then"]


def test_a_formula_of_several_lines_within_a_line_is_shown_as_its_source():
    assert lines(r"so \(a \\ b\) it is") == [r"so \(a \\ b\) it is"]


def test_the_cells_of_a_table_stand_at_their_sides():
    assert lines("| a | bc | d |\n|---|:--:|--:|\n| long | 1 | 2 |\n| x | 345 | 67 |") == [
        "a    │ bc  │  d", "─────┼─────┼───", "long │  1  │  2", "x    │ 345 │ 67"]


def test_a_table_that_is_too_wide_wraps_its_widest_cells():
    assert lines("| a | b |\n|---|---|\n| x | one two three four |\n| y | five |", 16) == [
        "a │ b", "──┼─────────────", "x │ one two", "  │ three four", "──┼─────────────", "y │ five"]


def test_a_table_for_which_there_is_no_room_is_a_list():
    assert lines("| aaaa | bbbb | cccc |\n|---|---|---|\n| 1 | 2 | 3 |", 12) == ["aaaa: 1", "bbbb: 2", "cccc: 3"]


def test_an_address_is_seen_beside_its_link():
    assert lines("[x](http://a.b) <http://c.d> ![y](e.png)", 60) == ["x (http://a.b) http://c.d y (e.png)"]


@pytest.mark.parametrize("text", ["&#x202e;abc", "`a`&#x200f;", "# &#x2028;"])
def test_an_entity_is_no_way_round_for_control_characters(text):
    assert not re.search("[\u202e\u200f\u2028]", "".join(lines(text)))


def test_code_in_a_language_that_nobody_knows_is_code():
    assert lines("```no-such-language {.x}\n[red]y[/red]\n```") == [" [red]y[/red]"]
