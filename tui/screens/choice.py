"""A question with a few answers to choose from."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import events, on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from localthink.text.visible import visible
from localthink.tui.keys import DIALOG_KEYS
from localthink.tui.screens.dialog import Dialog
from localthink.tui.widgets.choices import Choices
from localthink.tui.widgets.key_line import KeyLine


class ChoiceScreen(Dialog[str | None]):
    """Gives the id of what was chosen, None if nothing was. A choice is its id, its name and what it does."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in DIALOG_KEYS]
    AUTO_FOCUS = "Choices"
    DEFAULT_CSS = """
    ChoiceScreen > #box { max-width: 72; }
    ChoiceScreen #text { height: auto; max-height: 8; margin: 0 1 1 1; }
    ChoiceScreen OptionList { height: auto; }
    ChoiceScreen.full > #box { height: 100%; }
    ChoiceScreen.full OptionList { height: 1fr; }
    ChoiceScreen.-low #text { max-height: 4; margin: 0 1; }
    """

    def __init__(self, title: str, text: str, choices: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(title)
        self._text, self._choices = text, tuple(choices)

    def contents(self) -> Iterable[Widget]:
        if self._text:
            yield Static(Content(visible(self._text)), id="text", markup=False)
        yield Choices(*(Option(_prompt(number, label, help), id)
                        for number, (id, label, help) in enumerate(self._choices, 1)), markup=False)

    def on_resize(self) -> None:
        self.remove_class("full")
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        """Where the rows would go on behind the line of keys, let them scroll above it."""
        self.set_class(self.query_one(Choices).region.bottom > self.query_one(KeyLine).region.y, "full")

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def on_key(self, event: events.Key) -> None:
        """A choice has a number, for who knows it already."""
        if event.character and event.character in "123456789"[:len(self._choices)]:
            event.stop()
            self.dismiss(self._choices[int(event.character) - 1][0])

    def action_choose(self) -> None:
        self.query_one(Choices).action_select()

    def action_close(self) -> None:
        self.dismiss(None)


def _prompt(number: int, label: str, help: str) -> Table:
    """A table, so that what does not fit on the line goes on below its beginning."""
    said = Text(visible(label), "bold")
    if help:
        said.append(f"\n{visible(help)}", "not bold dim")
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_row(Text(str(number), "dim"), said)
    return rows
