"""The token view: it follows the end, stays where a person looks, and knows what was clicked on."""
from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from localthink.chat.turn import RECENT, Turn
from localthink.records import Alternative, Event
from localthink.tui.widgets.alternatives import Alternatives
from localthink.tui.widgets.token_flow import TokenFlow
from localthink.tui.widgets.token_view import TokenView
from tui.piloting import wait_until


def event(number: int, probability: float = 0.95, held: int = 0, text: str = "") -> Event:
    logprob = math.log(probability)
    text = text or f" t{number}"
    return Event(1, 0, number, text, "thinking", 0, False, logprob, logprob, held, alternatives=
                 (Alternative(number, text, probability, probability),))


def turn_of(numbers: Sequence[int]) -> Turn:
    turn = Turn()
    turn.take([event(number) for number in numbers], 1.0)
    return turn


class TokenApp(App[None]):
    def compose(self) -> ComposeResult:
        yield TokenView()

    @property
    def view(self) -> TokenView:
        return self.query_one(TokenView)

    @property
    def flow(self) -> TokenFlow:
        return self.query_one(TokenFlow)

    def lines(self) -> list[str]:
        return [self.flow.render_line(line).text.rstrip() for line in range(self.flow.size.height)]

    def about(self) -> str:
        return str(self.query_one(Alternatives).border_title)


def piloted(steps: Callable[[TokenApp, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (60, 24)) -> None:
    async def run() -> None:
        app = TokenApp()
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(app, pilot)

    asyncio.run(run())


@pytest.mark.parametrize("size", [(40, 24), (60, 24), (120, 24), (60, 12)])
def test_it_follows_the_end(size):
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn = turn_of(range(100))
        app.view.show(turn)
        await wait_until(pilot, lambda: app.about().startswith("token 100 "))
        assert any(line.endswith("t99") for line in app.lines())
        for number in range(100, 900, 7):
            turn.take([event(number + place) for place in range(7)], 2.0)
            app.view.show(turn)
        await wait_until(pilot, lambda: app.about().startswith("token 905 "))
        assert any(line.endswith("t904") for line in app.lines())

    piloted(steps, size)


def test_what_a_person_looks_at_stays_in_its_place():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn = turn_of(range(200))
        app.view.show(turn)
        app.view.focus()
        await pilot.press("up", "left")
        await wait_until(pilot, lambda: app.flow.cursor is not None)
        cursor, lines, about = app.flow.cursor, app.lines(), app.about()
        for number in range(200, 620):  # lines are let go at the beginning
            turn.take([event(number)], 2.0)
            app.view.show(turn)
        await pilot.pause()
        assert (app.flow.cursor, app.lines()[:2], app.about()) == (cursor, lines[:2], about)

    piloted(steps)


def test_a_marked_token_that_is_let_go_gives_its_mark_to_the_oldest():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn = turn_of(range(100))
        app.view.show(turn)
        app.view.focus()
        await pilot.press("home")
        await wait_until(pilot, lambda: app.about().startswith("token 1 "))
        for number in range(100, 1000, 10):
            turn.take([event(number + place) for place in range(10)], 2.0)
            app.view.show(turn)
        await wait_until(pilot, lambda: not app.about().startswith("token 1 "))
        assert app.flow.event is not None
        assert app.lines()[0].startswith(app.flow.event.text)
        assert 1000 - RECENT - 20 < app.flow.selected <= 1000 - RECENT

    piloted(steps)


def test_the_keys_move_the_cursor_and_the_end_is_followed_again():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn = turn_of(range(60))
        app.view.show(turn)
        app.view.focus()
        for key, number in (("left", 59), ("left", 58), ("right", 59), ("home", 1), ("right", 2), ("left", 1),
                            ("left", 1), ("end", 60)):
            await pilot.press(key)
            await wait_until(pilot, lambda: app.about().startswith(f"token {number} "))  # noqa: B023
        assert app.flow.cursor is None
        await pilot.press("home", "down")
        await wait_until(pilot, lambda: app.flow.selected > 5)
        await pilot.press("up")
        await wait_until(pilot, lambda: app.flow.selected == 0)

    piloted(steps)


def test_a_click_marks_a_token():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        app.view.show(turn_of(range(10)))
        await pilot.pause()
        await pilot.click(TokenFlow, offset=(1 + len(" t0 t1 "), 1))
        await wait_until(pilot, lambda: app.about().startswith("token 3 "))
        assert app.focused is app.view

    piloted(steps)


def test_scrolling_up_is_not_undone_by_new_tokens():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn = turn_of(range(200))
        app.view.show(turn)
        await pilot.pause()
        app.flow.scroll_to(y=2, animate=False, force=True)
        await pilot.pause()
        lines = app.lines()
        turn.take([event(200)], 2.0)
        app.view.show(turn)
        await pilot.pause()
        assert app.lines() == lines

    piloted(steps)


def test_another_turn_is_shown_from_its_end():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        app.view.show(turn_of(range(300)))
        app.view.focus()
        await pilot.press("home")
        app.view.show(turn_of(range(5)))
        await wait_until(pilot, lambda: app.lines()[0] == " t0 t1 t2 t3 t4")
        assert app.about().startswith("token 5 ")
        app.view.show(Turn())
        await wait_until(pilot, lambda: "while it is written" in " ".join(app.lines()))
        assert app.about() == ""

    piloted(steps)


def test_tokens_that_came_while_it_was_hidden_are_there_when_it_is_shown():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn = turn_of(range(10))
        app.view.display = False
        await pilot.pause()
        app.view.show(turn)
        turn.take([event(number) for number in range(10, 2000)], 2.0)
        app.view.display = True
        await pilot.pause()
        app.view.show(turn)
        await wait_until(pilot, lambda: app.about().startswith("token 2,000 "))
        assert any(line.endswith("t1999") for line in app.lines())

    piloted(steps)


def test_nothing_is_drawn_again_where_nothing_is_new():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn, drawn = turn_of(range(50)), []
        app.view.show(turn)
        app.flow.refresh = lambda *regions, **options: drawn.append(regions)  # type: ignore[method-assign]
        app.view.show(turn)
        assert drawn == []

    piloted(steps)


def test_a_change_of_width_keeps_the_tokens_and_the_mark():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        app.view.show(turn_of(range(100)))
        app.view.focus()
        await pilot.press("home", "right", "right")
        await pilot.resize_terminal(40, 24)
        await wait_until(pilot, lambda: app.flow.size.width < 40)
        await wait_until(pilot, lambda: app.lines()[0].startswith(" t0 t1 t2"))
        assert app.about().startswith("token 3 ")
        assert all(cell_len(line) <= 38 for line in app.lines())

    piloted(steps)


def test_it_begins_at_the_latest_mark_and_keys_go_from_mark_to_mark():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn = turn_of(range(20))
        turn.take([event(number, held=int(number in (25, 40, 41))) for number in range(20, 60)], 2.0)
        app.view.show(turn)
        app.view.focus()
        for key, place in (("", 41), ("n", 41), ("p", 40), ("p", 25), ("p", 25), ("n", 40), ("end", 59), ("p", 41)):
            await pilot.press(*filter(None, [key]))
            await wait_until(pilot, lambda: app.flow.selected == place)  # noqa: B023
        await pilot.press("end")
        turn.take([event(60, held=1), event(61)], 3.0)
        app.view.show(turn)
        await wait_until(pilot, lambda: app.flow.selected == 61)
        app.view.start()
        app.view.show(turn)
        await wait_until(pilot, lambda: app.flow.selected == 60)

    piloted(steps)


def test_what_a_model_writes_is_never_markup():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        turn = Turn()
        turn.take([event(1, text="[red]"), event(2, text="\x1b[2J")], 1.0)
        app.view.show(turn)
        await wait_until(pilot, lambda: app.lines()[0] == "[red]\\x1b[2J")

    piloted(steps)


def test_five_steps_differ_without_colours(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        styles = [app.flow.get_component_rich_style(f"token-flow--{step}") for step in range(5)]
        assert len({(style.bold, style.dim, style.underline, style.italic) for style in styles}) == 5
        app.view.show(turn_of(range(20)))
        await wait_until(pilot, lambda: "t19" in app.export_screenshot())

    piloted(steps)


def test_the_legend_says_what_the_colours_mean_in_every_theme():
    async def steps(app: TokenApp, pilot: Pilot[None]) -> None:
        for theme in ("textual-light", "ansi-dark", "textual-dark"):
            app.theme = theme
            await pilot.pause()
            assert all(name in str(app.flow.border_title) for name in ("≥90 %", "≥60", "≥30", "≥10", "<10", "⊘"))

    piloted(steps)
