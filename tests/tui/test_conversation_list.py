"""A conversation's row: times as people say them, what was found made to stand out, and never wider than the list."""
from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.history import Conversation
from localthink.tui.widgets.conversation_list import FOUND, Row, around, places, row_content, when
from tui.dialogs import HOSTILE

NOW = datetime(2026, 3, 14, 15, 9).timestamp()


def conversation(title: str, updated: float = NOW, turns: int = 1) -> Conversation:
    return Conversation(1, title, updated, updated, turns)


@pytest.mark.parametrize(("moment", "said"), [
    (datetime(2026, 3, 14, 14, 2), "today 14:02"), (datetime(2026, 3, 14), "today 00:00"),
    (datetime(2026, 3, 13, 23, 59), "yesterday"), (datetime(2026, 3, 12, 15, 9), "2026-03-12"),
    (datetime(2024, 2, 29), "2024-02-29"), (datetime(2026, 3, 15), "2026-03-15"),
])
def test_times_are_said_as_people_say_them(moment: datetime, said: str) -> None:
    assert when(moment.timestamp(), NOW) == said


@given(st.text(max_size=120), st.text(max_size=120), st.text(max_size=20), st.integers(3, 120), st.booleans())
def test_no_line_of_a_row_is_wider_than_the_list(title: str, excerpt: str, words: str, width: int,
                                                 current: bool) -> None:
    content = row_content(Row(conversation(title), excerpt), width, NOW, current, words)
    assert all(line.cell_length <= width for line in content.split("\n"))


def test_a_row_says_what_when_and_how_much() -> None:
    assert row_content(Row(conversation("Primes", turns=3)), 60, NOW, False).plain.split() == [
        "Primes", "today", "15:09", "3", "turns"]
    assert row_content(Row(conversation("Primes")), 30, NOW, True).plain.split("\n") == [
        f"{'● Primes':30}", "  today 15:09 · 1 turn"]
    assert "without a title" in row_content(Row(conversation(" \n")), 60, NOW, False).plain


def test_nothing_in_a_title_is_obeyed() -> None:
    assert "[red]red[/red] \\x1b[31mmore\\x07" in row_content(Row(conversation(HOSTILE)), 100, NOW, False).plain


def test_what_was_found_stands_out_whatever_its_case_and_accents() -> None:
    content = row_content(Row(conversation("Über Äpfel"), "Zwei ÄPFEL und ein apfelbaum"), 60, NOW, False, "apfel uber")
    assert [content.plain[span.start:span.end] for span in content.spans if span.style == FOUND] == [
        "Über", "Äpfel", "ÄPFEL", "apfel"]


@given(st.text(max_size=60), st.text(max_size=12))
def test_places_are_within_the_text_and_in_its_order(text: str, words: str) -> None:
    found = places(text, words)
    assert found == sorted(found)
    assert all(0 <= start < end <= len(text) for start, end in found)


def test_an_excerpt_begins_near_what_was_found_where_that_would_be_cut_off() -> None:
    text = "a" * 30 + " needle and more"
    assert around(text, "needle", 60) == text
    assert "needle" in around(text, "needle", 24)[:24]
    assert around(text, "needle", 24).startswith("…")
    assert around(text, "other", 24) == text
