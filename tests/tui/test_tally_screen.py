"""The count over many seeds, from the comparison: it grows, stops, goes on, and says what it found."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from chat.scripted import DIED
from localthink.tui.screens import compare
from localthink.tui.screens.tally import MANY, SOME, TallyScreen
from tui.piloting import wait_until
from tui.test_compare_screen import CompareApp, done


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(compare, "PAUSE_FACTOR", 0)


class Counting:
    """A comparison that has ended, and the count that was opened from it."""

    def __init__(self, app: CompareApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.client = app, pilot, app.client

    @property
    def text(self) -> str:
        return "\n".join("".join(segment.text for segment in strip)
                         for strip in self.app.screen._compositor.render_strips())

    async def shows(self, *words: str) -> None:
        await wait_until(self.pilot, lambda: all(word in self.text for word in words))

    async def count(self, seeds: int) -> None:
        """Write until so many are counted."""
        def counted() -> bool:
            self.client.advance(5)
            return len(self.app.screen.tally.pairs) >= seeds
        await wait_until(self.pilot, counted)


def counting(check: Callable[[Counting], Awaitable[None]], size: tuple[int, int] = (100, 40)) -> None:
    app = CompareApp()

    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await done(app, pilot)
            await pilot.press("n")
            await wait_until(pilot, lambda: isinstance(app.screen, TallyScreen) and len(app.client.asks) > 2)
            await check(Counting(app, pilot))
    asyncio.run(play())


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (50, 20)])
def test_it_grows_to_sixteen_and_says_what_it_found(size):
    async def check(counting):
        await counting.count(2)
        await counting.shows(f"of {SOME} seeds", "Stop", "makes 57")
        await counting.count(SOME)
        await counting.shows(f"{SOME} of {SOME} seeds", "points", "Back", "More")
        assert counting.app.screen.query_one("#page").max_scroll_x == 0
    counting(check, size)


def test_escape_stops_it_keeps_what_is_counted_and_then_leaves():
    async def check(counting):
        await counting.count(3)
        await counting.pilot.press("escape")
        await counting.shows(f"of {SOME} seeds", "stopped", "More")
        assert not counting.client.writing
        before = len(counting.app.screen.tally.pairs)
        await counting.pilot.press("escape")
        await wait_until(counting.pilot, lambda: counting.app.screen is counting.app.compared)
        await counting.pilot.press("n")
        await counting.shows(f"{before} of {SOME} seeds")
    counting(check)


@pytest.mark.slow
def test_more_goes_on_to_sixty_four():
    async def check(counting):
        await counting.count(SOME)
        await counting.shows("More")
        await counting.pilot.press("n")
        await counting.shows(f"of {MANY} seeds", "Stop")
        await counting.count(MANY)
        await counting.shows(f"{MANY} of {MANY} seeds", "Back")
        assert "More" not in counting.text
    counting(check)


def test_more_can_be_asked_for_while_it_counts_and_what_is_stopped_goes_on_to_where_it_was_going():
    async def check(counting):
        await counting.count(2)
        await counting.pilot.press("n")
        await counting.shows(f"of {MANY} seeds", "Stop")
        assert "More" not in counting.text
        await counting.pilot.press("escape")
        await counting.shows("stopped", "More")
        await counting.pilot.press("n")
        await counting.count(SOME + 1)
        await counting.shows(f"of {MANY} seeds", "Stop")
    counting(check)


def test_an_engine_that_dies_is_told_and_opened_again():
    async def check(counting):
        await counting.count(2)
        counting.client.die()
        await counting.shows("It ended early", DIED[:20])
        before = len(counting.app.screen.tally.pairs)
        await counting.pilot.press("n")
        await counting.count(SOME)
        await counting.shows(f"{SOME} of {SOME} seeds")
        assert before >= 2 and counting.client.starts == 2 and "It ended early" not in counting.text
    counting(check)


def test_another_seed_or_setting_begins_another_count():
    async def check(counting):
        await counting.count(SOME)
        await counting.shows("Back")
        await counting.pilot.press("escape")
        await wait_until(counting.pilot, lambda: counting.app.screen is counting.app.compared)
        await counting.pilot.press("r")
        await wait_until(counting.pilot, lambda: "n" not in counting.app.screen.active_bindings
                         or not counting.app.screen.active_bindings["n"].enabled or counting.app.compared.writing)
        counting.client.finish()
        await wait_until(counting.pilot, lambda: counting.app.compared.check_action("tally", ()) is True)
        asked = len(counting.client.asks)
        await counting.pilot.press("n")
        await wait_until(counting.pilot, lambda: len(counting.client.asks) > asked)
        assert counting.client.asks[asked].seed == 77
    counting(check)
