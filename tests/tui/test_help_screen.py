"""The help has every key and every word of the explanation, on any terminal, and goes as it came."""
from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from localthink.tui.keys import ALL_KEYS, groups
from localthink.tui.screens.help import MAP, THOUGHTS, HelpScreen
from tui.dialogs import SIZES, inside, play, seen


@pytest.mark.parametrize("size", SIZES)
def test_every_key_and_every_word_is_there_on_any_terminal(size: tuple[int, int]) -> None:
    screen = HelpScreen()

    async def steps(pilot: Pilot[None]) -> None:
        words = " ".join(" ".join(seen(part) for part in screen.query("#pages Static").results(Static)).split())
        for paragraph in (*THOUGHTS, *MAP, *groups(ALL_KEYS)):
            assert paragraph in words
        for key in ALL_KEYS:
            assert all(word in words for word in f"{key.names} {key.help}".split())
        assert inside(screen)
        pages = screen.query_one("#pages")
        assert pages.max_scroll_x == 0
        await pilot.press("end")
        await pilot.pause(0.5)
        assert pages.scroll_offset.y == pages.max_scroll_y > 0
        await pilot.press("f1")

    assert play(screen, steps, size) == [None]


def test_a_key_goes_to_the_explanation_and_escape_closes() -> None:
    screen = HelpScreen()

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("p")
        await pilot.pause()
        assert screen.query_one("#penalty").region.y == screen.query_one("#pages").region.y
        await pilot.press("escape")

    assert play(screen, steps) == [None]
