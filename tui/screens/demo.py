"""What the penalty does, shown to somebody who has read nothing: one puzzle, twice, slowly. Any key goes on."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from localthink import locations
from localthink.chat.asking import Asker, Opening
from localthink.chat.client import Client, EngineClient
from localthink.chat.compare import Comparison, Side
from localthink.chat.demo import Demo
from localthink.chat.pacing import SPEED, PacedTurn
from localthink.chat.session import Session
from localthink.records import Message
from localthink.tui.screens.compare import FLUSH_SECONDS, CompareScreen

ANY_KEY = "Any key goes to the chat. There, F5 and then N count how often it helps."


class DemoScreen(CompareScreen, inherit_bindings=False):
    """A comparison that nobody asked for: on the bundled model, in the session's engine if it is open there."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    DemoScreen {
        & > .said { height: auto; padding: 0 1; }
        & > #intro { background: $boost; }
        & > #evidence { background: $boost; color: $text-muted; }
        & > #any { color: $text-primary; text-style: bold; }
        & KeyLine, & Verdict > #caveat { display: none; }
    }
    DemoScreen.-low.over > #intro { display: none; }
    """

    def __init__(self, session: Session, demo: Demo, *, make_client: Callable[[], Client] = EngineClient) -> None:
        self._bundled: Asker | None = None  # where the session's model is another
        self._demo = demo
        if not _opens_bundled(session):
            self._bundled = Asker(make_client(), session.clock)
        left, right = demo.settings
        super().__init__(session, [Message("user", demo.question)], demo.seed, left, right)

    def compose(self) -> ComposeResult:
        yield Static(f"{self._demo.opening} Slowed down to {SPEED:.0f} tokens a second.", id="intro", classes="said",
                     markup=False)
        yield from super().compose()
        yield Static(self._demo.evidence, id="evidence", classes="said", markup=False)
        yield Static(ANY_KEY, id="any", classes="said", markup=False)

    def on_mount(self) -> None:
        for widget in self.query("*"):
            widget.can_focus = False  # where it would take keys

    def on_unmount(self) -> None:
        if self._bundled is not None:
            self._bundled.close()

    def _open_again(self) -> None:
        if self._bundled is not None:
            self._bundled.load(Opening())

    @property
    def _askers(self) -> tuple[Asker, Asker]:
        asker = self._bundled or self.session.asker
        return asker, asker

    def _comparison(self) -> Comparison:
        sides = [Side(asker, settings) for asker, settings in zip(self._askers, self._settings, strict=True)]
        return Comparison(sides, self._messages, self._seed, self.session.clock, PacedTurn)

    def _pump(self) -> None:
        super()._pump()
        if self._bundled is not None:
            self._bundled.pump()
        for turn in self.comparison.turns:
            if isinstance(turn, PacedTurn):
                turn.play(self.session.clock())
        if self._askers[0].model.phase in ("failed", "died") and self.is_current:
            self.dismiss()  # the chat says why

    async def show(self) -> None:
        await super().show()
        if self._over and not self.has_class("over"):
            self.add_class("over")
            self.call_after_refresh(self.query_one("#rows").scroll_visible, animate=False)

    def _flushed(self, begun: float) -> None:
        """At an even pace: the engine has long ended."""
        self.set_timer(FLUSH_SECONDS, self._flush)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return True

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if self.is_current:
            self.dismiss()


def _opens_bundled(session: Session) -> bool:
    """Whether the session's model is the bundled one, or will be."""
    state = session.asker.model
    if state.phase == "ready" and state.loaded is not None:
        return Path(state.loaded.path) == locations.bundled_model()
    return state.phase == "loading" and session.asker.opening.model is None
