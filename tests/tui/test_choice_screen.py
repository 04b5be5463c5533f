"""A choice is made by mark, number or mouse; Esc makes none."""
from __future__ import annotations

import pytest
from textual.pilot import Pilot

from localthink.tui.screens.choice import ChoiceScreen
from localthink.tui.widgets.choices import Choices
from localthink.tui.widgets.key_line import KeyLine
from tui.dialogs import HOSTILE, SIZES, inside, play, seen

CHOICES = (("drop", "Leave the oldest turns out", "as many as it takes"), ("new", "A new conversation", ""),
           ("back", "Back to the question", "to make it shorter"))


def choice() -> ChoiceScreen:
    return ChoiceScreen("This does not fit", "It is 18,204 tokens.", CHOICES)


@pytest.mark.parametrize(("keys", "given"), [
    (["enter"], "drop"), (["down", "enter"], "new"), (["up", "enter"], "back"), (["2"], "new"), (["3"], "back"),
    (["escape"], None), (["9", "0", "x", "escape"], None),
])
def test_a_choice_is_made_by_its_mark_or_its_number(keys: list[str], given: str | None) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)

    assert play(choice(), steps) == [given]


def test_a_click_chooses() -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.click(Choices, offset=(6, 3))  # the first takes two lines, the second one

    assert play(choice(), steps) == ["back"]


def test_a_click_on_a_key_presses_it() -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.click(KeyLine, offset=(2, 0))

    assert play(choice(), steps) == ["drop"]


@pytest.mark.parametrize("size", SIZES)
def test_hostile_texts_are_shown_and_the_keys_stay_in_sight(size: tuple[int, int]) -> None:
    screen = ChoiceScreen(HOSTILE, HOSTILE, [(str(number), HOSTILE, HOSTILE) for number in range(12)])

    async def steps(pilot: Pilot[None]) -> None:
        assert inside(screen)
        assert "Enter Choose" in seen(screen.query_one(KeyLine))
        assert screen.query_one(KeyLine).region.bottom <= size[1]
        assert "[red]red[/red] \\x1b[31m" in " ".join(seen(screen.query_one(Choices)).split())
        assert screen.query_one(Choices).region.bottom <= screen.query_one(KeyLine).region.y
        await pilot.press("end", "enter")

    assert play(screen, steps, size) == ["11"]
