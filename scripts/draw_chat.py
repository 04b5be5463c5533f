#!/usr/bin/env python3
"""Draw the README's pictures of the terminal program, from what the bundled model writes.

    python scripts/draw_chat.py docs [--seed 6] [--tokens 110]

`chat.svg` is an answer after --tokens of its tokens, `compare.svg` the same question without and with the penalty. The
model is too fast to be caught in the act, so its events are kept and played to the screen at 40 tokens a second;
nothing in them is edited. `models.svg` is the list of models on the machine that draws it, as it measures itself.
"""
from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
from pathlib import Path

import localthink
from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.chat.surveying import Surveyor
from localthink.engine.messages import Ask, Count, Counted, Finished, Loaded, News, Order, Written
from localthink.history import History
from localthink.records import Event
from localthink.tui.app import ChatApp
from localthink.tui.widgets.model_table import ModelTable

QUESTION = "Use 3, 5 and 12 to make 57."
SIZE, HIGH = (100, 30), (100, 36)
TOKEN = 1 / 40  # seconds: the speed of a laptop with a real model


class Replay:
    """A client that lets an engine in this process write every answer, and plays the first `tokens` of it."""

    def __init__(self, engine: localthink.Engine, choice: str, tokens: int | None = None) -> None:
        self._engine, self._choice, self._tokens = engine, choice, tokens
        self._news: list[News] = []
        self._written: list[list[News]] = []  # of each answer, token by token

    def start(self) -> None:
        model = self._engine.model
        self._news.append(Loaded(2, self._engine.cells, self._engine.longest, "", False, model.name,
                                 str(model.facts.path), model.facts.quantization, model.facts.context_length, True,
                                 choice=self._choice))

    def close(self) -> None: ...

    def send(self, order: Order) -> None:
        if isinstance(order, Count):
            self._news.append(Counted(order.number, len(self._engine.model.prompt(order.messages))))
        elif isinstance(order, Ask):
            self._write(order)

    def _write(self, ask: Ask) -> None:
        request = self._engine.request(ask.messages, ask.generation, seed=ask.seed)
        number, events = self._engine.submit(request), list[Event]()
        while not self._engine.idle:
            events += [event for event in self._engine.step() if event.request == number]
        written: list[News] = [Written(ask.number, (event,)) for event in events[:self._tokens]]
        if self._tokens is None and events[-1].trace is not None:
            written.append(Finished(ask.number, events[-1].trace))
        self._written.append(written)

    def receive(self) -> list[News]:
        """A token of each answer at a time, so that every one has its moment."""
        news, self._news = self._news, []
        for written in self._written:
            news += written[:1]
            del written[:1]
        return news

    @property
    def played(self) -> bool:
        return not self._news and not any(self._written)


async def settle(session: Session, replay: Replay) -> None:
    """Play everything, and give the screen time to draw it."""
    while not replay.played:
        session.pump()
        await asyncio.sleep(0.002)
    await asyncio.sleep(1.0)


async def draw_models(folder: Path, replay: Replay) -> None:
    """The list of models with the mark on the recommended one."""
    session, surveyor = Session(replay, None, ChatSettings()), Surveyor()
    app = ChatApp(session, Opening(), surveyor=surveyor)
    async with app.run_test(size=HIGH) as pilot:
        await settle(session, replay)
        await pilot.press("ctrl+l")
        await pilot.pause()
        table = app.screen.query_one(ModelTable)
        while not (surveyor.machine.measured and table.marks.best) or surveyor.measuring:
            await asyncio.sleep(0.1)
        table.mark(table.marks.best)
        await asyncio.sleep(1.0)
        app.save_screenshot("models.svg", str(folder))


async def draw(engine: localthink.Engine, choice: str, folder: Path, seed: int, tokens: int) -> None:
    for name, keys, shown in (("chat", [], tokens), ("compare", ["f5"], None)):
        replay, clock = Replay(engine, choice, shown), itertools.count()
        with tempfile.TemporaryDirectory() as home, History(Path(home) / "history.sqlite") as history:
            session = Session(replay, history, ChatSettings(seed=seed), lambda clock=clock: next(clock) * TOKEN / 2)
            app = ChatApp(session, Opening())
            async with app.run_test(size=SIZE) as pilot:
                await settle(session, replay)
                session.send(QUESTION)
                await settle(session, replay)
                await pilot.press(*keys)
                await settle(session, replay)
                app.save_screenshot(f"{name}.svg", str(folder))
    await draw_models(folder, Replay(engine, choice))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=110)
    args = parser.parse_args()
    chosen: list[str] = []
    with localthink.load(on_choice=chosen.append) as engine:
        asyncio.run(draw(engine, chosen[0], args.folder, args.seed, args.tokens))


if __name__ == "__main__":
    main()
