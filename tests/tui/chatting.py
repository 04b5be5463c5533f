"""A chat screen over a scripted engine, and a person at its keys."""
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from chat.scripted import DEMO_QUESTION, ScriptedClient, client_of, session
from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.history import History
from localthink.tui.app import ChatApp
from localthink.tui.widgets.prompt import Prompt
from tui.piloting import wait_until


class Person:
    """At the keys of a running app."""

    def __init__(self, app: ChatApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        self.session: Session = app.session
        self.client: ScriptedClient = client_of(app.session)
        self.screen = app.chat

    async def wait(self, predicate: Callable[[], object]) -> None:
        await wait_until(self.pilot, lambda: bool(predicate()))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    @property
    def prompt(self) -> Prompt:
        return self.screen.query_one(Prompt)

    async def ask(self, question: str = DEMO_QUESTION) -> None:
        """Type a question and send it; returns once its answer has begun."""
        self.prompt.focus()
        self.prompt.text = question
        answers = len(self.session.entries)
        await self.press("enter")
        await self.wait(lambda: len(self.session.entries) > answers and self.session.live is not None)

    async def write(self, tokens: int) -> None:
        """Let the engine write, and the screen show it."""
        turn = self.session.live.turn
        before = turn.tokens
        self.client.advance(tokens)
        await self.wait(lambda: turn.tokens > before or not turn.running)
        await self.shown()

    async def shown(self) -> None:
        """Two looks at the session from now."""
        looks = len(self.screen.flushes)
        await self.wait(lambda: len(self.screen.flushes) >= looks + 2)

    async def finish(self) -> None:
        self.client.finish()
        await self.wait(lambda: not self.session.busy)
        await self.shown()

    async def answered(self, question: str = DEMO_QUESTION) -> None:
        await self.ask(question)
        await self.finish()

    @property
    def text(self) -> str:
        """What is on the screen."""
        screen = self.app.screen
        return "\n".join("".join(segment.text for segment in strip) for strip in screen._compositor.render_strips())


def talking(folder: Path | None, client: ScriptedClient | None = None, *, size: tuple[int, int] = (100, 40),
            settings: ChatSettings | None = None, history: History | None = None, continue_last: bool = False,
            ) -> Callable[[Callable[[Person], Awaitable[None]]], None]:
    """Run a test as a person at an app whose model is open."""

    def run(test: Callable[[Person], Awaitable[None]]) -> None:
        asyncio.run(_run(test))

    async def _run(test: Callable[[Person], Awaitable[None]]) -> None:
        made = session(folder, client, settings=settings, history=history, ready=False)
        async with person_at(ChatApp(made, Opening(), continue_last), size) as person:
            await test(person)

    return run


@asynccontextmanager
async def person_at(app: ChatApp, size: tuple[int, int] = (100, 40)) -> AsyncIterator[Person]:
    async with app.run_test(size=size, notifications=True) as pilot:
        person = Person(app, pilot)
        if person.client.loads:
            await person.wait(lambda: app.session.asker.model.phase == "ready")
            await person.shown()
        yield person


def running(app: ChatApp, steps: Callable[[Person], Awaitable[None]], size: tuple[int, int] = (100, 40)) -> None:
    """Run a test as a person at this app."""
    async def run() -> None:
        async with person_at(app, size) as person:
            await steps(person)

    asyncio.run(run())
