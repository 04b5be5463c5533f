"""The theme that a person has chosen, and marks that can be read in any."""
from __future__ import annotations

import asyncio

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES
from textual.widget import Widget

from chat.scripted import session
from localthink import locations
from localthink.chat.asking import Opening
from localthink.tui.app import ChatApp
from localthink.tui.kept_theme import keep_theme, kept_theme
from localthink.tui.widgets.thinking_pane import ThinkingHeader
from localthink.tui.widgets.thought_list import ThoughtList
from localthink.tui.widgets.thought_map import ThoughtMap
from localthink.tui.widgets.token_flow import TokenFlow
from tui.chatting import Person, running

LIGHT = [name for name, theme in BUILTIN_THEMES.items() if not theme.dark and "ansi" not in name]
MARKS = {ThinkingHeader: "thinking-header--held", ThoughtList: "thought-list--held", ThoughtMap: "thought-map--held",
         TokenFlow: "token-flow--held"}


def test_a_theme_is_kept_from_one_start_to_the_next(home):
    async def choose(person: Person) -> None:
        person.app.theme = "solarized-light"
        await person.shown()

    async def see(person: Person) -> None:
        assert person.app.theme == "solarized-light"

    for steps in (choose, see):
        running(ChatApp(session(None, ready=False), Opening()), steps)


def test_a_theme_that_is_not_there_any_more_is_left_out(home):
    keep_theme("of a plugin that is gone")
    assert kept_theme() == "of a plugin that is gone"

    async def see(person: Person) -> None:
        assert person.app.theme in person.app.available_themes

    running(ChatApp(session(None, ready=False), Opening()), see)


def test_a_theme_that_cannot_be_kept_is_told(home):
    locations.theme_file().parent.parent.mkdir(parents=True, exist_ok=True)
    locations.theme_file().parent.write_text("in the way")

    async def choose(person: Person) -> None:
        person.app.theme = "nord"
        await person.wait(lambda: any("is not kept" in said.message for said in person.app._notifications))

    running(ChatApp(session(None, ready=False), Opening()), choose)


class Marked(App[None]):
    def compose(self) -> ComposeResult:
        yield from (kind() for kind in MARKS)


@pytest.mark.parametrize("theme", LIGHT)
def test_what_was_held_can_be_read_on_light_colours(theme):
    async def look() -> None:
        app = Marked()
        async with app.run_test() as pilot:
            app.theme = theme
            await pilot.pause()
            for kind, name in MARKS.items():
                assert contrast(app.query_one(kind), name) >= 4, kind  # of bold signs; WCAG asks for 3

    asyncio.run(look())


def contrast(widget: Widget, name: str) -> float:
    """WCAG's ratio of a part to what it stands on."""
    style = widget.get_component_styles(name)
    lights = sorted(map(luminance, (style.color, widget.background_colors[1])))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(color: Color) -> float:
    parts = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in color.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
