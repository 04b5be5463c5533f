"""A stretch of an answer as one widget."""
from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.css.styles import RulesMap
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import Static

from localthink.tui.widgets.answer_blocks import Block, blocks_of
from localthink.tui.widgets.answer_layout import lines_of
from localthink.tui.widgets.answer_markdown import parse


class Page(Visual):
    """Blocks that are laid out for the width they are shown in."""

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        self._width = 0
        self._lines: list[Content] = []

    def lines(self, width: int) -> list[Content]:
        if width != self._width:
            self._width, self._lines = width, lines_of(self._blocks, width)
        return self._lines

    @property
    def text(self) -> str:
        """What is seen, as it was laid out last."""
        return "\n".join(line.plain.rstrip() for line in self._lines)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return len(self.lines(width))

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return Content("\n").join(self.lines(width)).render_strips(width, height, style, options)


class Stretch(Static):
    """Some blocks of an answer; it looks the same wherever the answer is cut into stretches."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "answer--em", "answer--strong", "answer--s", "answer--link", "answer--code", "answer--block", "answer--boxed",
        "answer--mark", "answer--head", *(f"answer--h{level}" for level in range(1, 7))}
    DEFAULT_CSS = """
    Stretch {
        height: auto; margin: 1 0 0 0;
        &.first, &.amid-list { margin: 0; }
        & > .answer--em { text-style: italic; }
        & > .answer--strong { text-style: bold; }
        & > .answer--s { text-style: strike; }
        & > .answer--link { text-style: underline; }
        & > .answer--code { color: $text-warning; background: $warning 10%; }
        & > .answer--block { background: $foreground 6%; }
        & > .answer--boxed { text-style: bold; color: $text-accent; background: $accent-muted; }
        & > .answer--mark { color: $foreground 50%; }
        & > .answer--head { text-style: bold; color: $primary; }
        & > .answer--h1 { text-style: bold reverse; color: $markdown-h1-color; }
        & > .answer--h2 { text-style: bold underline; color: $markdown-h2-color; }
        & > .answer--h3 { text-style: bold; color: $markdown-h3-color; }
        & > .answer--h4 { text-style: bold italic; color: $markdown-h4-color; }
        & > .answer--h5, & > .answer--h6 { text-style: italic; color: $markdown-h5-color; }
    }
    """

    def __init__(self, text: str, classes: str) -> None:
        self._page = Page(blocks_of(parse(text)))
        super().__init__(self._page, classes=classes, markup=False)

    def show(self, text: str) -> None:
        """Show another text in place of the one before."""
        width, height = self.size
        self._page = Page(blocks_of(parse(text)))
        self.update(self._page, layout=not width or len(self._page.lines(width)) != height)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        return selection.extract(self._page.text), "\n"
