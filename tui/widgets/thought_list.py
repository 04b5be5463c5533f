"""The thoughts of an answer to read: one line for each, and below it the text of those that are open."""
from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from localthink.chat.turn import Turn
from localthink.tui.keys import THOUGHT_KEYS
from localthink.tui.widgets.thought_headline import NARROW, Columns, columns_of, headline
from localthink.tui.widgets.thought_lines import ThoughtLines


def indent_of(width: int) -> int:
    """How far the text of a thought is set in, in a list of such a width."""
    return 2 if width < NARROW else 4


def text_width(width: int) -> int:
    return max(1, width - indent_of(width))


class ThoughtList(ScrollView, can_focus=True):
    """Follows the end of the text while it grows, unless a person has scrolled up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor(-1)", show=False),
        Binding("down", "cursor(1)", show=False),
        *(replace(key, action=f"{key.action}_thought" if key.action == "toggle" else key.action).binding()
          for key in THOUGHT_KEYS if key.action != "cursor"),  # every widget has an action `toggle`, of another kind
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "thought-list--number", "thought-list--opening", "thought-list--figures", "thought-list--held",
        "thought-list--text", "thought-list--rule", "thought-list--latest", "thought-list--cursor",
        "thought-list--pointed",
    }
    DEFAULT_CSS = """
    ThoughtList {
        height: auto; width: 1fr; overflow-x: hidden; overflow-y: auto;
        scrollbar-gutter: stable; scrollbar-size: 0 1; scrollbar-color: $foreground 25%; scrollbar-background: $surface;
        & > .thought-list--number { color: $text-muted; }
        & > .thought-list--opening { color: $text-muted; }
        & > .thought-list--figures { color: $text 50%; }
        & > .thought-list--held { color: $text-warning; text-style: bold; }
        &:light > .thought-list--held { color: $text-error; }
        & > .thought-list--text { color: $text-muted; }
        & > .thought-list--rule { color: $text 20%; }
        & > .thought-list--latest { color: $text-primary; text-style: bold; }
        & > .thought-list--cursor { background: $block-cursor-blurred-background; }
        & > .thought-list--pointed { background: $foreground 10%; }
        &:ansi > .thought-list--cursor { text-style: reverse; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: ThoughtLines | None = None
        self._following = True
        self._chosen: int | None = None  # the thought to which a person moved
        self._pointed: int | None = None
        self._columns = Columns(1, 1, 1, 0)

    # What it shows

    @property
    def following(self) -> bool:
        """Whether the end of the text stays in view as it grows."""
        return self._following

    @property
    def touched(self) -> bool:
        """Whether a person has opened or folded a thought."""
        return self._lines is not None and self._lines.touched

    @property
    def cursor(self) -> int:
        """The thought that keys act upon: the latest, until a person moves to another."""
        count = self._lines.count if self._lines is not None else 0
        return count - 1 if self._chosen is None else self._chosen

    def show(self, turn: Turn) -> None:
        """Take over what has been written since the last time."""
        if self._lines is None or turn is not self._lines.turn:
            width = self.scrollable_content_region.width
            self._lines = ThoughtLines(turn, text_width(width) if width else 0)
            self._chosen = self._pointed = None
            self._following = True
        lines = self._lines
        reading = None if self._following or not lines.count else lines.place(self.scroll_offset.y)[0]
        changed = lines.take(reading)
        columns = columns_of(turn)
        if columns != self._columns:
            self._columns, changed = columns, 0
        self._fit(changed)
        if lines.count:
            self.refresh_line(lines.top(lines.count - 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        if self._lines is not None and not self._lines.width:  # it has never been laid out
            width -= self.styles.scrollbar_size_vertical
            self._lines.wrap(text_width(width))
            self.set_reactive(Widget.virtual_size, Size(width, self._lines.height))
        return self.virtual_size.height

    def _fit(self, changed: int) -> None:
        """Make the virtual size that of the lines, and repaint from the first that changed."""
        assert self._lines is not None
        following, room = self._following, self.container_size.height
        before, height = self.virtual_size.height, self._lines.height
        size = Size(self.scrollable_content_region.width, height)
        if before > room and height > room:  # neither its own height nor its scrollbar can change: spare the layout
            self.set_reactive(Widget.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = height
        else:
            self.virtual_size = size
        if following or self.scroll_y > self.max_scroll_y:
            self._go(self.max_scroll_y)
        self._following = following
        self.refresh_lines(changed, max(1, max(before, height) - changed))

    def _go(self, y: float) -> None:
        """Scroll, also when the scrollbar that the new lines call for is not there yet."""
        self.scroll_to(y=y, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        if self._lines is None or not self.scrollable_content_region.width:
            return
        width = text_width(self.scrollable_content_region.width)
        if width != self._lines.width:
            spot = self._lines.spot(self.scroll_offset.y) if self._lines.height > self.scroll_offset.y else None
            self._lines.wrap(width)
            self._fit(0)
            if spot is not None and not self._following:
                self._go(self._lines.line_of(spot))
        if self._following:
            self._go(self.max_scroll_y)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._following = self.scroll_target_y >= self.max_scroll_y

    # What a person does

    def open(self, thought: int) -> None:
        """Open a thought and bring it into view."""
        if self._lines is not None and thought < self._lines.count:
            self._chosen = thought
            self._fit_at(self._lines.open(thought))
            self._reveal(thought)

    def point(self, thought: int | None) -> None:
        """Mark the line of a thought."""
        if thought != self._pointed:
            for index in (self._pointed, thought):
                if self._lines is not None and index is not None and index < self._lines.count:
                    self.refresh_line(self._lines.top(index))
            self._pointed = thought

    def _fit_at(self, changed: int) -> None:
        """After a person has changed what is open: stay where they look."""
        self._following = False
        self._fit(changed)
        self._following = self.scroll_target_y >= self.max_scroll_y

    def _reveal(self, thought: int) -> None:
        """Scroll until the line of a thought is in view, and as much below it as there is room for."""
        assert self._lines is not None
        top = self._lines.top(thought)
        bottom = self._lines.top(thought + 1) if thought + 1 < self._lines.count else self._lines.height
        y = max(self.scroll_offset.y, bottom - self.scrollable_content_region.height)
        self._go(y if thought == self._lines.current else min(top, y))  # what is being written is read at its end

    def action_cursor(self, step: int) -> None:
        if self._lines is None or not self._lines.count:
            return
        self._chosen = max(0, min(self._lines.count - 1, self.cursor + step))
        self._reveal(self._chosen)
        self.refresh()

    def action_toggle_thought(self) -> None:
        if self._lines is not None and self._lines.count:
            self._toggle(self.cursor)

    def action_toggle_all(self) -> None:
        if self._lines is not None and self._lines.count:
            self._lines.toggle_all()
            self._fit_at(0)
            self._reveal(self.cursor)

    def _toggle(self, thought: int) -> None:
        assert self._lines is not None
        self._fit_at(self._lines.toggle(thought))
        if self._lines.is_open(thought):
            self._reveal(thought)

    def _headline_at(self, event: events.MouseEvent) -> int | None:
        """The thought whose own line is under the pointer."""
        place = event.get_content_offset(self)
        if place is None or self._lines is None or self.scroll_offset.y + place.y >= self._lines.height:
            return None
        thought, row = self._lines.place(self.scroll_offset.y + place.y)
        return None if row else thought

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.point(self._headline_at(event))

    def on_leave(self) -> None:
        self.point(None)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if (thought := self._headline_at(event)) is not None:
            self._chosen = thought
            self._toggle(thought)

    # How it is drawn

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"thought-list--{part}")

    def render_line(self, y: int) -> Strip:
        width, line = self.scrollable_content_region.width, self.scroll_offset.y + y
        lines, blank = self._lines, self._style("text")
        if lines is None or line >= lines.height:
            return Strip.blank(width, blank)
        thought, row = lines.place(line)
        segments = self._text_line(lines, thought, row, width) if row else self._headline(lines, thought, width)
        return Strip(segments).adjust_cell_length(width, blank)

    def _text_line(self, lines: ThoughtLines, thought: int, row: int, width: int) -> list[Segment]:
        text, marks = lines.text(thought, row)
        style, start = self._style("text"), 0
        segments = [Segment(" " * indent_of(width), style)]
        for mark in marks:
            segments += [Segment(text[start:mark], style), Segment(text[mark], self._style("held"))]
            start = mark + 1
        return [*segments, Segment(text[start:], style)]

    def _headline(self, lines: ThoughtLines, index: int, width: int) -> list[Segment]:
        opening = None if lines.is_open(index) else lines.opening(index)
        parts = headline(lines.turn.thoughts[index], opening, self._columns, width)
        styles = {part: self._style(part) for part, _ in parts}
        if index == lines.current:
            styles["number"] = self._style("latest")
        mark = "cursor" if self.has_focus and index == self.cursor else "pointed" if index == self._pointed else ""
        marked = self._style(mark) if mark else Style()
        behind = Style(bgcolor=marked.bgcolor, reverse=marked.reverse)
        return [Segment(text, styles[part] + behind) for part, text in parts]
