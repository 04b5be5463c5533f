"""The map: what a person sees of the thoughts, and what a click on it tells."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from localthink.tui.widgets.thought_map import ThoughtMap
from tui.piloting import wait_until
from tui.turns import end, events, thinking_turn


class MapApp(App[None]):
    def __init__(self, rows: int = 8, maps: int = 1) -> None:
        super().__init__()
        self.maps = [ThoughtMap(rows) for _ in range(maps)]
        self.chosen: list[tuple[int, bool]] = []

    def compose(self) -> ComposeResult:
        yield from self.maps

    def on_thought_map_chosen(self, event: ThoughtMap.Chosen) -> None:
        self.chosen.append((event.index, event.clicked))


def run(check: Callable[[MapApp, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (80, 24), rows: int = 8,
        maps: int = 1) -> None:
    async def play() -> None:
        app = MapApp(rows, maps)
        async with app.run_test(size=size) as pilot:
            await check(app, pilot)
    asyncio.run(play())


def lines(shown: ThoughtMap) -> list[str]:
    return [shown.render_line(y).text.rstrip() for y in range(shown.size.height)]


def test_every_thought_has_a_row_with_its_number_its_bar_and_its_figures():
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(3, [300, 20, 90], held=[(0, 100), (0, 200), (2, 50)], alpha=3.0))
        await wait_until(pilot, lambda: app.maps[0].size.height == 4)
        first, second, third, caption = lines(app.maps[0])
        assert first.startswith("1 ██") and first.endswith("300  ⊘ 2") and first.count("⊘") == 3
        assert second.startswith("2 █") and second.endswith("20") and "⊘" not in second
        assert third.startswith("3 ██") and third.endswith("90  ⊘ 1") and "░" in third
        assert caption == "thoughts by length · ⊘ a switch held back · ░ the penalty reaches so far"
        assert first.count("█") > third.count("█") > second.count("█")
    run(check)


def test_a_map_without_thoughts_takes_no_room():
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(0))
        await pilot.pause()
        assert app.maps[0].size.height == 0
    run(check)


def test_the_earliest_thoughts_share_a_row_when_there_are_many():
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(30, 40))
        await wait_until(pilot, lambda: app.maps[0].size.height == 10)
        shown = lines(app.maps[0])
        assert shown[0].startswith("1–23 ▅") and shown[0].endswith("~40")
        assert [line.split()[0] for line in shown[1:8]] == ["24", "25", "26", "27", "28", "29", "30"]
    run(check, size=(80, 40))


def test_a_small_terminal_has_fewer_rows_and_no_caption():
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(30, 40))
        await wait_until(pilot, lambda: app.maps[0].size.height == 2)
        assert [line.split()[0] for line in lines(app.maps[0])] == ["1–29", "30"]
    run(check, size=(40, 12))


def test_the_reach_of_the_penalty_is_shown_only_while_the_model_thinks():
    async def check(app, pilot):
        turn = thinking_turn(2, 40)
        app.maps[0].show(turn)
        await wait_until(pilot, lambda: app.maps[0].size.height == 3)
        assert "░" not in lines(app.maps[0])[0] and "░" in lines(app.maps[0])[1]
        app.maps[0].show(end(turn))
        assert not any("░" in line for line in lines(app.maps[0]))
        assert lines(app.maps[0])[-1] == "thoughts by length: many short ones are underthinking · ⊘ a jump held back"
    run(check)


def test_without_a_penalty_the_caption_speaks_of_none():
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(2, 40, alpha=0.0))
        await wait_until(pilot, lambda: app.maps[0].size.height == 3)
        assert lines(app.maps[0])[-1] == "thoughts by length: many short ones are underthinking"
    run(check)


def test_a_penalty_that_reaches_beyond_the_scale_is_marked():
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(1, 40, beta=float("inf")))
        await wait_until(pilot, lambda: app.maps[0].size.height == 2)
        assert "░›" in lines(app.maps[0])[0]
    run(check)


def test_two_maps_can_share_scale_and_columns():
    async def check(app, pilot):
        turns = [thinking_turn(12, 20, alpha=0.0), thinking_turn(1, 200, held=[(0, 50)])]
        for shown, turn, beside in zip(app.maps, turns, reversed(turns), strict=True):
            shown.show(turn, beside)
        await wait_until(pilot, lambda: all(shown.size.height for shown in app.maps))
        short, long = (lines(shown)[-2] for shown in app.maps)
        assert short.count("█") <= long.count("█") / 8
        assert short.index("█") == long.index("█")
        assert app.maps[0].render_line(1).text.rstrip().endswith(" 20")
    run(check, maps=2)


def test_a_map_can_go_without_its_caption():
    async def check(app, pilot):
        app.maps[0].captioned = False
        app.maps[0].show(thinking_turn(2, 40))
        await wait_until(pilot, lambda: app.maps[0].size.height == 2)
        assert lines(app.maps[0])[1].startswith("2 ")
    run(check)


def test_nothing_is_drawn_again_where_nothing_has_changed(monkeypatch):
    async def check(app, pilot):
        turn = thinking_turn(3, 40)
        app.maps[0].show(turn)
        await wait_until(pilot, lambda: app.maps[0].size.height == 4)
        refreshed = []
        monkeypatch.setattr(app.maps[0], "refresh", lambda *regions, **how: refreshed.append(how))
        app.maps[0].show(turn)
        assert refreshed == []
        turn.take(events(2, "and more"), 100.0)
        app.maps[0].show(turn)
        assert refreshed == [{"layout": False}]
    run(check)


def test_a_click_chooses_a_thought_and_pointing_at_it_shows_which():
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(3, 40))
        await wait_until(pilot, lambda: app.maps[0].size.height == 4)
        await pilot.hover(ThoughtMap, offset=(5, 2))
        await pilot.click(ThoughtMap, offset=(5, 1))
        await wait_until(pilot, lambda: (1, True) in app.chosen)
        assert (2, False) in app.chosen
        await pilot.click(ThoughtMap, offset=(5, 3))  # the caption
        assert [index for index, clicked in app.chosen if clicked] == [1]
    run(check)


def test_a_click_on_an_upright_bar_chooses_its_thought():
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(20, 40))
        await wait_until(pilot, lambda: app.maps[0].size.height == 5)
        assert lines(app.maps[0])[0].startswith("1–17 ")
        await pilot.click(ThoughtMap, offset=(5 + 3, 0))
        await wait_until(pilot, lambda: (3, True) in app.chosen)
    run(check)


@pytest.mark.parametrize("width", [6, 11, 19, 40, 77, 200])
@pytest.mark.parametrize("thoughts", [1, 9, 130])
def test_every_line_is_as_wide_as_the_map(width, thoughts):
    async def check(app, pilot):
        app.maps[0].show(thinking_turn(thoughts, 30, held=[(0, 10), (0, 20)]))
        await wait_until(pilot, lambda: app.maps[0].size.height > 0)
        for y in range(app.maps[0].size.height):
            assert cell_len(app.maps[0].render_line(y).text) == width
    run(check, size=(width, 30))
