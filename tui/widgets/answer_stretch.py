"""A stretch of an answer as one widget."""
from __future__ import annotations

from textual.app import App
from textual.content import Content
from textual.css.styles import RulesMap
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import Static

from localthink.tui.widgets.answer_blocks import Block, blocks_of
from localthink.tui.widgets.answer_layout import Colours, lines_of
from localthink.tui.widgets.answer_markdown import parse


class Page(Visual):
    """Blocks that are laid out for the width they are shown in."""

    def __init__(self, blocks: list[Block], app: App[object]) -> None:
        self._blocks, self._app = blocks, app
        self._laid_for: tuple[int, Colours] | None = None
        self._lines: list[Content] = []

    def lines(self, width: int) -> list[Content]:
        wanted = width, _colours(self._app)
        if wanted != self._laid_for:
            self._laid_for, self._lines = wanted, lines_of(self._blocks, *wanted)
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


def _colours(app: App[object]) -> Colours:
    if not app.native_ansi_color:
        return "theme"
    return "dark" if app.current_theme.dark else "light"


class Stretch(Static):
    """Some blocks of an answer; it looks the same wherever the answer is cut into stretches."""

    DEFAULT_CSS = "Stretch { height: auto; margin: 1 0 0 0; &.first, &.amid-list { margin: 0; } }"

    def __init__(self, text: str, classes: str) -> None:
        self._page = Page(blocks_of(parse(text)), self.app)
        super().__init__(self._page, classes=classes, markup=False)
        self.auto_links = False  # nothing in it can be clicked

    def show(self, text: str) -> None:
        """Show another text in place of the one before."""
        width, height = self.size
        self._page = Page(blocks_of(parse(text)), self.app)
        self.update(self._page, layout=not width or len(self._page.lines(width)) != height)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        return selection.extract(self._page.text), "\n"
