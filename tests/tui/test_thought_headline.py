"""The one line of a thought: in columns, and never wider than the list."""
from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len

from localthink.tui.widgets.thought_headline import columns_of, headline
from tui.turns import thinking_turn


def line(turn, thought, width, opening="so it begins"):
    return "".join(text for _, text in headline(turn.thoughts[thought], opening, columns_of(turn), width))


def test_a_folded_thought_says_how_it_begins_and_what_it_took():
    turn = thinking_turn(1, 412, held=[(0, 5), (0, 9)], seconds_each=12.6)
    assert line(turn, 0, 62) == "▸ 1 · so it begins                 412 tokens · 11 s · held 2 "


def test_an_open_thought_has_a_rule_instead_of_its_beginning():
    assert line(thinking_turn(1, 5), 0, 62, None).startswith("▾ 1 ─────")


def test_figures_stand_below_each_other():
    turn = thinking_turn(11, [1200, *[7] * 10], held=[(0, 5)])
    first, last = line(turn, 0, 80), line(turn, 10, 80)
    assert first.index(" tokens") == last.index(" tokens") and first.index(" s ·") == last.index(" s ")
    assert "held" not in last and len(first) == len(last)


@given(st.integers(min_value=34, max_value=120), st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200))
def test_a_line_fills_its_width_whatever_the_text(width, opening):
    turn = thinking_turn(12, 30, held=[(3, 5)])
    assume("\u200d" not in opening)  # rich counts one without something to join in two ways
    assert cell_len(line(turn, 3, width, opening)) == width
