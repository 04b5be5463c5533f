"""A question with a line of text for its answer."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from localthink.tui.keys import LINE_KEYS
from localthink.tui.lines import one_line
from localthink.tui.screens.dialog import Dialog
from localthink.tui.widgets.line_input import LineInput

Validate = Callable[[str], str | None]


class LineScreen(Dialog[str | None]):
    """Gives the line, None if it was left. `validate` says what is wrong with one that will not do."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in LINE_KEYS if key.action == "close"]
    AUTO_FOCUS = "LineInput"
    DEFAULT_CSS = """
    LineScreen > #box { max-width: 72; }
    LineScreen #trouble { height: auto; max-height: 4; margin: 0 1; color: $text-error; display: none; }
    LineScreen #trouble.there { display: block; }
    """

    def __init__(self, title: str, value: str = "", placeholder: str = "", validate: Validate | None = None) -> None:
        super().__init__(title)
        self._value, self._placeholder, self._validate = value, placeholder, validate

    def contents(self) -> Iterable[Widget]:
        yield LineInput(self._value, self._placeholder)
        yield Static(id="trouble", markup=False)

    @on(Input.Changed)
    def _look(self) -> None:
        """Once it was said that something is wrong, say when it is not any more."""
        if self.query_one("#trouble").has_class("there"):
            self._show(self._trouble())

    @on(Input.Submitted)
    def _accept(self, event: Input.Submitted) -> None:
        event.stop()
        trouble = self._trouble()
        self._show(trouble)
        if trouble is None:
            self.dismiss(event.value)

    def action_close(self) -> None:
        self.dismiss(None)

    def _trouble(self) -> str | None:
        return self._validate(self.query_one(LineInput).value) if self._validate is not None else None

    def _show(self, trouble: str | None) -> None:
        line = self.query_one("#trouble", Static)
        line.update(Content(f"✕ {one_line(trouble)}" if trouble else ""))
        line.set_class(trouble is not None, "there")
