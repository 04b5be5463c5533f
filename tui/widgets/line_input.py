"""A line to type in, as the dialogs have it; its keys are among those that a dialog shows."""
from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from localthink.tui.keys import LINE_KEYS
from localthink.tui.lines import one_line
from localthink.tui.widgets.number_field import SHOWABLE


class LineInput(Input):
    """One row without a border. Submitted by Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in LINE_KEYS if key.action == "submit"]
    DEFAULT_CSS = """
    LineInput, LineInput:focus {
        height: 1; border: none; padding: 0 1; background: $panel;
        &:nocolor { text-style: underline; }
    }
    """

    def __init__(self, value: str = "", placeholder: str = "", *, id: str | None = None) -> None:
        super().__init__(one_line(value), one_line(placeholder), id=id, select_on_focus=False,
                         restrict=SHOWABLE)
