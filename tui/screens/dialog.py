"""What all dialogs have in common: a calm box in the middle, and its keys on its last line."""
from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from localthink.tui.lines import one_line
from localthink.tui.widgets.key_line import KeyLine

Result = TypeVar("Result")
NARROW, LOW = 64, 18  # columns and lines; with fewer a dialog takes all there is


class Dialog(ModalScreen[Result]):
    """A box with a title. A subclass says what is in it, and how wide and high it may be."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012, as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-high")]  # noqa: RUF012
    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > #box {
        width: 90%; max-width: 100; height: auto; max-height: 90%; padding: 1 1 0 1;
        background: $surface; border: round $primary; border-title-color: $text; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    Dialog.-narrow > #box, Dialog.-low > #box { width: 100%; max-height: 100%; padding: 0 1; }
    Dialog KeyLine { dock: bottom; background: $surface; margin-top: 1; }
    Dialog.-low KeyLine { margin-top: 0; }
    """

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._heading = heading

    def contents(self) -> Iterable[Widget]:
        """What is in the box, from top to bottom."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = Content(one_line(self._heading))
            yield from self.contents()
            yield KeyLine()
