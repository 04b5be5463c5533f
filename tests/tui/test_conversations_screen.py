"""The list of conversations: found, opened, renamed, deleted and had back, whatever the store says to it."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from localthink.errors import HistoryError
from localthink.history import History
from localthink.tui.screens.conversations import PAGE, ConversationsScreen
from localthink.tui.widgets.conversation_list import ConversationList
from tui.dialogs import HOSTILE, SIZES, inside, play, seen
from tui.piloting import wait_until

NOW = datetime(2026, 3, 14, 15, 9).timestamp()


class Broken(History):
    """A store that can be made to fail."""

    broken = False

    def conversations(self, limit: int = 200, offset: int = 0):  # type: ignore[no-untyped-def]
        if self.broken:
            raise HistoryError("the disk is full: make [room]")
        return super().conversations(limit, offset)

    def delete(self, conversation: int) -> None:
        if self.broken:
            raise HistoryError("the disk is full: make [room]")
        super().delete(conversation)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Broken]:
    times = iter(range(10**6))
    with Broken(tmp_path / "history.sqlite", lambda: NOW - 10**6 + next(times)) as store:
        yield store


def keep(history: History, title: str, answer: str = "It is so.") -> int:
    number = history.create(title)
    question = history.add_message(number, None, "user", title)
    history.finish(history.begin_answer(number, question, {}), answer, "", [], "stop", {})
    return number


def screen_of(history: History, current: int | None = None) -> ConversationsScreen:
    return ConversationsScreen(history, current, lambda: NOW)


def titles(screen: ConversationsScreen) -> list[str]:
    return [row.conversation.title for row in screen.query_one(ConversationList).rows]


def said(screen: ConversationsScreen) -> str:
    return " ".join(seen(screen.query_one("#said")).split())


def test_the_newest_comes_first_and_the_current_one_is_marked(history: Broken) -> None:
    _, current, newest = keep(history, "one"), keep(history, "two"), keep(history, "three")
    screen = screen_of(history, current)

    async def steps(pilot: Pilot[None]) -> None:
        assert titles(screen) == ["three", "two", "one"]
        assert "● two" in seen(screen.query_one(ConversationList))
        assert "3 conversations" in said(screen)
        await pilot.press("up", "enter")

    assert play(screen, steps) == [newest]


def test_escape_opens_nothing(history: Broken) -> None:
    keep(history, "one")

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("escape")

    assert play(screen_of(history), steps) == [None]


def test_an_empty_store_says_so_and_nothing_can_be_done_to_it(history: Broken) -> None:
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        assert "Nothing here yet" in seen(screen.query_one("#nothing"))
        await pilot.press("enter", "delete", "ctrl+d", "f2", "ctrl+r", "ctrl+z", "down", "escape")

    assert play(screen, steps) == [None]


def test_typing_searches_all_texts_and_shows_what_was_found(history: Broken) -> None:
    wanted = keep(history, "primes", "Seventeen of them are below sixty.")
    keep(history, "balls")
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press(*"sixt")
        assert screen.query_one("#search", Input).value == "sixt"
        await wait_until(pilot, lambda: titles(screen) == ["primes"])
        assert "Seventeen of them are below sixty." in seen(screen.query_one(ConversationList))
        await pilot.press("down", "enter")

    assert play(screen, steps) == [wanted]


def test_enter_right_behind_the_words_opens_what_they_find(history: Broken) -> None:
    wanted = keep(history, "primes")
    keep(history, "balls")

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press(*"primes", "enter")

    assert play(screen_of(history), steps) == [wanted]


def test_words_that_are_nowhere_are_said_to_be_and_taken_back(history: Broken) -> None:
    keep(history, "primes")
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press(*'x"[*')
        await wait_until(pilot, lambda: "Nothing has these words" in seen(screen.query_one("#nothing")))
        await pilot.press("ctrl+u")
        await wait_until(pilot, lambda: titles(screen) == ["primes"])
        await pilot.press("escape")

    assert play(screen, steps) == [None]


def test_several_deleted_ones_can_be_had_back_the_latest_first(history: Broken) -> None:
    for title in ("one", "two", "[b]three"):
        keep(history, title)
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("delete")
        assert said(screen) == "deleted “[b]three” — Ctrl+Z brings it back"
        await pilot.press("delete", "ctrl+d")
        assert titles(screen) == []
        assert "deleted “one”" in said(screen)
        await pilot.press("ctrl+z")
        assert titles(screen) == ["one"]
        assert said(screen) == "“one” is back"
        await pilot.press("ctrl+z", "ctrl+z", "ctrl+z")
        assert titles(screen) == ["[b]three", "two", "one"]
        await pilot.press("escape")

    play(screen, steps)
    assert len(history.conversations()) == 3


def test_in_the_search_delete_is_for_the_words(history: Broken) -> None:
    keep(history, "primes")
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press(*"pr", "home", "delete", "delete", "delete")
        assert screen.query_one("#search", Input).value == ""
        assert titles(screen) == ["primes"]
        await pilot.press("ctrl+d")
        assert titles(screen) == []
        await pilot.press("escape")

    play(screen, steps)


def test_a_title_can_be_changed_in_place(history: Broken) -> None:
    keep(history, "one")
    number = keep(history, "two")
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("f2", "end", *" [b]", "enter")
        assert titles(screen) == ["two [b]", "one"]
        await pilot.press("ctrl+r", *"again", "escape")
        assert titles(screen) == ["two [b]", "one"]
        await pilot.press("f2", *" ", "enter")
        assert "needs at least one letter" in said(screen)
        await pilot.press("escape", "enter")

    assert play(screen, steps) == [number]


def test_a_click_opens_the_conversation_under_it(history: Broken) -> None:
    first, _ = keep(history, "one"), keep(history, "two")

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.click(ConversationList, offset=(6, 1))

    assert play(screen_of(history), steps) == [first]


def test_a_store_that_fails_is_told_of_and_nothing_is_lost(history: Broken) -> None:
    keep(history, "one")
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        history.broken = True
        await pilot.press("delete")
        assert said(screen) == "the disk is full: make [room]"
        assert titles(screen) == ["one"]
        history.broken = False
        await pilot.press("delete")
        assert titles(screen) == []
        await pilot.press("escape")

    assert play(screen, steps) == [None]


def test_a_store_that_fails_from_the_first_is_told_of(history: Broken) -> None:
    history.broken = True
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        await wait_until(pilot, lambda: "the disk is full" in said(screen))
        await pilot.press("enter", "delete", "f2", "escape")

    assert play(screen, steps) == [None]


def test_a_long_list_is_read_as_far_as_it_is_looked_at(history: Broken) -> None:
    oldest = keep(history, "the oldest")
    for number in range(PAGE + 20):
        history.create(f"conversation {number}")
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        assert len(titles(screen)) == PAGE
        assert f"the latest {PAGE}" in said(screen)
        await pilot.press("end")
        await wait_until(pilot, lambda: len(titles(screen)) == PAGE + 21)
        assert f"{PAGE + 21} conversations" in said(screen)
        await pilot.press("end", "enter")

    assert play(screen, steps) == [oldest]


@pytest.mark.parametrize("size", SIZES)
def test_hostile_titles_and_texts_are_shown_as_text_on_any_terminal(history: Broken, size: tuple[int, int]) -> None:
    keep(history, "short")
    keep(history, HOSTILE, HOSTILE)
    screen = screen_of(history)

    async def steps(pilot: Pilot[None]) -> None:
        assert "[red]red[/red] \\x1b[31m" in seen(screen.query_one(ConversationList))
        await pilot.press(*"long")
        await wait_until(pilot, lambda: len(titles(screen)) == 1)
        assert inside(screen)
        await pilot.press("f2")
        assert "[red]red" in screen.query_one("#title", Input).value
        await pilot.press("escape")
        await pilot.press("delete")
        assert screen.query_one("KeyLine").region.bottom <= size[1]
        await pilot.press("escape")

    assert play(screen, steps, size) == [None]
