"""A model's answer as Markdown that is shown while it is written.

What cannot change any more is mounted once and left alone; only the end, a block or an item of a list, is written
anew. Where the end grows long, as a long block of code does, it is plain text until it is complete.
"""
from __future__ import annotations

import asyncio

from textual.containers import Vertical

from localthink.chat.code_blocks import code_blocks
from localthink.text.visible import visible
from localthink.tui.widgets.answer_plain import PlainText
from localthink.tui.widgets.answer_settled import settled
from localthink.tui.widgets.answer_stretch import Stretch

LONG = 2000  # characters of a block, from which on it is plain text until it is complete
LOT = 300  # characters, at least, that are shown for good in one widget: each takes time to mount
PAGE = 2000  # characters of a complete text in one widget, or a block: what is in view is drawn whole


class Answer(Vertical):
    """Takes text as it comes, cut anywhere. It must be mounted before it is given any."""

    DEFAULT_CSS = "Answer { height: auto; layout: stream; }"

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._carried = ""  # a carriage return, of which the line feed may follow
        self._tail = ""  # what may still change, as it is shown
        self._begins = "first"  # what the tail begins with, as a class
        self._end: Stretch | PlainText | None = None  # the widget of the tail
        self._lock = asyncio.Lock()

    @property
    def text(self) -> str:
        """All of it, as the model wrote it."""
        return self._text

    @property
    def code_blocks(self) -> list[str]:
        """What stands between fences, as the model wrote it."""
        return code_blocks(self._text)

    async def append(self, text: str) -> None:
        """Show more text."""
        async with self._lock:
            self._take(text)
            with self.app.batch_update():
                if "\n" in text:
                    await self._settle()
                await self._show(self._tail, plain=len(self._tail) > LONG)

    async def finish(self) -> None:
        """Show all of it as it is to stay. More may be appended all the same."""
        async with self._lock:
            await self._show_whole()

    async def set_text(self, text: str) -> None:
        """Show a complete text in place of what there is."""
        async with self._lock:
            with self.app.batch_update():
                await self.remove_children()
                self._text, self._carried, self._tail, self._begins, self._end = "", "", "", "first", None
                for start in range(0, len(text), PAGE):
                    self._take(text[start:start + PAGE])
                    await self._settle()
                await self._show_whole()

    def _take(self, text: str) -> None:
        self._text += text
        text = self._carried + text
        self._carried = "\r" if text.endswith("\r") else ""
        self._tail += visible(text.removesuffix("\r").replace("\r\n", "\n"))

    async def _show_whole(self) -> None:
        self._tail, self._carried = self._tail + visible(self._carried), ""
        with self.app.batch_update():
            await self._settle()
            await self._show(self._tail, plain=False)

    async def _settle(self) -> None:
        """Show for good what is complete, and begin another tail."""
        found = settled(self._tail)
        if found.length >= LOT or (found.length and len(self._tail) > LONG):
            await self._show(self._tail[:found.length], plain=False)
            self._tail, self._end = self._tail[found.length:], None
            self._begins = "amid-list" if found.amid_list else ""

    async def _show(self, text: str, plain: bool) -> None:
        """Show the tail, or what it begins with, in the widget that it has or in another."""
        if self._end is not None and isinstance(self._end, PlainText) != plain:
            await self._end.remove()
            self._end = None
        if isinstance(self._end, PlainText):
            await self._end.show(text)
        elif isinstance(self._end, Stretch):
            self._end.show(text)
        elif plain:
            self._end = PlainText(self._begins)
            await self.mount(self._end)
            await self._end.show(text)
        elif text:
            self._end = Stretch(text, self._begins)
            await self.mount(self._end)
