"""Bars: as long as their thoughts, on one scale, with what was held back at its place."""
from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.tui.widgets.thought_bars import (
    LEAST,
    bar,
    heights,
    in_a_row,
    reach,
    rows_of,
    scale_of,
    share_of,
    whole_scale,
    window,
)
from tui.turns import end, thinking_turn


@given(st.integers(min_value=0, max_value=300), st.integers(min_value=1, max_value=12))
def test_the_rows_hold_every_thought_once_and_in_order(thoughts, rows):
    made = rows_of(thoughts, rows)
    assert len(made) <= rows
    held = [index for row in made for index in range(row.first, row.last + 1)]
    assert held == list(range(thoughts))[-len(held) or thoughts:]
    assert len(held) == thoughts or rows == 1  # a single row is for the latest


def test_a_row_of_several_is_named_after_its_first_and_last():
    assert [row.label for row in rows_of(30, 3)] == ["1–28", "29", "30"]


@given(st.integers(min_value=1, max_value=5000), st.integers(min_value=1, max_value=200))
def test_a_bar_is_as_long_as_its_share_of_the_scale(tokens, width):
    turn = thinking_turn(1, min(tokens, 400))
    turn.thoughts[0].tokens = tokens
    drawn = "".join(text for _, text in bar(turn.thoughts[0], 5000, width))
    assert len(drawn) - 1 <= tokens / 5000 * width + 1 / 16 <= width + 1
    assert 1 <= len(drawn) <= width


def test_twice_the_tokens_are_twice_the_length():
    turn = thinking_turn(2, [100, 200])
    short, long = ("".join(text for _, text in bar(thought, 400, 40)) for thought in turn.thoughts)
    assert (short, long) == ("█" * 10, "█" * 20)


def test_a_part_of_a_cell_is_drawn_in_eighths():
    turn = thinking_turn(1, 33)
    assert "".join(text for _, text in bar(turn.thoughts[0], 80, 10)) == "████▏"


def test_what_was_held_back_stands_at_its_place():
    turn = thinking_turn(1, 100, held=[(0, 50)])
    parts = bar(turn.thoughts[0], 100, 20)
    assert [part for part, _ in parts] == ["bar", "held", "bar"]
    assert abs(len(parts[0][1]) - 10) <= 1


def test_the_reach_of_the_penalty_follows_the_bar():
    assert window(5, 50, 100, 20) == "░" * 5
    assert window(15, 50, 100, 20) == ""


@pytest.mark.parametrize("beta", [101, 600.0, float("inf")])
def test_a_reach_beyond_the_scale_says_so(beta):
    assert window(15, beta, 100, 20) == "░░░░›"
    assert window(20, beta, 100, 20) == ""


def test_without_a_penalty_nothing_is_reached():
    assert reach(thinking_turn(1, 10, alpha=0.0)) == 0
    assert reach(thinking_turn(1, 10, alpha=-2.0)) == 0
    assert reach(thinking_turn(1, 10, alpha=3.0, beta=400)) == 400


def test_short_thoughts_look_short_even_among_themselves():
    assert scale_of(thinking_turn(20, 30, alpha=0.0)) >= LEAST


@given(st.integers(min_value=1, max_value=40000))
def test_the_scale_holds_the_longest_and_grows_by_an_eighth_at_most(tokens):
    turn = end(thinking_turn(1, 1, alpha=0.0))
    turn.thoughts[0].tokens = tokens
    scale = scale_of(turn)
    assert tokens <= scale <= max(LEAST, tokens) * 9 / 8 + 1
    turn.thoughts[0].tokens = tokens + 1
    assert scale <= scale_of(turn) <= scale * 9 / 8 + 1


def test_upright_bars_share_cells_when_there_are_too_many():
    turn = thinking_turn(40, 10)
    assert share_of(40, 50) == 1
    assert share_of(40, 15) == 3
    assert len(heights(turn.thoughts, 300, 15)) == 14


def test_upright_bars_rise_with_the_tokens():
    turn = thinking_turn(3, [1, 150, 300])
    assert heights(turn.thoughts, 300, 10) == "▁▄█"


@given(st.lists(st.integers(min_value=1, max_value=900), min_size=1, max_size=30), st.integers(1, 120))
def test_thoughts_in_a_row_are_as_long_as_all_of_them_and_end_where_they_end(lengths, width):
    turn = thinking_turn(len(lengths), 1)
    for thought, tokens in zip(turn.thoughts, lengths, strict=True):
        thought.tokens = tokens
    scale = whole_scale([turn])
    drawn = in_a_row(turn.thoughts, scale, width)
    assert sum(lengths) <= scale and sum(len(text) for _, text in drawn) == max(1, round(sum(lengths) / scale * width))
    begun = [round(sum(lengths[:place]) / scale * width) for place in range(len(lengths) + 1)]
    if all(later - sooner >= 1 for sooner, later in pairwise(begun)):  # each has a cell
        assert [part for part, _ in drawn] == [("bar", "even")[place % 2] for place in range(len(lengths))]


def test_what_was_held_back_stands_in_the_row_at_its_place():
    turn = thinking_turn(2, 50)
    for thought in turn.thoughts:
        thought.tokens = 50
    turn.thoughts[1].ticks = [-(-turn.thoughts[1].characters // 2)]
    assert in_a_row(turn.thoughts, 100, 20) == [("bar", "█" * 10), ("even", "▓" * 5), ("held", "⊘"), ("even", "▓" * 4)]


def test_the_scale_of_a_row_is_that_of_the_longest_answer():
    short, long = thinking_turn(1, 10), thinking_turn(3, 100)
    assert whole_scale([short]) == LEAST
    assert whole_scale([short, long]) == whole_scale([long]) >= long.thinking_tokens
