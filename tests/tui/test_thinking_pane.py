"""The pane: open while the model thinks, one line afterwards, and what a person decides wins."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.app import App, ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Static

from localthink.chat.turn import Turn
from localthink.tui.widgets.thinking_pane import ThinkingHeader, ThinkingPane, header_line
from localthink.tui.widgets.thought_list import ThoughtList
from localthink.tui.widgets.thought_map import ThoughtMap
from tui.piloting import wait_until
from tui.turns import answer, end, events, thinking_turn


class PaneApp(App[None]):
    CSS = "Vertical { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.pane = ThinkingPane()

    def compose(self) -> ComposeResult:
        with VerticalScroll(), Vertical():
            yield self.pane
            yield Static("what follows", id="after")


def run(check: Callable[[PaneApp, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    async def play() -> None:
        app = PaneApp()
        async with app.run_test(size=size) as pilot:
            await check(app, pilot)
    asyncio.run(play())


def header(app: PaneApp) -> str:
    return app.query_one(ThinkingHeader).render().plain


def test_while_the_model_thinks_the_pane_is_open():
    async def check(app, pilot):
        app.pane.show(thinking_turn(3, [400, 600, 204], held=[(0, 50), (1, 60)], seconds_each=10.5))
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        assert app.pane.expanded and not app.pane.pinned
        assert header(app)[2:] == "Thinking · 3 thoughts · 1,204 tokens · 27 s · held 2 · ▾ fold"
        assert app.query_one(ThoughtMap).size.height == 4
        assert app.query_one(ThoughtList).size.height >= 3
    run(check)


def test_when_the_answer_begins_it_folds_to_one_line():
    async def check(app, pilot):
        turn = thinking_turn(3, [400, 600, 204], held=[(0, 50), (1, 60)], seconds_each=10.5)
        app.pane.show(turn)
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        turn.take(answer("The answer"), 40.0)
        app.pane.show(turn)
        await wait_until(pilot, lambda: app.pane.size.height == 1)
        assert header(app) == "Thought for 27 s · 3 thoughts · 1,204 tokens · held 2 · ▸ open"
        assert app.query_one("#after").region.y == app.pane.region.bottom
    run(check)


def test_one_of_each_is_said_in_the_singular():
    assert header_line(thinking_turn(1, 1), True, 80)[0][2:] == "Thinking · 1 thought · 1 token · <1 s · ▾ fold"


@pytest.mark.parametrize(("width", "expected"), [
    (62, "Thought for 9 s · 3 thoughts · 1,200 tokens · held 1 · ▸ open"),
    (50, "Thought for 9 s · 3 thoughts · held 1 · ▸ open"),
    (38, "Thought for 9 s · 3 thoughts · ⊘ 1 · ▸"),
    (25, "Thought for 9 s · ⊘ 1 · ▸"),
])
def test_in_a_narrow_terminal_the_least_telling_figures_give_way(width, expected):
    turn = end(thinking_turn(3, 400, held=[(0, 50)], seconds_each=3.6))
    assert header_line(turn, False, width)[0] == expected


@pytest.mark.parametrize(("state", "said"), [
    ("cancelled", "Stopped after 3 s"), ("interrupted", "Cut off after 3 s"), ("length", "Cut off after 3 s"),
    ("stop", "Thought for 3 s"),
])
def test_thinking_that_ended_before_an_answer_stays_open(state, said):
    async def check(app, pilot):
        turn = thinking_turn(1, 40)
        app.pane.show(turn)
        turn.end(state)
        app.pane.show(turn)
        await wait_until(pilot, lambda: header(app).startswith(said))
        assert app.pane.expanded
        assert app.query_one(ThoughtList).size.height > 1
    run(check)


def test_what_was_opened_by_a_person_stays_open_when_the_answer_begins():
    async def check(app, pilot):
        turn = thinking_turn(3)
        app.pane.show(turn)
        app.pane.toggle()
        app.pane.toggle()
        assert app.pane.pinned and app.pane.expanded
        app.pane.show(end(turn))
        await pilot.pause()
        assert app.pane.expanded
    run(check)


def test_what_was_folded_by_a_person_stays_folded_while_the_model_thinks_on():
    async def check(app, pilot):
        turn = thinking_turn(1, 20)
        app.pane.show(turn)
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        await pilot.click(ThinkingHeader)
        await wait_until(pilot, lambda: app.pane.size.height == 1)
        turn.take(events(1, "Another way"), 20.0)
        app.pane.show(turn)
        await pilot.pause()
        assert not app.pane.expanded and "2 thoughts" in header(app) and header(app).endswith("▸ open")
        await pilot.click(ThinkingHeader)
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        assert app.query_one(ThoughtList).virtual_size.height == 3
    run(check)


def test_the_header_is_opened_by_the_keyboard():
    async def check(app, pilot):
        app.pane.show(end(thinking_turn(4)))
        await pilot.pause()
        app.query_one(ThinkingHeader).focus()
        await pilot.press("enter")
        await wait_until(pilot, lambda: app.pane.expanded)
        await pilot.press("space")
        await wait_until(pilot, lambda: not app.pane.expanded)
    run(check)


def test_a_thought_that_a_person_opened_keeps_the_pane_open():
    async def check(app, pilot):
        turn = thinking_turn(3)
        app.pane.show(turn)
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        await pilot.click(ThoughtList, offset=(8, 0))
        await wait_until(pilot, lambda: app.pane.list.touched)
        app.pane.show(end(turn))
        await pilot.pause()
        assert app.pane.expanded and app.pane.pinned
    run(check)


def test_whoever_reads_further_up_is_not_disturbed_by_the_answer():
    async def check(app, pilot):
        turn = thinking_turn(1, 600)
        app.pane.show(turn)
        await wait_until(pilot, lambda: app.pane.list is not None and app.pane.list.max_scroll_y > 4)
        app.pane.list.scroll_to(y=2, animate=False)
        await wait_until(pilot, lambda: not app.pane.list.following)
        app.pane.show(end(turn))
        await pilot.pause()
        assert app.pane.expanded
    run(check)


def test_a_stored_answer_is_folded_and_nothing_is_made_below_its_line():
    async def check(app, pilot):
        app.pane.show(end(thinking_turn(30, 40)))
        await pilot.pause()
        assert app.pane.size.height == 1
        assert app.pane.map is None and app.pane.list is None
        app.pane.toggle()
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        assert app.query_one(ThoughtList).virtual_size.height == 30
    run(check)


def test_while_folded_the_text_is_not_touched(monkeypatch):
    async def check(app, pilot):
        turn = thinking_turn(2, 20)
        app.pane.show(turn)
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        app.pane.toggle()
        shown = []
        monkeypatch.setattr(app.pane.list, "show", shown.append)
        monkeypatch.setattr(app.pane.map, "show", shown.append)
        turn.take(events(2, "Another way"), 20.0)
        app.pane.show(turn)
        assert shown == []
    run(check)


def test_a_flush_with_nothing_new_does_nothing(monkeypatch):
    async def check(app, pilot):
        turn = thinking_turn(2, 20)
        app.pane.show(turn)
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        shown = []
        monkeypatch.setattr(app.pane.list, "show", shown.append)
        monkeypatch.setattr(ThinkingHeader, "show", lambda *news: shown.append(news))
        app.pane.show(turn)
        assert shown == []
    run(check)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40), (30, 8)])
@pytest.mark.parametrize("thoughts", [1, 3, 30, 120])
def test_the_pane_is_bounded_and_its_parts_have_room(size, thoughts):
    async def check(app, pilot):
        app.pane.show(thinking_turn(thoughts, 300, held=[(0, 5)]))
        await wait_until(pilot, lambda: app.pane.size.height > 4)
        shown, drawn = app.query_one(ThoughtList), app.query_one(ThoughtMap)
        assert app.pane.size.height <= max(size[1] * 0.6, 1 + drawn.size.height + 3)
        assert shown.size.height >= 3
        assert app.pane.size.height == 1 + drawn.size.height + shown.size.height
        assert shown.region.bottom == app.pane.region.bottom
        assert app.query_one("#after").region.y == app.pane.region.bottom
    run(check, size)


def test_a_pane_with_little_text_is_no_higher_than_that():
    async def check(app, pilot):
        app.pane.show(thinking_turn(1, 10))
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        assert app.pane.size.height == 1 + 2 + 2  # header, bar and caption, thought and text
    run(check)


def test_the_pane_grows_with_the_text_up_to_its_bound():
    async def check(app, pilot):
        turn, heights = thinking_turn(1, 4), []
        for place in range(30):
            turn.take(events(0, " and a line of words that fills some cells of it\n"), float(place))
            app.pane.show(turn)
            await pilot.pause()
            heights.append(app.pane.size.height)
        assert heights == sorted(heights) and heights[0] < heights[-1] == 14
        assert app.pane.list.following
        assert app.pane.list.scroll_y == app.pane.list.max_scroll_y > 0
    run(check)


def test_a_click_in_the_map_opens_that_thought():
    async def check(app, pilot):
        app.pane.show(thinking_turn(4, 40))
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        await pilot.click(ThoughtMap, offset=(4, 1))
        await wait_until(pilot, lambda: app.pane.list.touched)
        shown = app.pane.list
        lines = [shown.render_line(y).text for y in range(shown.size.height)]
        assert any(line.startswith("▾ 2") for line in lines)
    run(check)


def test_when_it_folds_the_focus_stays_on_its_line():
    async def check(app, pilot):
        app.pane.show(thinking_turn(4, 40))
        await wait_until(pilot, lambda: app.pane.size.height > 1)
        app.pane.list.focus()
        await wait_until(pilot, lambda: app.pane.list.has_focus)
        app.pane.toggle()
        await wait_until(pilot, lambda: app.query_one(ThinkingHeader).has_focus)
    run(check)


def test_a_turn_that_is_shown_before_the_pane_is_there_appears_with_it():
    async def check(app, pilot):
        pane = ThinkingPane()
        pane.show(thinking_turn(2, 20))
        await app.query_one(Vertical).mount(pane)
        await wait_until(pilot, lambda: pane.size.height > 1)
        assert [type(child) for child in pane.children] == [ThinkingHeader, ThoughtMap, ThoughtList]
    run(check)


def test_a_turn_without_thoughts_shows_nothing():
    async def check(app, pilot):
        app.pane.show(Turn())
        await pilot.pause()
        assert not app.pane.expanded and header(app) == ""
    run(check)
