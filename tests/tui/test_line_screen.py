"""A line is given as it was typed; one that will not do is explained, and can be mended."""
from __future__ import annotations

import pytest
from textual.pilot import Pilot

from localthink.tui.screens.line import LineScreen
from tui.dialogs import HOSTILE, SIZES, inside, play, seen


def no_blanks(text: str) -> str | None:
    return None if text.strip() else "it is empty: give a letter"


def test_a_line_is_given_as_it_was_typed() -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("end", *"[b]", "enter")

    assert play(LineScreen("A title", "old"), steps) == ["old[b]"]


def test_a_line_that_is_left_gives_nothing() -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("x", "escape")

    assert play(LineScreen("A title", "old"), steps) == [None]


def test_a_line_that_will_not_do_is_explained_until_it_is_mended() -> None:
    screen = LineScreen("A title", "", "a title", no_blanks)

    async def steps(pilot: Pilot[None]) -> None:
        trouble = screen.query_one("#trouble")
        assert not trouble.display
        await pilot.press("enter")
        assert seen(trouble).strip() == "✕ it is empty: give a letter"
        await pilot.press("a")
        assert not trouble.display
        await pilot.press("enter")

    assert play(screen, steps) == ["a"]


@pytest.mark.parametrize("size", SIZES)
def test_hostile_texts_are_shown_as_text(size: tuple[int, int]) -> None:
    screen = LineScreen(HOSTILE, HOSTILE, HOSTILE, lambda text: HOSTILE)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        assert inside(screen)
        assert "[red]red[/red] \\x1b[31m" in " ".join(seen(screen.query_one("#trouble")).split())
        await pilot.press("escape")

    assert play(screen, steps, size) == [None]
