"""An answer."""
from __future__ import annotations

from textual.containers import Vertical
from textual.widgets import Markdown


class Answer(Vertical):
    DEFAULT_CSS = "Answer { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._markdown = Markdown()

    def compose(self):
        yield self._markdown

    code_blocks: list[str] = []

    async def append(self, text: str) -> None:
        self.text += text
        await self._markdown.append(text)

    async def set_text(self, text: str) -> None:
        self.text = text
        await self._markdown.update(text)

    async def finish(self) -> None:
        pass
