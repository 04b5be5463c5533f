"""The prompt: what its keys do, what is sent, and that nothing that was written is lost."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from localthink.tui.widgets.prompt import Prompt
from tui.piloting import wait_until

SCREEN_KEYS = ("escape", "ctrl+s", "ctrl+t", "ctrl+g", "ctrl+n", "ctrl+o", "ctrl+l", "ctrl+r", "ctrl+q", "ctrl+p",
               "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9")


class PromptApp(App[None]):
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [(key, f"seen('{key}')", key) for key in SCREEN_KEYS]

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.seen: list[str] = []

    def compose(self) -> ComposeResult:
        yield Prompt()

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)

    def on_prompt_sent(self, event: Prompt.Sent) -> None:
        self.sent.append(event.text)

    def action_seen(self, key: str) -> None:
        self.seen.append(key)


def piloted(steps: Callable[[PromptApp, Pilot[None]], Awaitable[None]], width: int = 60) -> None:
    async def run() -> None:
        app = PromptApp()
        async with app.run_test(size=(width, 24)) as pilot:
            app.prompt.focus()
            await pilot.pause()
            await steps(app, pilot)

    asyncio.run(run())


def test_enter_sends_and_leaves_the_text_to_be_taken():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        await pilot.press("h", "i", "enter")
        await wait_until(pilot, lambda: app.sent == ["hi"])
        assert app.prompt.text == "hi"
        assert app.prompt.take() == "hi"
        assert app.prompt.text == ""

    piloted(steps)


@pytest.mark.parametrize("key", ["shift+enter", "alt+enter", "ctrl+j"])
def test_a_new_line_is_not_sent(key):
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        await pilot.press("a", key, "b")
        await wait_until(pilot, lambda: app.prompt.text == "a\nb")
        assert app.sent == []

    piloted(steps)


@pytest.mark.parametrize("blank", ["", "   ", "\n\n \t"])
def test_blank_text_is_not_sent(blank):
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        app.prompt.text = blank
        await pilot.press("enter", "x", "enter")
        await wait_until(pilot, lambda: len(app.sent) == 1)
        assert "x" in app.sent[0]

    piloted(steps)


def test_a_paste_of_many_lines_is_one_question():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        app.post_message(events.Paste("one\ntwo\r\nthree"))
        await wait_until(pilot, lambda: app.prompt.text == "one\ntwo\nthree")
        assert app.sent == []
        await pilot.press("enter")
        await wait_until(pilot, lambda: app.sent == ["one\ntwo\nthree"])

    piloted(steps)


def test_what_looks_like_markup_is_sent_and_shown_as_it_is():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        app.prompt.text = "[bold]x[/bold] [b"
        await pilot.press("enter")
        await wait_until(pilot, lambda: app.sent == ["[bold]x[/bold] [b"])
        assert app.prompt.render_line(0).text.startswith("[bold]x[/bold] [b")

    piloted(steps)


def test_a_control_character_is_kept_but_never_drawn():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        app.prompt.text = "a\x1b[2Jb\u202ec"
        await pilot.pause()
        drawn = app.prompt.render_line(0).text
        assert "\x1b" not in drawn
        assert "\u202e" not in drawn
        assert app.prompt.take() == "a\x1b[2Jb\u202ec"

    piloted(steps)


def test_it_grows_from_one_line_to_eight():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        for lines in (1, 2, 5, 8):
            app.prompt.text = "\n".join("x" * lines)
            await wait_until(pilot, lambda: app.prompt.content_size.height == lines)  # noqa: B023
        app.prompt.text = "x\n" * 30
        await wait_until(pilot, lambda: app.prompt.content_size.height == 8)
        app.prompt.take()
        await wait_until(pilot, lambda: app.prompt.content_size.height == 1)

    piloted(steps)


def test_long_lines_count_as_the_lines_they_take():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        app.prompt.text = "word " * 20
        await wait_until(pilot, lambda: app.prompt.content_size.height >= 3)

    piloted(steps, width=40)


def test_earlier_questions_come_back_and_the_draft_is_not_lost():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        prompt = app.prompt
        prompt.remember("first")
        prompt.remember("second")
        prompt.text = "draft"
        for key, text in (("up", "second"), ("up", "first"), ("up", "first"), ("down", "second"), ("down", "draft"),
                          ("down", "draft")):
            await pilot.press(key)
            await wait_until(pilot, lambda: prompt.text == text)  # noqa: B023

    piloted(steps)


def test_what_was_made_of_an_earlier_question_is_there_when_one_comes_back_to_it():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        prompt = app.prompt
        prompt.remember("first")
        await pilot.press("up", "!", "down")
        await wait_until(pilot, lambda: prompt.text == "")
        await pilot.press("up")
        await wait_until(pilot, lambda: prompt.text == "first!")
        prompt.take()
        await pilot.press("up")
        await wait_until(pilot, lambda: prompt.text == "first")

    piloted(steps)


def test_the_arrows_move_within_lines_before_they_leave_them():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        prompt = app.prompt
        prompt.remember("earlier")
        prompt.text = "one\ntwo"
        prompt.move_cursor((1, 0))
        await pilot.press("up")
        await wait_until(pilot, lambda: prompt.cursor_location == (0, 0))
        assert prompt.text == "one\ntwo"
        await pilot.press("up")
        await wait_until(pilot, lambda: prompt.text == "earlier")

    piloted(steps)


def test_a_line_that_is_wrapped_is_walked_through_too():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        prompt = app.prompt
        prompt.remember("earlier")
        prompt.text = "word " * 12
        await wait_until(pilot, lambda: prompt.wrapped_document.height == 2)
        prompt.move_cursor(prompt.document.end)
        await pilot.press("up")
        await pilot.pause()
        assert prompt.text == "word " * 12
        await pilot.press("up")
        await wait_until(pilot, lambda: prompt.text == "earlier")

    piloted(steps, width=40)


def test_the_same_question_is_remembered_once_and_blank_ones_never():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        for text in ("first", "again", "again", " "):
            app.prompt.remember(text)
        await pilot.press("up", "up")
        await wait_until(pilot, lambda: app.prompt.text == "first")

    piloted(steps)


@pytest.mark.parametrize("key", SCREEN_KEYS)
def test_the_keys_of_the_screen_are_left_to_it(key):
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        app.prompt.text = "text"
        await pilot.press(key)
        await wait_until(pilot, lambda: app.seen == [key])
        assert app.prompt.text == "text"
        assert app.prompt.selected_text == ""

    piloted(steps)


def test_a_placeholder_says_which_keys_there_are():
    async def steps(app: PromptApp, pilot: Pilot[None]) -> None:
        assert "Enter sends" in app.prompt.render_line(0).text

    piloted(steps)
