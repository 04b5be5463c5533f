"""What the main screens look like, drawn and compared with how they were when somebody last looked at them.

After a change on purpose: look at the report that a failure writes, then `pytest tests/tui/test_snapshots.py
--snapshot-update`.
"""
from __future__ import annotations

import pytest

from chat.scripted import ScriptedClient, session
from localthink.chat.asking import Opening
from localthink.tui.app import ChatApp
from tui.chatting import Person


@pytest.fixture
def app() -> ChatApp:
    return ChatApp(session(None, ScriptedClient(), ready=False), Opening())


async def begun(pilot) -> Person:
    person = Person(pilot.app, pilot)
    person.prompt.cursor_blink = False
    await person.wait(lambda: person.session.asker.model.phase == "ready")
    await person.ask()
    return person


async def thinking(pilot) -> None:
    person = await begun(pilot)
    for _ in range(20):  # a few tokens at a time, as they come
        await person.write(9)


async def ended(pilot) -> None:
    person = await begun(pilot)
    await person.finish()


async def opened(pilot) -> None:
    person = await begun(pilot)
    await person.finish()
    await person.press("f10", "a")
    await person.shown()


def test_an_empty_conversation(app, snap_compare):
    async def first(pilot) -> None:
        person = Person(pilot.app, pilot)
        await person.wait(lambda: person.session.asker.model.phase == "ready")
        await person.shown()

    assert snap_compare(app, terminal_size=(100, 30), run_before=first)


def test_an_answer_that_is_thought_about(app, snap_compare):
    assert snap_compare(app, terminal_size=(100, 34), run_before=thinking)


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_an_answer_that_has_ended(app, snap_compare, size):
    assert snap_compare(app, terminal_size=size, run_before=ended)


def test_all_thoughts_opened_in_a_light_theme(app, snap_compare):
    async def light(pilot) -> None:
        pilot.app.theme = "textual-light"
        await opened(pilot)

    assert snap_compare(app, terminal_size=(120, 40), run_before=light)
