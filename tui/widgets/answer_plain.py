"""Text that is still being written, as it is: for what is too long to be read as Markdown again and again."""
from __future__ import annotations

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

PART = 2000  # characters in one widget; only the last one is written anew


class PlainText(Vertical):
    """A text that grows."""

    DEFAULT_CSS = "PlainText { height: auto; margin: 1 0 0 0; &.first, &.amid-list { margin: 0; } }"

    def __init__(self, classes: str) -> None:
        super().__init__(classes=classes)
        self._last: Static | None = None
        self._done = 0  # characters that are in widgets before the last

    async def show(self, text: str) -> None:
        """Show a text that begins with the one before."""
        while len(text) - self._done > PART:
            end = text.rfind("\n", self._done, self._done + PART) + 1 or self._done + PART
            await self._write(text[self._done:end])
            self._last, self._done = None, end
        await self._write(text[self._done:])

    async def _write(self, part: str) -> None:
        part = part.removesuffix("\n")  # it ends a line, and does not begin another
        if self._last is None:
            self._last = Static(Content(part), markup=False)
            await self.mount(self._last)
        else:
            self._last.update(Content(part))
