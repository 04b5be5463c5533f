"""The controls of a conversation as a line of names, as they are given on a command line."""
from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from localthink.errors import UsageError
from localthink.records import ControlSpec
from localthink.text.visible import visible
from localthink.tui.widgets.number_field import SHOWABLE


class ControlsField(Vertical):
    """A label, a line of names, help; and what is wrong where something is. Valid lines are posted, each once.

    `check` says whether such controls can be had together, by raising UsageError.
    """

    DEFAULT_CSS = """
    ControlsField {
        height: auto; margin-bottom: 1;
        & > .label { color: $foreground; }
        & > Input { height: 1; border: none; padding: 0; background: $foreground 8%; }
        & > Input:focus { border: none; background: $primary 25%; }
        & > .help { height: auto; color: $text-muted; }
        & > .wrong { height: auto; color: $text-error; display: none; }
        &:focus-within > .label { color: $text-accent; text-style: bold; }
        &.invalid > .wrong { display: block; }
        &.invalid > .help { display: none; }
    }
    """

    class Changed(Message):
        """Other controls are wanted, as they were written."""

        def __init__(self, written: list[str]) -> None:
            super().__init__()
            self.written = written

    def __init__(self, check: Callable[[list[str]], None]) -> None:
        super().__init__(id="controls", classes="field")
        self._check = check
        self._held: list[str] = []
        self._input = Input(placeholder="none", restrict=SHOWABLE)

    def compose(self) -> ComposeResult:
        yield Static("controls", classes="label", markup=False)
        yield self._input
        yield Static("Names, as loop-guard no-wait; localthink controls lists them.", classes="help", markup=False)
        yield Static(classes="wrong", markup=False)

    def show(self, controls: tuple[ControlSpec, ...]) -> None:
        """Hold these, without a message; what is written stays where it means the same."""
        self._held = [str(control) for control in controls]
        if self._input.value.split() != self._held:
            with self._input.prevent(Input.Changed):
                self._input.value = " ".join(self._held)
        self.remove_class("invalid")

    @on(Input.Submitted)
    @on(Input.Blurred)
    def _written(self, event: Input.Submitted | Input.Blurred) -> None:
        """Taken when the line is left: half a name is wrong on its way to a whole one."""
        event.stop()
        written = self._input.value.split()
        try:
            self._check(written)
        except UsageError as error:
            self.query_one(".wrong", Static).update(Text(visible(str(error))))
            self.add_class("invalid")
            return
        self.remove_class("invalid")
        if written != self._held:
            self._held = written
            self.post_message(self.Changed(written))
