"""The pull under way in one line: what it is, how far, how fast, and how long it will take."""
from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from localthink.chat.pulling import PullState
from localthink.tui.lines import cut_inside, one_line

BAR = 10  # cells
NAME = 24  # cells of a name: an address of the Hub can be long
SIGNS = {"here": "✓", "failed": "✕", "stopped": "■"}
STYLES = {"here": "$text-success", "failed": "$text-error", "stopped": "$text-warning"}


def drawn(state: PullState) -> Content:
    """A heavy line on a light one, which can be told apart without colours, between name and figures."""
    if state.phase == "none":
        return Content("")
    style = STYLES.get(state.phase, "$text-primary")
    parts: list[str | Content | tuple[str, str]] = [(f"{SIGNS.get(state.phase, '↓')} ", style),
                                                    cut_inside(state.name, NAME), " "]
    if state.running and state.total:
        filled = min(BAR, max(int(state.done > 0), round(state.done * BAR)))
        parts += [("━" * filled, style), ("─" * (BAR - filled), "dim"), " "]
    return Content.assemble(*parts, (one_line(state.figures), "dim"))


class PullLine(Widget):
    """Shows a pull for as long as it lasts; a click asks for the list of models, where it can be stopped."""

    DEFAULT_CSS = """
    PullLine { height: 1; padding: 0 1; display: none; text-overflow: ellipsis; text-wrap: nowrap; }
    PullLine:hover { background: $boost; }
    PullLine.there { display: block; }
    """
    EVERY: ClassVar[float] = 0.5  # seconds: drawing costs what an engine could use

    class Clicked(Message):
        """The person wants to know more, or to end it."""

    def __init__(self) -> None:
        super().__init__()
        self._state, self._waiting = PullState(), False
        self._drawn = 0.0

    def show(self, state: PullState, pending: bool, waiting: bool, now: float) -> None:
        """Show it as it is at `now`, in seconds, if it is `pending`; `waiting` is what is here and cannot be opened."""
        changed = (state.phase, waiting, pending) != (self._state.phase, self._waiting, self.has_class("there"))
        if not changed and (state == self._state or now - self._drawn < self.EVERY):
            return
        self.set_class(pending, "there")
        self._state, self._waiting, self._drawn = state, waiting, now
        self.refresh()

    def render(self) -> Content:
        later = " · opened when this has ended" if self._waiting else ""
        return Content.assemble(drawn(self._state), (later, "dim"))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked())
