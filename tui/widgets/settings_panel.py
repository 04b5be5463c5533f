"""The settings of a conversation at its side: what holds at once, and what holds from the next answer."""
from __future__ import annotations

import math

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Button, Static

from localthink.chat.settings import ChatSettings
from localthink.records import LOOP_GUARD
from localthink.tui.widgets.controls_field import ControlsField
from localthink.tui.widgets.number_field import NumberField, NumberKind

TIP_KINDS = (
    NumberKind("alpha", "α  strength", "α: how strongly a jump to another idea is held back, in logits. "
               "0 switches it off.", 0.5, -1e6, 1e6, first=3),
    NumberKind("beta", "β  duration", "β: for how many tokens of each thought.", 50, 0, math.inf, first=600),
)
OTHER_KINDS = (
    NumberKind("temperature", "temperature", "Higher is bolder; 0 is greedy.", 0.05, 0, math.inf),
    NumberKind("top-p", "top-p", "Draw from this share; 1 is off.", 0.01, 0.01, 1),
    NumberKind("max-thinking", "max. thinking", "Tokens, then it must answer.", 256, 1, math.inf, True, "none", 1024),
    NumberKind("min-thinking", "min. thinking", "Where it would close before, it reads Wait.", 256, 1, math.inf, True,
               "none", 256),
    NumberKind("max-tokens", "max. tokens", "Of thinking and answer.", 256, 1, math.inf, True, "none", 2048),
    NumberKind("seed", "seed", "The same seed, the same answer.", 1, 0, 2**63 - 1, True, "new each time"),
)


class SettingsPanel(VerticalScroll, can_focus=False):
    """Shows settings; posts others as soon as they are written and valid."""

    DEFAULT_CSS = """
    SettingsPanel {
        width: 36; max-width: 100%; padding: 0 1; border-left: solid $foreground 20%;
        scrollbar-size-vertical: 1;
        & > .heading { height: auto; margin-bottom: 1; color: $text-muted; text-style: italic; }
        & > .title { text-style: bold; margin-bottom: 1; color: $text-accent; }
        & > .from-now { border-bottom: solid $foreground 20%; }
        & > Button { margin-bottom: 1; }
        & > .unpenalised { display: none; }
        &.unpenalised > .tip { display: none; }
        &.unthinking > .thinking { display: none; }
        &.unpenalised > .unpenalised { display: block; }
    }
    """

    class Changed(Message):
        """Other settings are wanted."""

        def __init__(self, settings: ChatSettings) -> None:
            super().__init__()
            self.settings = settings

    def __init__(self, settings: ChatSettings | None = None) -> None:
        super().__init__()
        self.settings = settings if settings is not None else ChatSettings()
        self._controls = ControlsField(lambda written: self._check("controls", written))
        self._fields = {kind.name: NumberField(kind, self._check) for kind in (*TIP_KINDS, *OTHER_KINDS)}

    def compose(self) -> ComposeResult:
        yield Static("Settings", classes="title")
        for kind in TIP_KINDS:
            yield self._fields[kind.name].add_class("tip")
        yield Static("α and β apply from the next token, while it runs.", classes="heading from-now tip")
        yield Static("This model does not think: there is no jump for α and β to hold.",
                     classes="heading from-now unpenalised", markup=False)
        for kind in OTHER_KINDS:
            yield self._fields[kind.name].set_class(kind.name in ("max-thinking", "min-thinking"), "thinking")
        yield self._controls
        yield Static("These apply from the next answer.", classes="heading")
        yield Button("defaults", id="defaults", compact=True)

    def on_mount(self) -> None:
        self.show(self.settings)

    def show(self, settings: ChatSettings) -> None:
        """Show these settings; nothing is posted."""
        self.settings = settings
        for name, field in self._fields.items():
            field.show(settings.value(name))
        self._controls.show(settings.generation.controls)

    def focus_first(self) -> None:
        first = OTHER_KINDS if self.has_class("unpenalised") else TIP_KINDS
        self._fields[first[0].name].focus_input()

    def _check(self, name: str, value: float | list[str] | None) -> None:
        self.settings.changed(name, value)

    @on(NumberField.Changed)
    def _field_changed(self, event: NumberField.Changed) -> None:
        event.stop()
        self.settings = self.settings.changed(event.field.kind.name, event.value)
        self.post_message(self.Changed(self.settings))

    @on(ControlsField.Changed)
    def _controls_changed(self, event: ControlsField.Changed) -> None:
        event.stop()
        self.settings = self.settings.changed("controls", event.written)
        self.post_message(self.Changed(self.settings))

    @on(Button.Pressed, "#defaults")
    def _reset(self, event: Button.Pressed) -> None:
        """Back to what R1's authors and the paper give; what is not shown here stays."""
        event.stop()
        fresh = ChatSettings(system=self.settings.system).changed("controls", [LOOP_GUARD])
        self.show(fresh.changed("think", self.settings.generation.think))
        self.post_message(self.Changed(self.settings))
