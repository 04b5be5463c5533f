"""Something is written into a file of the current folder: which kind is asked, and said what came of it."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from textual.screen import Screen

from localthink.chat.export import write_export
from localthink.errors import LocalthinkError
from localthink.text.visible import visible
from localthink.tui.cards import Card, as_svg, as_text
from localthink.tui.screens.choice import ChoiceScreen

CARDS = (("svg", "SVG", "a picture, for a page or a browser"), ("txt", "Text", "a card of plain text"))
Write = Callable[[str, Path], Path]  # a kind and a folder -> the file; raises LocalthinkError


def offer_export(screen: Screen[None], title: str, kinds: Sequence[tuple[str, str, str]], write: Write) -> None:
    """Let a person choose among kinds of files, each with its name and what it is, and write it."""
    try:
        folder = Path.cwd()
    except OSError as error:  # it was deleted meanwhile
        screen.notify(f"the current folder is not there: {error.strerror}", severity="error", markup=False)
        return
    screen.app.push_screen(ChoiceScreen(title, f"into {visible(str(folder))}", list(kinds)),
                           partial(_export, screen, write, folder))


def _export(screen: Screen[None], write: Write, folder: Path, kind: str | None) -> None:
    if kind is None:
        return
    try:
        path = write(kind, folder)
    except LocalthinkError as error:
        screen.notify(visible(str(error)), severity="error", markup=False)
    else:
        screen.notify(f"written: {visible(str(path))}", markup=False)


def write_card(kind: str, folder: Path, title: str, card: Card) -> Path:
    """Write a card into a new file that is called after `title`. Raises UsageError."""
    return write_export(as_svg(card) if kind == "svg" else as_text(card), folder, title, f".{kind}")
