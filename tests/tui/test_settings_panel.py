"""The settings panel: a valid number is posted at once, a wrong one is explained, and showing posts nothing."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from localthink.chat.settings import ChatSettings
from localthink.errors import UsageError
from localthink.records import LOOP_GUARD, Generation, Sampling, Tip
from localthink.tui.widgets.controls_field import ControlsField
from localthink.tui.widgets.number_field import NumberField, NumberInput, StepButton
from localthink.tui.widgets.settings_panel import OTHER_KINDS, TIP_KINDS, SettingsPanel
from tui.piloting import wait_until

KINDS = {kind.name: kind for kind in (*TIP_KINDS, *OTHER_KINDS)}
INFINITY = float("inf")


class PanelApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.posted: list[ChatSettings] = []

    def compose(self) -> ComposeResult:
        yield SettingsPanel()

    @property
    def panel(self) -> SettingsPanel:
        return self.query_one(SettingsPanel)

    def field(self, name: str) -> NumberField:
        return self.query_one(f"#{name}", NumberField)

    def input(self, name: str) -> NumberInput:
        return self.field(name).query_one(NumberInput)

    def wrong(self, name: str) -> str:
        field = self.field(name)
        return str(field.query_one(".wrong", Static).content) if field.has_class("invalid") else ""

    def on_settings_panel_changed(self, event: SettingsPanel.Changed) -> None:
        self.posted.append(event.settings)


def piloted(steps: Callable[[PanelApp, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (60, 60)) -> None:
    async def run() -> None:
        app = PanelApp()
        async with app.run_test(size=size) as pilot:
            await steps(app, pilot)

    asyncio.run(run())


def test_controls_are_a_line_of_names_taken_when_it_is_left():
    async def check(app, pilot):
        field = app.panel.query_one(ControlsField)
        entry = field.query_one(Input)
        entry.focus()
        entry.value = "loop-guard no-wait"
        await pilot.press("enter")
        await wait_until(pilot, lambda: [str(each) for each in app.panel.settings.generation.controls]
                         == ["loop-guard", "no-wait"])
        assert app.posted[-1] == app.panel.settings
    piloted(check)


def test_a_control_that_is_not_known_is_explained_and_not_posted():
    async def check(app, pilot):
        field = app.panel.query_one(ControlsField)
        entry = field.query_one(Input)
        entry.focus()
        entry.value = "no-wayt"
        await pilot.press("enter")
        await wait_until(pilot, lambda: field.has_class("invalid"))
        assert "did you mean no-wait?" in str(field.query_one(".wrong", Static).content)
        assert app.panel.settings.generation.controls == () and not app.posted
    piloted(check)


def test_it_begins_with_the_defaults():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        assert {name: app.input(name).value for name in KINDS} == {
            "alpha": "3", "beta": "600", "temperature": "0.6", "top-p": "0.95", "max-thinking": "", "min-thinking": "",
            "max-tokens": "", "seed": ""}
        assert app.input("seed").placeholder == "new each time"
        assert app.input("max-tokens").placeholder == "none"

    piloted(steps)


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("alpha", "4.5", ChatSettings(Generation(tip=Tip(alpha=4.5)))),
    ("alpha", "-2", ChatSettings(Generation(tip=Tip(alpha=-2)))),
    ("alpha", "inf", ChatSettings(Generation(tip=Tip(alpha=INFINITY)))),
    ("beta", "∞", ChatSettings(Generation(tip=Tip(beta=INFINITY)))),
    ("temperature", "0", ChatSettings(Generation(sampling=Sampling(temperature=0)))),
    ("top-p", "1", ChatSettings(Generation(sampling=Sampling(top_p=1)))),
    ("max-thinking", "512", ChatSettings(Generation(max_thinking=512))),
    ("max-tokens", "2048", ChatSettings(Generation(max_tokens=2048))),
    ("seed", "42", ChatSettings(seed=42)),
])
def test_a_valid_number_is_posted_at_once(name, text, expected):
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.input(name).value = text
        await wait_until(pilot, lambda: app.posted == [expected])
        assert app.panel.settings == expected
        assert not app.wrong(name)

    piloted(steps)


@pytest.mark.parametrize(("name", "text", "said"), [
    ("alpha", "nan", "alpha is nan"),
    ("alpha", "three", "alpha is 'three': give a number"),
    ("alpha", "", "alpha is empty"),
    ("alpha", "[b]\x1b", r"alpha is '[b]\x1b': give a number"),
    ("beta", "-1", "beta is -1"),
    ("temperature", "-0.1", "temperature is -0.1"),
    ("temperature", "inf", "temperature is inf"),
    ("top-p", "1.2", "top-p is 1.2"),
    ("max-thinking", "0", "max-thinking is 0"),
    ("max-tokens", "1.5", "max-tokens is '1.5': give a whole number, or leave it empty (none)"),
    ("seed", "-4", "seed is -4"),
])
def test_a_wrong_number_is_explained_under_its_field_and_not_posted(name, text, said):
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.input(name).value = text
        await wait_until(pilot, lambda: app.wrong(name).startswith(said))
        assert app.field(name).query_one(".wrong").region.height > 0
        assert app.posted == []
        assert app.panel.settings == ChatSettings()
        app.input(name).value = "1"
        await wait_until(pilot, lambda: not app.wrong(name) and len(app.posted) == 1)

    piloted(steps)


def test_an_emptied_limit_is_no_limit():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.panel.show(ChatSettings(Generation(max_tokens=100), seed=4))
        app.input("max-tokens").value = ""
        await wait_until(pilot, lambda: app.posted == [ChatSettings(seed=4)])
        app.input("seed").value = ""
        await wait_until(pilot, lambda: app.posted[1:] == [ChatSettings()])

    piloted(steps)


@pytest.mark.parametrize(("name", "up", "down"), [
    ("alpha", 3.5, 2.5), ("beta", 650, 550), ("temperature", 0.65, 0.55), ("top-p", 0.96, 0.94),
    ("max-thinking", 1024, None), ("max-tokens", 2048, None), ("seed", 0, None),
])
def test_the_arrow_keys_are_steps(name, up, down):
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.input(name).focus()
        await pilot.press("up")
        await wait_until(pilot, lambda: app.panel.settings.value(name) == up)
        assert app.input(name).value == KINDS[name].text(up)
        assert len(app.posted) == 1
        if down is not None:
            await pilot.press("down", "down")
            await wait_until(pilot, lambda: app.panel.settings.value(name) == down)
            assert len(app.posted) == 3

    piloted(steps)


def test_a_step_stays_within_what_is_allowed():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.input("top-p").focus()
        await pilot.press(*["up"] * 8)
        await wait_until(pilot, lambda: app.panel.settings.generation.sampling.top_p == 1)
        assert not app.wrong("top-p")
        assert len(app.posted) == 5

    piloted(steps)


def test_the_buttons_are_steps_for_the_mouse():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        less, more = app.field("beta").query(StepButton)
        await pilot.click(more)
        await wait_until(pilot, lambda: app.panel.settings.tip.beta == 650)
        await pilot.click(less)
        await wait_until(pilot, lambda: app.panel.settings.tip.beta == 600)

    piloted(steps)


def test_settings_are_shown_without_a_message():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.input("beta").value = "nonsense"
        await wait_until(pilot, lambda: bool(app.wrong("beta")))
        limits = {"max_thinking": 10, "min_thinking": 5, "max_tokens": 20}
        shown = ChatSettings(Generation(Sampling(0.25, 0.5), Tip(INFINITY, 100), **limits), 30)
        app.panel.show(shown)
        await wait_until(pilot, lambda: app.input("seed").value == "30")
        assert [app.input(name).value for name in KINDS] == ["inf", "100", "0.25", "0.5", "10", "5", "20", "30"]
        assert app.panel.settings == shown
        assert not app.wrong("beta")
        assert app.posted == []

    piloted(steps)


def test_what_is_being_written_stays_where_it_means_the_same():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.input("alpha").value = "4."
        await wait_until(pilot, lambda: len(app.posted) == 1)
        app.panel.show(app.posted[0])
        assert app.input("alpha").value == "4."

    piloted(steps)


def test_defaults_come_back_with_one_message_and_the_system_prompt_stays():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.panel.show(ChatSettings(Generation(tip=Tip(9, 9)), seed=1, system="be brief"))
        app.query_one(Button).press()
        fresh = ChatSettings(system="be brief").changed("controls", [LOOP_GUARD])
        await wait_until(pilot, lambda: app.posted == [fresh])
        assert app.input("alpha").value == "3"
        assert app.input("seed").value == ""

    piloted(steps)


def test_the_groups_of_switch_markers_are_kept():
    settings = ChatSettings(Generation(tip=Tip(where="everywhere", groups=("switch", "other"))))
    changed = settings.changed("alpha", 1.0).changed("beta", 2.0)
    assert changed.tip == replace(settings.tip, alpha=1.0, beta=2.0)


def test_the_first_field_can_be_focused_and_escape_is_left_to_the_screen():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.panel.focus_first()
        await wait_until(pilot, lambda: app.focused is app.input("alpha"))
        heard: list[str] = []
        app.screen.key_escape = lambda: heard.append("escape")  # type: ignore[attr-defined]
        await pilot.press("escape")
        await wait_until(pilot, lambda: heard == ["escape"])

    piloted(steps)


def test_control_characters_cannot_be_pasted_into_a_field():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.panel.focus_first()
        await wait_until(pilot, lambda: app.focused is app.input("alpha"))
        app.post_message(events.Paste("1\x1b[2J"))
        app.post_message(events.Paste("5"))
        await wait_until(pilot, lambda: app.input("alpha").value == "5")

    piloted(steps)


def test_it_can_be_used_in_forty_columns():
    async def steps(app: PanelApp, pilot: Pilot[None]) -> None:
        app.panel.focus_first()
        await pilot.press(*["tab"] * 7, "4", "2")
        await wait_until(pilot, lambda: app.panel.settings.seed == 42)
        assert app.panel.region.width <= 40
        assert app.input("seed").region.width >= 12
        assert app.screen.region.contains_region(app.input("seed").region)

    piloted(steps, size=(40, 14))


@given(st.sampled_from(sorted(KINDS)), st.integers(-3, 3), st.sampled_from([1, -1]))
def test_a_step_is_never_refused(name, steps, direction):
    settings, kind = ChatSettings(), KINDS[name]
    for _ in range(abs(steps) * 10):
        settings = settings.changed(name, kind.stepped(settings.value(name), direction))
    assert kind.parse(kind.text(settings.value(name))) == settings.value(name)


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=12))
def test_any_text_is_a_setting_or_a_usage_error(name, text):
    try:
        settings = ChatSettings().changed(name, KINDS[name].parse(text))
    except UsageError as error:
        assert name in str(error)
    else:
        assert isinstance(settings, ChatSettings)
