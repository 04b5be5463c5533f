"""The reports of studies, from the chat: listed, opened, and told of where there is none."""
from __future__ import annotations

import pytest

from localthink.chat import reports
from localthink.tui.screens.choice import ChoiceScreen
from study.reports import write_reports
from tui.chatting import talking


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (50, 20)])
def test_typed_as_a_command_the_reports_are_listed_and_enter_opens_one(monkeypatch, size):
    write_reports()
    shown = []
    monkeypatch.setattr(reports, "show_in_browser", lambda path: shown.append(path) or True)

    async def steps(person):
        person.prompt.text = "/reports"
        await person.press("enter")
        await person.wait(lambda: isinstance(person.app.screen, ChoiceScreen) and "newer" in person.text)
        assert person.prompt.text == "" and "The setting helps." in person.text
        await person.press("down", "enter")
        await person.wait(lambda: shown)
        assert shown[0].parent.name == "newer"

    talking(None, size=size)(steps)


def test_where_no_study_was_begun_that_is_said():
    async def steps(person):
        await person.app.chat.run_action("reports")
        await person.wait(lambda: "no study was begun here" in person.text)

    talking(None)(steps)


def test_the_palette_leads_there():
    async def steps(person):
        assert "Reports" in {command.title for command in person.app.get_system_commands(person.app.chat)}

    talking(None)(steps)


def test_a_command_that_is_misspelt_is_no_question():
    async def steps(person):
        person.prompt.text = "/slove short-3"
        await person.press("enter")
        await person.wait(lambda: "did you mean /solve?" in person.text)
        assert person.prompt.text == "/slove short-3" and not person.app.chat.session.entries

    talking(None)(steps)
