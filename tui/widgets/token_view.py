"""The latest tokens of an answer, and for one of them what else was likely in its place."""
from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from localthink.chat.turn import Turn
from localthink.tui.keys import TOKEN_KEYS
from localthink.tui.widgets.alternatives import Alternatives
from localthink.tui.widgets.token_flow import TokenFlow

WIDE = 90  # from so many cells on, the alternatives are beside the tokens


class TokenView(Vertical, can_focus=True):
    """Follows the end of a turn until its cursor is moved away from there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(key.binding() for key in TOKEN_KEYS if key.action != "cursor"),
        Binding("left", "move(-1)", "Token before", show=False),
        Binding("right", "move(1)", "Next token", show=False),
        Binding("up", "move_line(-1)", "Line above", show=False),
        Binding("down", "move_line(1)", "Line below", show=False),
        Binding("home", "first", "First token", show=False),
        Binding("end", "last", "Last token, and follow", show=False),
    ]
    DEFAULT_CSS = """
    TokenView {
        height: 13; max-height: 60%;
        &:focus > TokenFlow { border-top: solid $primary; }
        &:focus > TokenFlow > .token-flow--cursor {
            color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold;
        }
        &:focus:nocolor > TokenFlow { border-top: heavy $foreground; }
        &.wide { layout: horizontal; height: 9; }
        &.wide > Alternatives { width: 56; height: 100%; }
    }
    """

    class Branched(Message):
        """Write an answer that has at this token of the turn what would have come without the penalty."""

        def __init__(self, turn: Turn, position: int) -> None:
            super().__init__()
            self.turn, self.position = turn, position

    def __init__(self) -> None:
        super().__init__()
        self._turn: Turn | None = None

    def compose(self) -> ComposeResult:
        yield TokenFlow()
        yield Alternatives()

    def show(self, turn: Turn) -> None:
        """Show the turn as it is now."""
        self._turn = turn
        if self.query_one(TokenFlow).show(turn):
            self._show_alternatives()

    def start(self) -> None:
        """Begin at the latest ⊘."""
        self.query_one(TokenFlow).start()

    @on(TokenFlow.Chosen)
    def _show_alternatives(self) -> None:
        flow = self.query_one(TokenFlow)
        self.query_one(Alternatives).show(flow.selected, flow.event)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "branch":
            return True
        event = self.query_one(TokenFlow).event
        return (self._turn is not None and not self._turn.running and event is not None and event.held > 0
                and event.instead is not None)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "wide")

    def action_move(self, step: int) -> None:
        self.query_one(TokenFlow).move(step)

    def action_move_line(self, step: int) -> None:
        self.query_one(TokenFlow).move_line(step)

    def action_mark(self, step: int) -> None:
        flow = self.query_one(TokenFlow)
        flow.move_mark(flow.selected, step)

    def action_branch(self) -> None:
        if self._turn is not None:
            self.post_message(self.Branched(self._turn, self.query_one(TokenFlow).selected))

    def action_first(self) -> None:
        self.query_one(TokenFlow).go(0)

    def action_last(self) -> None:
        self.query_one(TokenFlow).follow()
