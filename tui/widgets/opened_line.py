"""How the model was opened, for whoever has not asked anything of it yet."""
from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from localthink.chat.session import Session
from localthink.engine.messages import Loaded
from localthink.tui.lines import one_line


class OpenedLine(Static):
    """Which context and cache were chosen, and what they take; until something is asked."""

    DEFAULT_CSS = """
    OpenedLine { height: auto; max-height: 2; padding: 0 1; color: $text-muted; display: none; }
    OpenedLine.there { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._told: Loaded | None = None

    def show(self, session: Session) -> None:
        loaded = session.asker.model.loaded
        if loaded is not self._told:
            self._told = loaded
            self.set_class(loaded is not None and bool(loaded.choice), "there")
            self.update(Text(one_line(loaded.choice)) if loaded is not None else "")
        elif session.busy and self.has_class("there"):
            self.remove_class("there")
