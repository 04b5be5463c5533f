"""The program for labelling: one screen, over a session that keeps every rating as it is given."""
from __future__ import annotations

from textual.screen import Screen

from localthink.label.session import Labelling
from localthink.tui.program import Program
from localthink.tui.screens.label import LabelScreen


class LabelApp(Program):
    """Runs a labelling session on the terminal."""

    def __init__(self, labelling: Labelling) -> None:
        super().__init__()
        self.label = LabelScreen(labelling)

    def get_default_screen(self) -> Screen[None]:
        return self.label

    async def action_quit(self) -> None:
        """Leave, once the keys that came before are dealt with."""
        self.label.call_later(self.exit)

    def action_help_quit(self) -> None:
        """Ctrl+C where nothing is selected: everything is saved."""
        self.label.call_later(self.exit)
