"""Two answers to one prompt: their thoughts on one scale, their texts side by side, and what came of it."""
from __future__ import annotations

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from localthink.chat.compare import Names, Row, Summary
from localthink.chat.turn import Turn
from localthink.text.sizes import counted
from localthink.text.visible import visible
from localthink.tui.widgets.answer import Answer
from localthink.tui.widgets.thought_list import ThoughtList
from localthink.tui.widgets.thought_map import ThoughtMap

CAVEAT = "This is one seed, and does not show how often it is so: N counts over many, R draws another."
STATES = {"stop": "done", "length": "cut off", "cancelled": "stopped", "loop": "went round in a circle",
          "confidence": "not confident enough", "interrupted": "interrupted"}


class Words(Static):
    """Text that is laid out again only when it has changed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, markup=False)
        self._said = Text()

    def say(self, text: Text) -> None:
        if text != self._said:
            self._said = text
            self.update(text)


class ComparedMap(Vertical):
    """The map of one side's thoughts, below its name and its figures."""

    DEFAULT_CSS = """
    ComparedMap {
        height: auto; padding: 0 1;
        & > .head { height: 1; }
        & .head > Words { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & .name { width: auto; max-width: 70%; margin-right: 2; text-style: bold; color: $text-primary; }
        & .figures { width: 1fr; text-align: right; color: $text-muted; }
    }
    """

    class Chosen(Message):
        """A person points at a thought of this side, or has clicked it."""

        def __init__(self, side: ComparedMap, index: int, clicked: bool) -> None:
            super().__init__()
            self.side, self.index, self.clicked = side, index, clicked

    def __init__(self, captioned: bool) -> None:
        super().__init__()
        self._map = ThoughtMap(captioned=captioned)
        self._heading, self._figures = Words(classes="name"), Words(classes="figures")

    def compose(self) -> ComposeResult:
        with Horizontal(classes="head"):
            yield self._heading
            yield self._figures
        yield self._map

    def show(self, turn: Turn, other: Turn, name: str) -> None:
        """Draw a side on the scale of both."""
        self._heading.say(Text(visible(name)))
        self._figures.say(Text(figures(turn)))
        self._map.show(turn, other)

    @on(ThoughtMap.Chosen)
    def _choose(self, event: ThoughtMap.Chosen) -> None:
        event.stop()
        self.post_message(self.Chosen(self, event.index, event.clicked))


def figures(turn: Turn) -> str:
    """How far a side is."""
    if turn.phase == "waiting":
        return "waiting"
    if turn.phase == "reading":
        return f"reads the prompt, {turn.prompt_read:,} of {turn.prompt_tokens:,}"
    parts = [counted(len(turn.thoughts), "thought"), counted(turn.tokens, "token")]
    if not turn.running:
        parts.append(STATES[turn.state])
    elif turn.speed:
        parts.append(f"{turn.speed:,.0f} tokens/s")
    return " · ".join(parts)


class ComparedText(Vertical):
    """What one side writes: its thoughts, and below them its answer."""

    DEFAULT_CSS = """
    ComparedText {
        width: 1fr; height: 1fr; padding: 0 1;
        & > .name { height: 1; text-style: bold; color: $text-primary; text-wrap: nowrap; text-overflow: ellipsis; }
        & > ThoughtList { height: 1fr; min-height: 3; }
        & > .answer {
            height: 1fr; min-height: 3; display: none; border-top: solid $foreground 20%; scrollbar-size-vertical: 1;
        }
        &.answered > ThoughtList { height: auto; min-height: 1; max-height: 60%; }
        &.answered > .answer { display: block; }
    }
    """

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._heading, self._thoughts = Words(classes="name"), ThoughtList()
        self._room = VerticalScroll(classes="answer", can_focus=True)
        self._turn: Turn | None = None
        self._answer: Answer | None = None
        self._shown = 0  # characters of the answer
        self._finished = False

    def compose(self) -> ComposeResult:
        yield self._heading
        yield self._thoughts
        yield self._room

    async def show(self, turn: Turn, name: str) -> None:
        """Take over what has been written since the last time."""
        if turn is not self._turn:
            self._turn, self._answer, self._shown, self._finished = turn, None, 0, False
            await self._room.remove_children()
            self.remove_class("answered")
        self._heading.say(Text(visible(name)))
        self._thoughts.show(turn)
        if len(turn.answer) < self._shown and self._answer is not None:  # it turned out to be thinking
            self._shown = len(turn.answer)
            await self._answer.set_text(turn.answer)
        if len(turn.answer) > self._shown:
            text, self._shown = turn.answer[self._shown:], len(turn.answer)  # more may come while this is shown
            await self._write(text)
        if self._answer is not None and not turn.running and not self._finished:
            self._finished = True
            await self._answer.finish()

    def point(self, thought: int) -> None:
        """Mark the line of a thought."""
        self._thoughts.point(thought)

    def open(self, thought: int) -> None:
        """Bring the text of a thought into view."""
        self._thoughts.open(thought)
        self.scroll_visible(animate=False)

    async def _write(self, text: str) -> None:
        if self._answer is None:
            self._answer = Answer()
            await self._room.mount(self._answer)
            self.add_class("answered")
        following = self._room.is_vertical_scroll_end
        await self._answer.append(text)
        if following:
            self._room.scroll_end(animate=False)


class Verdict(Vertical):
    """Where the two part, as soon as they do; and all figures, once both have ended."""

    DEFAULT_CSS = """
    Verdict {
        height: auto; padding: 0 1; margin: 0 0 1 0;
        & > Static { height: auto; }
        & > #meaning { text-style: bold; }
        & > #rows { margin-top: 1; }
        & > #caveat { color: $text-muted; text-style: italic; }
        &.running > #rows, &.running > #caveat { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: Summary | None = None

    def compose(self) -> ComposeResult:
        for part in ("opening", "quotes", "meaning", "rows"):
            yield Static(id=part, markup=False)
        yield Static(CAVEAT, id="caveat", markup=False)

    def show(self, said: Summary, running: bool) -> None:
        self.set_class(running, "running")
        before, self._said = self._said, said
        if before is None or (before.opening, before.quotes) != (said.opening, said.quotes):
            self._update("opening", Text(visible(said.opening)), bool(said.opening))
            self._update("quotes", quotes(said), bool(said.quotes))
            self._update("meaning", Text(visible(said.meaning)), bool(said.meaning))
        if not running:
            self.query_one("#rows", Static).update(table(said.names, said.rows))

    def _update(self, part: str, content: Text | Table, there: bool) -> None:
        static = self.query_one(f"#{part}", Static)
        static.update(content)
        static.display = there


def quotes(said: Summary) -> Table:
    """How each goes on where they part, one below the other."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    for name, words in said.quotes:
        grid.add_row(Text(visible(name)), Text(visible(words)))
    return grid


def table(names: Names, rows: tuple[Row, ...]) -> Table:
    """All figures, a column for each side."""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row("", *(Text(visible(header), "bold") for header in names.headers))
    for row in rows:
        grid.add_row(row.label, Text(visible(row.left)), Text(visible(row.right)))
    return grid
