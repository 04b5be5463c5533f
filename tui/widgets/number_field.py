"""A number with a label, a line of help, and steps by the arrow keys and the mouse."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from localthink.errors import UsageError
from localthink.text.visible import visible

SHOWABLE = "[^\x00-\x1f\x7f-\x9f]*"  # an input draws what it holds, and a terminal would obey the others
SHOWN = 24  # characters of what was written that an error repeats


@dataclass(frozen=True, slots=True)
class NumberKind:
    """What a field holds. Where `empty` is given, an empty field stands for None.

    A step from there, or from infinity, leads to `first`.
    """

    name: str
    label: str
    help: str
    step: float
    low: float
    high: float
    whole: bool = False
    empty: str | None = None
    first: float = 0

    def parse(self, text: str) -> float | None:
        """The number that is written. Raises UsageError."""
        text = text.strip()
        if not text and self.empty is not None:
            return None
        try:
            return int(text) if self.whole else float(text.replace("∞", "inf").replace("−", "-"))
        except ValueError:
            wanted = "a whole number" if self.whole else "a number"
            wanted += f", or leave it empty ({self.empty})" if self.empty is not None else ""
            written = repr(text[:SHOWN]) if text else "empty"
            raise UsageError(f"{self.name} is {visible(written)}: give {wanted}") from None

    def text(self, value: float | None) -> str:
        return "" if value is None else str(value) if self.whole else f"{value:.10g}"

    def stepped(self, value: float | None, direction: int) -> float:
        """The next number up or down, within the limits."""
        if value is None or math.isinf(value):
            return self.first
        moved = min(self.high, max(self.low, value + direction * self.step))
        return int(moved) if self.whole else round(moved, 6)


class NumberInput(Input):
    """An input whose arrow keys up and down are steps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(1)", "More", show=False), Binding("down", "step(-1)", "Less", show=False)]

    class Stepped(Message):
        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    def __init__(self, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, restrict=SHOWABLE, id=id)

    def action_step(self, direction: int) -> None:
        self.post_message(self.Stepped(direction))


class StepButton(Static):
    """A minus or a plus for the mouse; keys have the arrows."""

    def __init__(self, direction: int) -> None:
        super().__init__("+" if direction > 0 else "−", markup=False)
        self.direction = direction

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(NumberInput.Stepped(self.direction))


class NumberField(Vertical):
    """A label, an input, two small buttons; help below, and what is wrong where something is.

    `check` says whether a number can be had, by raising UsageError. Valid ones are posted, each once.
    """

    DEFAULT_CSS = """
    NumberField {
        height: auto; margin-bottom: 1;
        & > Horizontal { height: 1; }
        & .label { width: 14; color: $foreground; }
        & NumberInput { width: 1fr; height: 1; border: none; padding: 0; background: $foreground 8%; }
        & NumberInput:focus { border: none; background: $primary 25%; }
        & NumberInput:nocolor, & NumberInput:ansi { text-style: underline; }
        & StepButton { width: 2; content-align: right middle; color: $text-muted; }
        & StepButton:hover { background: $primary 30%; color: $text; }
        & .help { height: auto; color: $text-muted; }
        & .wrong { height: auto; color: $text-error; display: none; }
        &:focus-within .label { color: $text-accent; text-style: bold; }
        &.invalid .wrong { display: block; }
        &.invalid .help { display: none; }
        &.invalid NumberInput { background: $error 25%; }
    }
    """

    class Changed(Message):
        """Another number is wanted."""

        def __init__(self, field: NumberField, value: float | None) -> None:
            super().__init__()
            self.field, self.value = field, value

    def __init__(self, kind: NumberKind, check: Callable[[str, float | None], None]) -> None:
        super().__init__(id=kind.name, classes="field")
        self.kind, self._check = kind, check
        self.value: float | None = None
        self._input = NumberInput(kind.empty or "")

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(self.kind.label, classes="label", markup=False)
            yield self._input
            yield StepButton(-1)
            yield StepButton(1)
        yield Static(self.kind.help, classes="help", markup=False)
        yield Static(classes="wrong", markup=False)

    def show(self, value: float | None) -> None:
        """Hold a number, without a message; what is written stays where it means the same."""
        self.value = value
        try:
            same = self.kind.parse(self._input.value) == value
        except UsageError:
            same = False
        if not same:
            self._write(value)
        self.remove_class("invalid")

    def _write(self, value: float | None) -> None:
        with self._input.prevent(Input.Changed):
            self._input.value = self.kind.text(value)
        self._input.cursor_position = len(self._input.value)

    def focus_input(self) -> None:
        self._input.focus()

    @on(Input.Changed)
    def _written(self, event: Input.Changed) -> None:
        event.stop()
        try:
            value = self.kind.parse(self._input.value)
            self._check(self.kind.name, value)
        except UsageError as error:
            self.query_one(".wrong", Static).update(Text(visible(str(error))))
            self.add_class("invalid")
            return
        self.remove_class("invalid")
        self._take(value)

    @on(NumberInput.Stepped)
    def _step(self, event: NumberInput.Stepped) -> None:
        event.stop()
        value = self.kind.stepped(self.value, event.direction)
        self._write(value)
        self.remove_class("invalid")
        self._take(value)

    def _take(self, value: float | None) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))
