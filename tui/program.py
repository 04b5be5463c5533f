"""What every program of localthink on a terminal has: a person's colours, an end in good order, the key that quits."""
from __future__ import annotations

import asyncio
import codecs
import signal
import sys
from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.theme import Theme

from localthink.errors import LocalthinkError
from localthink.text.visible import visible
from localthink.tui.kept_theme import keep_theme, kept_theme


class Program(App[None]):
    """An app whose work is saved as it is done, so that it may end at any moment."""

    TITLE = "localthink"
    CSS = """
    ToastRack { dock: top; align: right top; margin: 1 0 0 0; }
    """  # at the bottom they would lie on what is being done
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", tooltip="leave; everything is saved", priority=True)]

    def __init__(self) -> None:
        super().__init__()
        _take_any_bytes()

    def on_mount(self) -> None:
        kept = kept_theme()
        if kept in self.available_themes:
            self.theme = kept
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self._leave_properly()

    def _keep_theme(self, theme: Theme) -> None:
        try:
            keep_theme(theme.name)
        except LocalthinkError as error:
            self.notify(visible(str(error)), severity="warning", markup=False)

    def _leave_properly(self) -> None:
        """End as by a key where the system says so: otherwise the terminal would be left as a screen."""
        for name in ("SIGTERM", "SIGHUP"):
            with suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):  # not on every system
                number = getattr(signal, name)
                asyncio.get_running_loop().add_signal_handler(number, self.exit, None, 128 + number)


def _take_any_bytes() -> None:
    """Let bytes that are no UTF-8, as a paste may hold, be shown as such: Textual's driver would end the program."""
    if sys.platform != "win32":
        from textual.drivers import linux_driver

        vars(linux_driver)["getincrementaldecoder"] = lambda name: partial(
            codecs.getincrementaldecoder(name), errors="replace")
