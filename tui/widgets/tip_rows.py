"""The α and β of two sides, to be written over."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from localthink.errors import UsageError
from localthink.records import Tip
from localthink.text.visible import visible
from localthink.tui.keys import TIPS_KEYS
from localthink.tui.widgets.number_field import NumberInput
from localthink.tui.widgets.settings_panel import TIP_KINDS

SIDES = ("left", "right")


class TipInput(NumberInput):
    """A number; Enter starts over with all of them."""

    BINDINGS = [key.binding() for key in TIPS_KEYS if key.action == "submit"]  # noqa: RUF012, as Textual has it


class TipRows(Vertical):
    """Two rows (one, where there is room) of numbers. What is written holds once Enter is pressed."""

    BINDINGS = [key.binding() for key in TIPS_KEYS if key.action == "close"]  # noqa: RUF012
    DEFAULT_CSS = """
    TipRows {
        height: auto; background: $boost;
        & > #tips { height: auto; }
        & .tip { height: 1; width: 1fr; padding: 0 1; }
        & .tip > Static { width: auto; margin-right: 1; }
        & .tip > .side { width: 6; text-style: bold; }
        & TipInput {
            width: 1fr; max-width: 12; height: 1; border: none; padding: 0 1; margin-right: 2;
            background: $foreground 8%;
        }
        & TipInput:focus { border: none; background: $primary 25%; }
        & TipInput:nocolor { text-style: underline; }
        & > .wrong { height: auto; padding: 0 1; color: $text-error; display: none; }
        & > .wrong.there { display: block; }
    }
    """

    class Wanted(Message):
        """Start over with these."""

        def __init__(self, tips: tuple[Tip, Tip]) -> None:
            super().__init__()
            self.tips = tips

    class Left(Message):
        """Nothing is to be changed."""

    def __init__(self) -> None:
        super().__init__()
        self._tips = (Tip(), Tip())
        self._inputs = {(side, kind): TipInput(id=f"{side}-{kind.name}") for side in SIDES for kind in TIP_KINDS}

    def compose(self) -> ComposeResult:
        with Horizontal(id="tips"):
            for side in SIDES:
                with Horizontal(classes="tip"):
                    yield Static(side, classes="side", markup=False)
                    for kind in TIP_KINDS:
                        yield Static(kind.label.split()[0], markup=False)
                        yield self._inputs[side, kind]
        yield Static(classes="wrong", markup=False)

    def show(self, tips: Iterable[Tip]) -> None:
        left, right = self._tips = tuple(tips)  # type: ignore[assignment]
        for side, tip in zip(SIDES, (left, right), strict=True):
            for kind, value in zip(TIP_KINDS, (tip.alpha, tip.beta), strict=True):
                field = self._inputs[side, kind]
                field.value = kind.text(value)
                field.cursor_position = len(field.value)
        self._say("")

    def focus_first(self) -> None:
        self._inputs[SIDES[1], TIP_KINDS[0]].focus()

    @on(NumberInput.Stepped)
    def _step(self, event: NumberInput.Stepped) -> None:
        event.stop()
        for (_, kind), field in self._inputs.items():
            if field.has_focus:
                try:
                    field.value = kind.text(kind.stepped(kind.parse(field.value), event.direction))
                except UsageError as error:
                    self._say(str(error))
                field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _accept(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            left, right = (self._tip(side, tip) for side, tip in zip(SIDES, self._tips, strict=True))
        except UsageError as error:
            self._say(str(error))
        else:
            self.post_message(self.Wanted((left, right)))

    def _tip(self, side: str, tip: Tip) -> Tip:
        """What is written for a side. Raises UsageError."""
        alpha, beta = (kind.parse(self._inputs[side, kind].value) for kind in TIP_KINDS)
        assert alpha is not None and beta is not None, "neither may be left empty"
        return replace(tip, alpha=float(alpha), beta=beta)

    def _say(self, trouble: str) -> None:
        line = self.query_one(".wrong", Static)
        line.update(Text(visible(trouble)))
        line.set_class(bool(trouble), "there")

    def action_close(self) -> None:
        self.post_message(self.Left())
