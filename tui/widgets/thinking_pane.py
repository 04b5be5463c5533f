"""The thinking of one answer: a line that says how much there is, the map of its thoughts, and their text.

It is open while the model thinks, and folds to its one line when the answer begins, unless a person has
decided otherwise. While it is folded nothing below that line is made or drawn.
"""
from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from localthink.chat.turn import Turn
from localthink.text.sizes import counted, lasted
from localthink.tui.widgets.thought_headline import HELD
from localthink.tui.widgets.thought_lines import unanswered
from localthink.tui.widgets.thought_list import ThoughtList
from localthink.tui.widgets.thought_map import ThoughtMap

SHARE = 0.6  # of the terminal's lines
LEAST_LIST = 3  # lines
WORKING = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
ENDINGS = {"cancelled": "Stopped after", "length": "Cut off after", "loop": "Cut off after",
           "confidence": "Cut off after", "interrupted": "Cut off after"}


class ThinkingHeader(Widget, can_focus=True):
    """The one line: what the thinking took so far, and whether it is open. A click or Enter opens and folds it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", "Open thinking")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"thinking-header--lead", "thinking-header--held", "thinking-header--hint"}
    DEFAULT_CSS = """
    ThinkingHeader {
        height: 1; width: 1fr; color: $text-muted;
        & > .thinking-header--lead { color: $text-primary; text-style: bold; }
        & > .thinking-header--held { color: $text-warning; text-style: bold; }
        &:light > .thinking-header--held { color: $text-error; }
        & > .thinking-header--hint { color: $text-primary; }
        &:hover { background: $foreground 10%; }
        &:focus { background: $block-cursor-blurred-background; }
        &:ansi:focus { text-style: reverse; }
    }
    """

    class Pressed(Message):
        """A person wants it open, or folded."""

    def __init__(self) -> None:
        super().__init__()
        self._turn: Turn | None = None
        self._open = False

    def show(self, turn: Turn, opened: bool) -> None:
        self._turn, self._open = turn, opened
        self.refresh()

    def render(self) -> Text:
        if self._turn is None:
            return Text()
        line, (lead, *_, held, hint) = header_line(self._turn, self._open, self.content_size.width)
        text = Text(line, no_wrap=True, overflow="crop", end="")
        text.stylize(self._part("lead"), 0, len(lead))
        text.stylize(self._part("hint"), len(line) - len(hint))
        if held:
            text.stylize(self._part("held"), start := line.rindex(held), start + len(held))
        return text

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"thinking-header--{name}", partial=True)

    def action_press(self) -> None:
        self.post_message(self.Pressed())

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed())


def lead_of(turn: Turn) -> str:
    """What the model is doing, or how its thinking ended."""
    if turn.running and unanswered(turn):
        return f"{WORKING[turn.tokens // 4 % len(WORKING)]} Thinking"
    return f"{ENDINGS.get(turn.state if unanswered(turn) else '', 'Thought for')} {seconds_of(turn)}"


def seconds_of(turn: Turn) -> str:
    return lasted(sum(thought.seconds for thought in turn.thoughts))


def held_of(turn: Turn) -> str:
    return f"held {turn.ticks}" if turn.ticks else ""


def header_line(turn: Turn, opened: bool, width: int) -> tuple[str, tuple[str, ...]]:
    """The line and its parts; the last two are what was held, and a hint. The least telling parts give way."""
    lead, held, hint = lead_of(turn), held_of(turn), "▾ fold" if opened else "▸ open"
    thoughts, tokens = counted(len(turn.thoughts), "thought"), counted(turn.thinking_tokens, "token")
    thinks = turn.running and unanswered(turn)
    seconds, mark = seconds_of(turn) if thinks else "", held.replace("held", HELD)
    for parts in ((lead, thoughts, tokens, seconds, held, hint), (lead, thoughts, seconds, held, hint),
                  (lead, thoughts, held, hint), (lead, thoughts, mark, hint[0]),
                  (f"{lead[0]} {thoughts}" if thinks else lead, mark, hint[0])):
        line = " · ".join(part for part in parts if part)
        if cell_len(line) <= width:
            break
    return line, parts


class ThinkingPane(Vertical):
    """Give it the turn at every flush. What a person decides about it wins from then on (`pinned`)."""

    DEFAULT_CSS = """
    ThinkingPane {
        height: auto; layout: grid; grid-size: 1; grid-rows: 1 auto 1fr;
        &.folded > ThoughtMap, &.folded > ThoughtList { display: none; }
    }
    """

    expanded: reactive[bool] = reactive(False, init=False)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.pinned = False
        self._header = ThinkingHeader()
        self._map: ThoughtMap | None = None
        self._list: ThoughtList | None = None
        self._turn: Turn | None = None
        self._seen: tuple[object, ...] = ()
        self._composed = False

    def compose(self) -> ComposeResult:
        yield self._header

    def on_mount(self) -> None:
        self._composed = True
        self.watch_expanded(self.expanded)
        if self._turn is not None:
            self.show(self._turn)

    @property
    def map(self) -> ThoughtMap | None:
        """None until it has been open."""
        return self._map

    @property
    def list(self) -> ThoughtList | None:
        """None until it has been open."""
        return self._list

    def show(self, turn: Turn) -> None:
        """Take over what has been written since the last time; costs nothing where there is nothing new."""
        self._turn = turn
        if not self._composed or not turn.thoughts:
            return
        seen = (id(turn), turn.tokens, len(turn.thoughts), turn.thoughts[-1].characters, turn.phase, turn.state,
                turn.alpha, turn.beta)
        if seen == self._seen:
            return
        self._seen = seen
        wanted = unanswered(turn)
        if self.expanded and not wanted and self._in_use:
            self.pinned = True
        if not self.pinned:
            self.expanded = wanted
        self._header.show(turn, self.expanded)
        self._show_parts()

    @property
    def _in_use(self) -> bool:
        """Whether a person reads in it: has opened a thought, scrolled up, or gone there with the keyboard."""
        return self._list is not None and (self._list.touched or not self._list.following or self._list.has_focus)

    def _show_parts(self) -> None:
        if self.expanded and self._turn is not None and self._map is not None and self._list is not None:
            self._map.show(self._turn)
            self._list.show(self._turn)

    def toggle(self) -> None:
        """Open or fold it, for good."""
        self.pinned = True
        self.expanded = not self.expanded

    def watch_expanded(self, expanded: bool) -> None:
        if not self._composed:
            return
        if expanded and self._map is None:
            self._map, self._list = ThoughtMap(figured=False), ThoughtList()  # the lines have figures
            self.mount(self._map, self._list)
        if not expanded and self._list is not None and self._list.has_focus:
            self._header.focus()
        self.set_class(not expanded, "folded")
        if self._turn is not None:
            self._header.show(self._turn, expanded)
            self._show_parts()
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Its parts, up to a share of the terminal."""
        if not self.expanded or self._map is None or self._list is None:
            return 1
        above = 1 + self._map.get_content_height(container, viewport, width)
        below = self._list.get_content_height(container, viewport, width)
        return above + min(below, max(LEAST_LIST, int(viewport.height * SHARE) - above))

    def on_thinking_header_pressed(self, event: ThinkingHeader.Pressed) -> None:
        event.stop()
        self.toggle()

    def on_thought_map_chosen(self, event: ThoughtMap.Chosen) -> None:
        event.stop()
        if self._list is None:
            return
        if event.clicked:
            self._list.open(event.index)
        else:
            self._list.point(event.index)
