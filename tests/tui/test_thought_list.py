"""The list of thoughts: what is open, what is followed, and that nothing in a text is obeyed."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from localthink.chat.turn import Turn
from localthink.text.visible import visible
from localthink.tui.widgets.thought_list import ThoughtList
from tui.piloting import wait_until
from tui.turns import end, event, events, thinking_turn, words


class ListApp(App[None]):
    CSS = "ThoughtList { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.list = ThoughtList()

    def compose(self) -> ComposeResult:
        yield self.list


def run(check: Callable[[ListApp, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (80, 12)) -> None:
    async def play() -> None:
        app = ListApp()
        async with app.run_test(size=size) as pilot:
            await wait_until(pilot, lambda: app.list.size.width > 0)
            await check(app, pilot)
    asyncio.run(play())


def lines(shown: ThoughtList) -> list[str]:
    """The lines on the screen."""
    return [shown.render_line(y).text.rstrip() for y in range(shown.size.height)]


def every_line(shown: ThoughtList) -> list[str]:
    top = shown.scroll_offset.y
    return [shown.render_line(y - top).text.rstrip() for y in range(shown.virtual_size.height)]


def grow(shown: ThoughtList, turn: Turn, text: str) -> None:
    turn.take(events(len(turn.thoughts) - 1, text), turn.seconds + 1)
    shown.show(turn)


def test_earlier_thoughts_are_one_line_each_and_the_latest_is_open():
    async def check(app, pilot):
        app.list.show(thinking_turn(3, [412, 20, 12], held=[(0, 100), (0, 200)]))
        await pilot.pause()
        first, second, third, text = every_line(app.list)
        assert first.startswith("▸ 1 · Okay, let me see. ") and first.endswith(" 412 tokens · 3 s · held 2")
        assert second.startswith("▸ 2 · Alternatively, try number 2.") and second.endswith("  20 tokens · 3 s")
        assert third.startswith("▾ 3 ───") and third.endswith("─  12 tokens · 2 s")
        assert text.startswith("    Alternatively, try number 3.")
    run(check)


def test_a_narrow_list_leaves_the_words_out_of_the_figures():
    async def check(app, pilot):
        app.list.show(thinking_turn(2, [412, 12], held=[(0, 100)]))
        await pilot.pause()
        assert every_line(app.list)[0].endswith("… 412 ⊘ 1")
        assert all(cell_len(line) <= 39 for line in every_line(app.list))
    run(check, size=(40, 12))


def test_text_grows_in_the_open_thought_with_marks_where_switches_were_held():
    async def check(app, pilot):
        turn = thinking_turn(1, 4)
        app.list.show(turn)
        turn.take(events(0, " so it goes", held=[2]), 9.0)
        app.list.show(turn)
        await pilot.pause()
        assert every_line(app.list)[1] == "    Okay, let me see. so⊘ it goes"
    run(check)


def test_a_click_opens_a_thought_and_it_stays_open_to_the_end():
    async def check(app, pilot):
        turn = thinking_turn(3, 12)
        app.list.show(turn)
        await pilot.pause()
        await pilot.click(ThoughtList, offset=(10, 0))
        await wait_until(pilot, lambda: every_line(app.list)[0].startswith("▾ 1 "))
        turn.take(events(3, "Another way"), 20.0)
        app.list.show(turn)
        assert [line[:3] for line in every_line(app.list)] == ["▾ 1", "   ", "▸ 2", "▸ 3", "▾ 4", "   "]
        app.list.show(end(turn))
        assert [line[:3] for line in every_line(app.list)] == ["▾ 1", "   ", "▸ 2", "▸ 3", "▸ 4"]
        assert app.list.touched
        await pilot.click(ThoughtList, offset=(10, 0))
        await wait_until(pilot, lambda: every_line(app.list)[0].startswith("▸ 1 "))
    run(check)


def test_a_click_in_a_text_folds_nothing():
    async def check(app, pilot):
        app.list.show(thinking_turn(1, 40))
        await pilot.pause()
        await pilot.click(ThoughtList, offset=(10, 1))
        await pilot.pause()
        assert every_line(app.list)[0].startswith("▾ 1") and not app.list.touched
    run(check)


def test_keys_move_among_thoughts_and_open_them():
    async def check(app, pilot):
        app.list.show(thinking_turn(4, 12))
        app.list.focus()
        await wait_until(pilot, lambda: app.list.has_focus)
        await pilot.press("up", "up", "enter")
        await wait_until(pilot, lambda: any(line.startswith("▾ 2") for line in every_line(app.list)))
        await pilot.press("down", "space")
        await wait_until(pilot, lambda: any(line.startswith("▾ 3") for line in every_line(app.list)))
        await pilot.press("up", "up", "up", "up", "enter")
        await wait_until(pilot, lambda: any(line.startswith("▾ 1") for line in every_line(app.list)))
        await pilot.press("a")
        await wait_until(pilot, lambda: not any(line.startswith("▾") for line in every_line(app.list)))
        await pilot.press("a")
        await wait_until(pilot, lambda: not any(line.startswith("▸") for line in every_line(app.list)))
    run(check, size=(80, 30))


def test_the_end_is_followed_while_text_comes():
    async def check(app, pilot):
        turn = thinking_turn(1, 5)
        for place in range(40):
            grow(app.list, turn, f" and then line {place} is written\n")
            if place % 8 == 0:
                await pilot.pause()
        assert "line 39" in lines(app.list)[-1] and app.list.following
        await pilot.pause()
        assert "line 39" in lines(app.list)[-1] and app.list.following
    run(check)


def test_whoever_scrolls_up_stays_there_and_at_the_end_follows_again():
    async def check(app, pilot):
        turn = thinking_turn(1, 5)
        for place in range(40):
            grow(app.list, turn, f" and then line {place} is written\n")
        await pilot.pause()
        app.list.scroll_to(y=10, animate=False)
        await wait_until(pilot, lambda: not app.list.following)
        before = lines(app.list)
        for place in range(40, 50):
            grow(app.list, turn, f" and then line {place} is written\n")
        await pilot.pause()
        assert lines(app.list) == before
        app.list.scroll_to(y=app.list.max_scroll_y, animate=False)
        await wait_until(pilot, lambda: app.list.following)
        grow(app.list, turn, " and then line 50 is written\n")
        assert "line 50" in lines(app.list)[-1]
    run(check)


def test_keys_scroll_away_from_the_end_and_back_to_it():
    async def check(app, pilot):
        turn = thinking_turn(1, 400)
        app.list.show(turn)
        app.list.focus()
        await wait_until(pilot, lambda: app.list.max_scroll_y > 0 and app.list.scroll_y == app.list.max_scroll_y)
        await pilot.press("pageup")
        await wait_until(pilot, lambda: not app.list.following)
        await pilot.press("end")
        await wait_until(pilot, lambda: app.list.following)
        grow(app.list, turn, " to the very last")
        await wait_until(pilot, lambda: lines(app.list)[-1].endswith("last"))
    run(check)


def test_another_width_breaks_the_lines_anew_and_keeps_the_place():
    async def check(app, pilot):
        turn = thinking_turn(1, 4)
        for place in range(60):
            grow(app.list, turn, f" here is number {place} of many words")
        await pilot.pause()
        app.list.scroll_to(y=12, animate=False)
        await wait_until(pilot, lambda: not app.list.following)
        first = lines(app.list)[0].split()[0:4]
        await pilot.resize_terminal(43, 12)
        await wait_until(pilot, lambda: app.list.virtual_size.width == 42)
        assert all(cell_len(line) <= 42 for line in every_line(app.list))
        assert " ".join(first) in " ".join(lines(app.list)[0:2])
        whole = " ".join(line.strip() for line in every_line(app.list)[1:])
        assert whole == turn.thoughts[0].text
    run(check)


def test_at_another_width_the_end_is_still_followed():
    async def check(app, pilot):
        turn = thinking_turn(1, 400)
        app.list.show(turn)
        await pilot.pause()
        await pilot.resize_terminal(43, 9)
        await wait_until(pilot, lambda: app.list.size.height == 9)
        await wait_until(pilot, lambda: app.list.scroll_y == app.list.max_scroll_y)
        last = turn.thoughts[0].text.split()[-1]
        assert lines(app.list)[-1].endswith(last) and app.list.following
    run(check)


@pytest.mark.parametrize("text", [
    "[bold]not bold[/bold] [link=x]no[/]", "\x1b[31mred\x1b[0m", "a\x07b\rc", "\u202eback",
])
def test_nothing_in_a_text_is_obeyed(text):
    async def check(app, pilot):
        turn = Turn()
        turn.take([event(text), event(" and on", 1), event(text, 2)], 1.0)
        app.list.show(turn)
        await pilot.pause()
        shown = every_line(app.list)
        assert visible(text) in shown[0] and shown[3].strip() == visible(text)
    run(check)


def test_another_turn_takes_the_place_of_the_first():
    async def check(app, pilot):
        app.list.show(thinking_turn(5, 100))
        await pilot.pause()
        app.list.show(end(thinking_turn(2, 10)))
        await pilot.pause()
        assert [line[:3] for line in every_line(app.list)] == ["▸ 1", "▸ 2"] and not app.list.touched
    run(check)


def test_a_thought_that_is_chosen_elsewhere_is_opened_and_shown():
    async def check(app, pilot):
        app.list.show(thinking_turn(40, 40))
        await pilot.pause()
        app.list.open(7)
        await pilot.pause()
        assert any(line.startswith("▾  8") for line in lines(app.list))
        assert any(line.startswith("    Alternatively, try number 8.") for line in lines(app.list))
        assert not app.list.following
    run(check)


def test_a_thought_that_is_read_does_not_fold_when_the_next_begins():
    async def check(app, pilot):
        turn = thinking_turn(0)
        turn.take(events(0, words(400)), 1.0)
        app.list.show(turn)
        await pilot.pause()
        app.list.scroll_to(y=8, animate=False)
        await wait_until(pilot, lambda: not app.list.following)
        before = lines(app.list)
        turn.take(events(1, "Alternatively, something else"), 2.0)
        app.list.show(turn)
        await pilot.pause()
        assert lines(app.list) == before
    run(check)


def test_what_was_painted_bit_by_bit_is_what_is_painted_anew():
    async def check(app, pilot):
        turn = thinking_turn(2, 20)
        for place in range(60):
            text = f" here is number {place}{' of many words' * (place % 5)}" + "\n" * (place % 4 == 0)
            turn.take(events(2 + place // 20, text, held=[2] if place % 7 == 0 else []), float(place))
            app.list.show(turn)
            if place % 9 == 0:
                app.list.scroll_to(y=max(0, app.list.max_scroll_y - place % 4), animate=False)
            await pilot.pause()
            painted = app.export_screenshot()
            app.list.refresh()
            await pilot.pause()
            assert app.export_screenshot() == painted
    run(check, size=(80, 30))


def test_when_a_figure_grows_a_digit_those_above_it_move_along():
    async def check(app, pilot):
        turn = thinking_turn(2, [20, 99])
        app.list.show(turn)
        await pilot.pause()
        turn.take(events(1, " a"), turn.seconds)
        app.list.show(turn)
        await pilot.pause()
        painted = app.export_screenshot()
        app.list.refresh()
        await pilot.pause()
        assert app.export_screenshot() == painted
        assert every_line(app.list)[0].endswith("  20 tokens · 3 s")
    run(check)
