"""One of many attempts to read, its thinking and its answer, also while it is written."""
from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from localthink.chat.solving import Solving
from localthink.chat.solving_summary import sign, state_of
from localthink.chat.steering import switches_held
from localthink.tui.keys import ATTEMPT_KEYS
from localthink.tui.lines import one_line
from localthink.tui.widgets.compared import ComparedText, figures
from localthink.tui.widgets.key_line import KeyLine

LOOK = 1 / 12  # seconds between two looks at what was written


class AttemptScreen(Screen[int | None]):
    """Shows the attempt `number`; gives the one that was shown last. The screen below pumps the session."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in ATTEMPT_KEYS]
    AUTO_FOCUS = "ThoughtList"
    DEFAULT_CSS = """
    AttemptScreen > #title { height: 1; padding: 0 1; background: $panel; color: $text; text-overflow: ellipsis; }
    AttemptScreen > #figures { height: auto; padding: 0 1; color: $text-muted; }
    """

    def __init__(self, solving: Solving, number: int) -> None:
        super().__init__()
        self._solving, self._number = solving, number
        self._text = ComparedText()

    def compose(self) -> ComposeResult:
        yield Static(Text(one_line(self._solving.question.text)), id="title", markup=False)
        yield self._text
        yield Static(id="figures", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        self.call_after_refresh(self._look)

    async def _look(self) -> None:
        if self.is_current:
            await self._show()
        self.set_timer(LOOK, self._look)

    async def _show(self) -> None:
        each = self._solving.tries[self._number]
        known = f" {sign(each.right)} {'right' if each.right else 'wrong'}" if each.right is not None else ""
        await self._text.show(each.turn, f"attempt {self._number + 1}{known} · {state_of(each)}")
        parts = [figures(each.turn), *([switches_held(each.turn.ticks)] if each.turn.ticks else []),
                 f"seed {each.turn.seed}"]
        self.query_one("#figures", Static).update(Text(" · ".join(parts)))

    @property
    def writing(self) -> bool:
        return self._solving.running

    def action_stop(self) -> None:
        self._solving.stop()

    async def action_step(self, step: int) -> None:
        self._number = (self._number + step) % len(self._solving.tries)
        await self._show()

    def action_close(self) -> None:
        self.dismiss(self._number)
