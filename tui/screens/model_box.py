"""The box of the list of models: rows, what is said of the marked one, and lines to type in."""
from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from textual import events
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Label, ProgressBar, Static

from localthink.tui.lines import one_line
from localthink.tui.screens.dialog import Dialog
from localthink.tui.widgets.line_input import LineInput
from localthink.tui.widgets.model_table import ModelTable

Result = TypeVar("Result")


class ModelBox(Dialog[Result]):
    """What is where. `context` is what its line holds at first."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-short"), (30, "-high")]  # noqa: RUF012
    DEFAULT_CSS = """
    ModelBox > #box { width: 100%; height: 90%; max-width: 116; }
    ModelBox.-low > #box, ModelBox.-short > #box, ModelBox.-narrow > #box { height: 100%; padding: 0 1; }
    ModelBox ModelTable { height: 1fr; }
    ModelBox #why { height: auto; max-height: 6; margin: 1 1 0 1; }
    ModelBox .field { height: 1; margin: 0 1; }
    ModelBox #file { margin: 1 1 0 1; }
    ModelBox .field Label { width: 9; color: $text-muted; }
    ModelBox .field LineInput { width: 1fr; }
    ModelBox #cache { width: auto; margin-left: 2; }
    ModelBox #said { height: auto; max-height: 4; margin: 1 1 0 1; color: $text-muted; }
    ModelBox #said.trouble { color: $text-error; }
    ModelBox #pull { height: 1; margin: 0 1; display: none; text-overflow: ellipsis; }
    ModelBox #pull.there { display: block; }
    ModelBox ProgressBar { display: none; margin: 0 1; width: 1fr; }
    ModelBox ProgressBar Bar { width: 1fr; }
    ModelBox.loading ProgressBar { display: block; }
    ModelBox.-short #why { margin: 0 1; max-height: 4; }
    ModelBox.-short #file, ModelBox.-short #said { margin: 0 1; max-height: 3; }
    ModelBox.-short KeyLine { margin-top: 0; }
    ModelBox.-low #columns { display: none; }
    ModelBox.-low #why, ModelBox.-low #said { margin: 0 1; max-height: 2; }
    ModelBox.-low #file { margin: 0 1; }
    """

    def __init__(self, context: int | None) -> None:
        super().__init__("Models")
        self._at_first = context

    def contents(self) -> Iterable[Widget]:
        yield ModelTable()
        yield Static(id="why", markup=False)
        with Horizontal(id="file", classes="field"):
            yield Label("other", markup=False)
            yield LineInput(placeholder="a .gguf file, hf:owner/repo or a name", id="path")
        with Horizontal(classes="field"):
            yield Label("context", markup=False)
            context = LineInput(str(self._at_first or ""), "tokens; as many as usual if empty", id="context")
            context.restrict = r"[\d, ]*"
            yield context
            yield Static(id="cache", markup=False)
        yield Static(id="said", markup=False)
        yield Static(id="pull", markup=False)
        yield ProgressBar(total=1.0, show_eta=False)

    def say(self, line: str, trouble: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.update(Content(one_line(line)))
        said.set_class(trouble, "trouble")

    @property
    def tokens(self) -> int | None:
        """The context that is wanted, None where it is left open."""
        digits = re.sub(r"\D", "", self.query_one("#context", LineInput).value)
        return int(digits) if digits else None

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._type_name(event.text.strip().partition("\n")[0])

    def on_key(self, event: events.Key) -> None:
        if event.character is not None and event.is_printable:
            event.stop()
            self._type_name(event.character)

    def _type_name(self, text: str) -> None:
        """What is typed or pasted over the rows goes where it belongs, in place of what is selected there."""
        line = self.query_one("#path", LineInput)
        line.focus()
        line.replace(text, *sorted(line.selection))

    def refuse(self, why: str) -> None:
        """What was typed is nothing to open: say so, and let the next text take its place."""
        line = self.query_one("#path", LineInput)
        self.say(why, trouble=True)
        line.focus()
        line.select_all()
