"""The demo: played slowly, over a model of its own or the session's, to the verdict; any key goes on."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from chat.scripted import Line, Reply, ScriptedClient, pieces, session
from localthink import locations
from localthink.chat.asking import Opening
from localthink.chat.demo import Demo
from localthink.records import Tip
from localthink.tui.app import ChatApp
from localthink.tui.screens.demo import ANY_KEY, DemoScreen
from localthink.tui.screens.help import HelpScreen
from tui.chatting import person_at, running
from tui.piloting import wait_until

DEMO = Demo("Use 3, 5 and 12 to make 57.", 6, Tip(3, 40), 1000, 673, 828, (12, 19))
SAME = "First, try 12 * 5 = 60. 60 + 3 = 63, no."
LEFT = Reply("I found no way.", (SAME, "\nAlternatively, try 12 + 5 = 17. 17 * 3 = 51, no."))
RIGHT = Reply(r"So it is \boxed{12 * 5 - 3}.", (Line(SAME + "\n60 - 3 = 57, yes.", {len(pieces(SAME)): 0.9}),))


class DemoApp(App[None]):
    """`own` has the bundled model where the session has another, which is so where that is `ready`."""

    def __init__(self, ready: bool = True) -> None:
        super().__init__()
        self.client = ScriptedClient([LEFT, RIGHT], loads=ready)
        self.own = ScriptedClient([LEFT, RIGHT], clock=self.client.clock)
        self.talk = session(None, self.client, ready=ready)
        if not ready:
            self.talk.load(Opening())
        self.demo = DemoScreen(self.talk, DEMO, make_client=lambda: self.own)

    async def on_mount(self) -> None:
        await self.push_screen(self.demo)

    @property
    def text(self) -> str:
        return "\n".join("".join(segment.text for segment in strip)
                         for strip in self.screen._compositor.render_strips())


def run(check: Callable[[DemoApp, Pilot[None]], Awaitable[None]], app: DemoApp | None = None,
        size: tuple[int, int] = (100, 40)) -> None:
    app = app or DemoApp()

    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await check(app, pilot)
    asyncio.run(play())


async def played(app: DemoApp, pilot: Pilot[None], client: ScriptedClient, seconds: float = 10) -> None:
    """The engine has written all of it, and so many seconds have passed."""
    await wait_until(pilot, lambda: len(client.asks) == 2)
    client.finish()
    await wait_until(pilot, lambda: any(turn._kept or not turn.running for turn in app.demo.comparison.turns))
    app.client.clock.wait(seconds)


def test_the_puzzle_is_asked_on_a_model_of_its_own_where_the_session_has_another():
    async def check(app, pilot):
        await wait_until(pilot, lambda: len(app.own.asks) == 2)
        left, right = app.own.asks
        assert app.client.asks == [] and app.own.orders[0].model is None
        assert (left.seed, right.seed) == (6, 6) and (left.generation.tip.alpha, right.generation.tip.beta) == (0, 40)
        await pilot.press("x")
        await wait_until(pilot, lambda: app.screen is not app.demo)
        assert not app.own.running and app.client.running
    run(check)


def test_a_session_that_opens_the_bundled_model_lends_it():
    app = DemoApp(ready=False)

    async def check(app, pilot):
        app.client.open()
        await wait_until(pilot, lambda: len(app.client.asks) == 2)
        assert app.own.starts == 0
    run(check, app)


def test_it_is_played_slowly_however_fast_it_was_written():
    async def check(app, pilot):
        await played(app, pilot, app.own, seconds=0.5)
        await wait_until(pilot, lambda: app.demo.comparison.turns[0].tokens > 1)
        assert all(turn.running and turn.tokens < 25 for turn in app.demo.comparison.turns)
        await wait_until(pilot, lambda: "tokens/s" in app.text)
        assert all(turn.running for turn in app.demo.comparison.turns)
    run(check)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (50, 20)])
def test_it_ends_on_the_verdict_with_how_often_it_is_so_beside_it(size):
    async def check(app, pilot):
        await played(app, pilot, app.own)
        await wait_until(pilot, lambda: "makes 57" in app.text)
        said = " ".join(app.text.split())
        assert "673 were solved without it and 828 with it" in said and "Any key" in said
        assert app.demo.query_one("#page").max_scroll_x == 0
    run(check, size=size)


@pytest.mark.parametrize("key", ["escape", "space", "enter", "up", "r", "f5", "ctrl+c", "tab"])
def test_any_key_goes_to_the_chat(key):
    async def check(app, pilot):
        await wait_until(pilot, lambda: len(app.own.asks) == 2)
        app.own.advance(5)
        await pilot.press(key)
        await wait_until(pilot, lambda: app.screen is not app.demo)
        assert not app.own.running
    run(check)


def test_a_key_after_a_click_goes_to_the_chat_too():
    async def check(app, pilot):
        await played(app, pilot, app.own)
        await wait_until(pilot, lambda: "makes 57" in app.text)
        await pilot.click("#page")
        await pilot.press("down")
        await wait_until(pilot, lambda: app.screen is not app.demo)
    run(check)


def test_a_model_that_cannot_be_opened_leaves_the_chat():
    app = DemoApp(ready=False)

    async def check(app, pilot):
        app.client.die("there is no memory", lasting=True)
        await wait_until(pilot, lambda: app.screen is not app.demo)
    run(check, app)


def chat(tmp_path, first_launch: bool) -> ChatApp:
    return ChatApp(session(tmp_path, ScriptedClient(), ready=False), Opening(), first_launch=first_launch)


def test_the_first_launch_shows_it_and_remembers_that(tmp_path):
    async def steps(person):
        assert locations.demo_mark().exists()
        await person.wait(lambda: isinstance(person.app.screen, DemoScreen))
        await person.press("space")
        await person.wait(lambda: person.app.screen is person.screen)
        assert person.prompt.text == "" and person.session.entries == []

    async def play() -> None:
        app = chat(tmp_path, first_launch=True)
        app.session.asker._client.loads = False  # or the session would be waited for behind the demo
        async with person_at(app) as person:
            await steps(person)
    asyncio.run(play())


def test_it_can_be_asked_for_in_the_prompt_and_in_the_palette(tmp_path, monkeypatch):
    monkeypatch.setattr("localthink.tui.screens.demo._opens_bundled", lambda session: True)

    async def steps(person):
        assert not locations.demo_mark().exists()
        person.prompt.text = "/demo"
        await person.press("enter")
        await person.wait(lambda: isinstance(person.app.screen, DemoScreen))
        assert ANY_KEY in person.text
        await person.press("enter")
        await person.wait(lambda: person.app.screen is person.screen)
        assert person.prompt.text == ""
        verbs = {command.title: command.callback for command in person.app.get_system_commands(person.screen)}
        await verbs["Demo"]()
        await person.wait(lambda: isinstance(person.app.screen, DemoScreen))
    running(chat(tmp_path, first_launch=False), steps)


def test_the_help_tells_of_it():
    async def check(app, pilot):
        app.demo.dismiss()
        screen = HelpScreen()
        await app.push_screen(screen)
        words = " ".join(str(part.visual) for part in screen.query("#pages Static").results(Static))
        assert "/demo" in words and "many seeds" in words.lower()
    run(check)
