"""The terminal program: a session, a screen, and the verbs in the command palette."""
from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Protocol, runtime_checkable

from textual.app import SystemCommand
from textual.screen import Screen

from localthink.chat.asking import Opening
from localthink.chat.demo import remember_shown
from localthink.chat.session import Session
from localthink.chat.surveying import Surveyor
from localthink.errors import LocalthinkError
from localthink.text.visible import visible
from localthink.tui.keys import CHAT_KEYS
from localthink.tui.program import Program
from localthink.tui.screens.chat import ChatScreen

AGAIN_SECONDS = 3.0  # in which a second Ctrl+C quits


@runtime_checkable
class Writing(Protocol):
    """A screen on which something may be under way that can be stopped."""

    @property
    def writing(self) -> bool: ...

    def action_stop(self) -> None: ...


class ChatApp(Program):
    """Runs a session on the terminal. The model is loaded once the first screen is there."""

    def __init__(self, session: Session, opening: Opening, continue_last: bool = False,
                 surveyor: Surveyor | None = None, first_launch: bool = False) -> None:
        super().__init__()
        self.session, self._opening, self._continue_last = session, opening, continue_last
        self._first_launch = first_launch
        self.chat = ChatScreen(session, surveyor or Surveyor())
        self._interrupted = -AGAIN_SECONDS  # when Ctrl+C was pressed last, in seconds of a clock that only goes forward

    def get_default_screen(self) -> Screen[None]:
        return self.chat

    def on_ready(self) -> None:
        if self._continue_last:
            self._open_last()
        self.session.load(self._opening)
        if self._first_launch:
            remember_shown()
            self.chat.action_demo()

    def action_help_quit(self) -> None:
        """Ctrl+C where nothing is selected: stop what is being written; once it has stopped, a second one quits."""
        writing = next((screen for screen in reversed(self.screen_stack)
                        if isinstance(screen, Writing) and screen.writing), None)
        now = time.monotonic()
        if writing is not None:
            writing.action_stop()
        elif now - self._interrupted < AGAIN_SECONDS:
            self.exit()
            return
        self._interrupted = now
        self.clear_notifications()
        self.notify("stopped; Ctrl+C again quits" if writing is not None else "Ctrl+C again quits; everything is saved",
                    markup=False, timeout=AGAIN_SECONDS)

    def _open_last(self) -> None:
        history = self.session.transcript.history
        try:
            latest = history.latest() if history is not None else None
            if latest is not None:
                self.session.open(latest.id)
        except LocalthinkError as error:
            self.notify(visible(str(error)), severity="error", markup=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        if screen is self.chat:
            for key in (key for key in CHAT_KEYS if key.action != "quit"):  # which every program of its kind has
                name, _, rest = key.action.partition("(")
                parameters = tuple(part.strip("'") for part in rest.rstrip(")").split(",") if part)
                if self.chat.check_action(name, parameters):
                    yield SystemCommand(key.label, f"{key.help} ({key.names})", self._verb(key.action))
            yield SystemCommand("Demo", "what the penalty does, on one puzzle, as the first launch shows it (/demo)",
                                self._verb("demo"))
            yield SystemCommand("Reports", "what the latest studies found; Enter opens one in the browser (/reports)",
                                self._verb("reports"))

    def _verb(self, action: str) -> Callable[[], Coroutine[None, None, None]]:
        async def act() -> None:
            await self.chat.run_action(action)

        return act

    async def on_unmount(self) -> None:
        self.session.close()
