"""Lines of cells: nothing is lost, nothing is too wide, and growing gives what the whole text gives."""
from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size, split_graphemes

from localthink.tui.wrapping import NARROW, Wrapped, _narrow_starts, _wide_starts, shortened

WORDS = st.sampled_from(["a", "so", "parity", "x²+1", "   ", " ", "\n", "\n\n", "⊘", "因此", "我们。", "👩\u200d🔬",
                         "☁\ufe0f", "e\u0301", "ﷺ", "-", "pneumonoultramicroscopic", "√2", "“quoted”",
                         "\u200d", "\u0301"])
TEXTS = st.one_of(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=120),
                  st.lists(WORDS, max_size=60).map("".join))
WIDTHS = st.integers(min_value=2, max_value=30)


def lines(text: str, width: int) -> list[str]:
    wrapped = Wrapped(width, text)
    return [wrapped[line] for line in range(len(wrapped))]


@given(TEXTS, WIDTHS)
def test_the_lines_joined_are_the_text_but_for_breaks_and_spaces(text, width):
    assert re.sub("[ \n]", "", "".join(lines(text, width))) == re.sub("[ \n]", "", text)


@given(TEXTS, WIDTHS)
def test_no_line_is_wider_than_the_width(text, width):
    # by clusters: cell_len counts otherwise where joiners have nothing to join
    assert all(split_graphemes(line)[1] <= width for line in lines(text, width))


@given(TEXTS, WIDTHS)
def test_only_spaces_at_the_end_of_a_line_are_left_out(text, width):
    wrapped = Wrapped(width, text)
    for line in range(len(wrapped)):
        start = wrapped.start(line)
        end = wrapped.start(line + 1) if line + 1 < len(wrapped) else len(text)
        assert text[start:end].rstrip("\n ") == wrapped[line]
        assert text[start:end].removesuffix("\n").count("\n") == 0


@given(TEXTS, WIDTHS, st.lists(st.integers(min_value=1, max_value=9), min_size=1))
@example("00000🌭00\ufe0f", 3, [1])  # a sign that widens what is there already
def test_a_text_that_grows_has_the_lines_of_the_whole(text, width, steps):
    wrapped, place = Wrapped(width), 0
    for step in itertools.cycle(steps):
        before = [wrapped[line] for line in range(len(wrapped))]
        changed = wrapped.append(text[place:place + step])
        assert [wrapped[line] for line in range(changed)] == before[:changed]
        place += step
        if place >= len(text):
            break
    assert [wrapped[line] for line in range(len(wrapped))] == lines(text, width)


@given(TEXTS, WIDTHS)
def test_no_character_is_torn(text, width):
    wrapped = Wrapped(width, text)
    whole = {0, *(place for place, _, _ in split_graphemes(text)[0])}
    starts = {wrapped.start(line) for line in range(len(wrapped))}
    after_breaks = {place + 1 for place, character in enumerate(text) if character == "\n"}
    assert starts <= whole | after_breaks


@given(st.text(alphabet=" abc√“é", max_size=80), WIDTHS)
def test_narrow_text_is_broken_as_any_text(text, width):
    assert _narrow_starts(text, width) == _wide_starts(text, width)


@given(TEXTS, WIDTHS)
def test_every_place_of_the_text_is_in_its_line(text, width):
    wrapped = Wrapped(width, text)
    for place in range(len(text)):
        line = wrapped.line_at(place)
        assert wrapped.start(line) <= place
        assert line + 1 == len(wrapped) or place < wrapped.start(line + 1)


def test_what_counts_as_narrow_is_one_cell_wide():
    narrow = [chr(code) for code in range(0x10000) if not 0xd800 <= code < 0xe000 and NARROW.fullmatch(chr(code))]
    assert len(narrow) > 1000
    assert all(get_character_cell_size(character) == 1 for character in narrow)


@pytest.mark.parametrize(("text", "width", "expected"), [
    ("", 10, [""]),
    ("to be or not to be", 9, ["to be or", "not to be"]),
    ("to be   ", 5, ["to be"]),
    ("incomprehensible", 6, ["incomp", "rehens", "ible"]),
    ("an incomprehensible", 6, ["an", "incomp", "rehens", "ible"]),
    ("one\n\ntwo\n", 9, ["one", "", "two", ""]),
    ("因此我们得到", 5, ["因此", "我们", "得到"]),
    ("so 因此我们", 6, ["so 因", "此我们"]),
    ("因此我。们", 6, ["因此", "我。们"]),
    ("    indented words", 12, ["    indented", "words"]),
])
def test_lines_end_where_a_reader_expects(text, width, expected):
    assert lines(text, width) == expected


@pytest.mark.parametrize(("text", "width", "expected"), [
    ("short", 5, "short"), ("a little longer", 9, "a little…"), ("因此我们", 4, "因…"), ("gone", 0, ""),
    ("gone", 1, "…"),
])
def test_a_shortened_text_says_so(text, width, expected):
    assert shortened(text, width) == expected


@given(TEXTS, st.integers(min_value=0, max_value=30))
def test_a_shortened_text_fits(text, width):
    assume(not text.startswith("\u200d"))
    assert cell_len(shortened(text, width)) <= width
