"""Copying, so that it arrives: the desktop's own clipboard where there is one, and the terminal's sequence for it."""
from __future__ import annotations

import os
from contextlib import suppress

from textual.app import App


def copy(app: App[object], text: str) -> None:
    """Put text on the clipboard. Over ssh only the terminal can, and some terminals do not."""
    app.copy_to_clipboard(text)  # OSC 52
    if not os.environ.get("SSH_CONNECTION"):
        import pyperclip

        with suppress(pyperclip.PyperclipException):  # no clipboard program: the terminal has been told
            pyperclip.copy(text)
