"""The two kinds of turns in a transcript: a person's question and a model's answer."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from localthink.chat.steering import steering
from localthink.chat.transcript import Entry
from localthink.chat.turn import Turn
from localthink.text.announcements import EARLY_ENDS, announcements
from localthink.text.visible import visible
from localthink.tui.widgets.answer import Answer
from localthink.tui.widgets.thinking_pane import ThinkingPane


class Branches(Static):
    """Which of several siblings is shown, with an arrow to click on either side."""

    DEFAULT_CSS = """
    Branches { width: auto; height: 1; color: $text-muted; display: none; }
    Branches.several { display: block; }
    Branches:hover { color: $text-accent; }
    """

    class Turned(Message):
        """Show the sibling `step` places on."""

        def __init__(self, entry: Entry, step: int) -> None:
            super().__init__()
            self.entry, self.step = entry, step

    def __init__(self, entry: Entry) -> None:
        super().__init__(markup=False)
        self.entry = entry
        self._place = (0, 0)

    def show(self) -> None:
        if (shown := self.entry.place) != self._place:  # an update lays the whole screen out anew
            self._place = shown
            place, count = shown
            self.set_class(count > 1, "several")
            self.update(f"◀ {place}/{count} ▶")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Turned(self.entry, -1 if event.x < self.size.width / 2 else 1))


class QuestionTurn(Vertical, can_focus=True):
    """What a person asked. It can be focused, and then edited."""

    DEFAULT_CSS = """
    QuestionTurn {
        height: auto; margin: 1 0 0 0; padding: 0 1; border-left: thick $primary; background: $boost;
        &:focus { border-left: thick $accent; background: $surface; }
        &.left-out { opacity: 50%; }
    }
    QuestionTurn > .said { height: auto; width: 1fr; }
    """

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry

    def compose(self) -> ComposeResult:
        yield Static(Text(visible(self.entry.content)), classes="said", markup=False)
        yield Branches(self.entry)

    def show(self, left_out: bool) -> None:
        self.set_class(left_out, "left-out")
        for branches in self.query(Branches):
            branches.show()


class AnswerTurn(Vertical):
    """A model's thinking, its answer, and a line of figures once it has ended."""

    DEFAULT_CSS = """
    AnswerTurn { height: auto; margin: 1 0 0 0; padding: 0 1; &.left-out { opacity: 50%; } }
    AnswerTurn > .figures { color: $text-muted; height: auto; display: none; margin-top: 1; }
    AnswerTurn > .figures.ended { display: block; }
    AnswerTurn > .figures.trouble { color: $text-warning; }
    """

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        assert entry.turn is not None
        self.entry, self.turn = entry, entry.turn
        self.pane = ThinkingPane()
        self._figures = Static(classes="figures", markup=False)
        self._branches = Branches(entry)
        self._answer: Answer | None = None
        self._shown = 0  # characters of the answer
        self._state, self._solved = "", ""

    @property
    def answer(self) -> Answer | None:
        return self._answer

    @property
    def there(self) -> bool:
        """Whether it is on the screen, with all that it has."""
        return self.is_attached and (self._answer is None or self._answer.is_attached)

    def compose(self) -> ComposeResult:
        yield self.pane
        yield self._figures
        yield self._branches

    async def show(self, left_out: bool = False) -> None:
        """Take over what has been written since the last time."""
        turn = self.turn
        self.set_class(left_out, "left-out")
        self.pane.display = bool(turn.thoughts)
        if turn.thoughts:
            self.pane.show(turn)
        await self._show_answer(turn)
        solved = self.entry.details.get("solved", "")
        if (turn.state, solved) != (self._state, self._solved):
            self._state, self._solved = turn.state, solved
            self._show_end(turn)
        self._branches.show()

    async def _show_answer(self, turn: Turn) -> None:
        if turn.answer and self._answer is None:
            self._answer = Answer()
            await self.mount(self._answer, before=self._figures)
            if not turn.running:
                await self._answer.set_text(turn.answer)
                self._shown = len(turn.answer)
        if self._answer is None:
            return
        if len(turn.answer) < self._shown:  # it turned out to be thinking
            self._shown = len(turn.answer)
            await self._answer.set_text(turn.answer)
        if len(turn.answer) > self._shown:
            text, self._shown = turn.answer[self._shown:], len(turn.answer)
            await self._answer.append(text)
        if not turn.running and self._state == "writing":
            await self._answer.finish()

    def _show_end(self, turn: Turn) -> None:
        self._figures.set_class(not turn.running, "ended")
        self._figures.set_class(turn.state not in ("writing", "stop"), "trouble")
        self._figures.update(Text(visible(figures(turn, self.entry.details))))


def figures(turn: Turn, details: Mapping[str, Any]) -> str:
    """How an answer ended, and what it took; `details` are its entry's."""
    ends = {**EARLY_ENDS, "cancelled": "stopped", "interrupted": turn.reason or "interrupted"}
    parts = [details["solved"]] if details.get("solved") else []
    parts += [ends[turn.state]] if turn.state in ends else []
    parts += announcements(turn.interventions)
    if turn.state in ("cancelled", "interrupted"):
        parts.append("Ctrl+G goes on")
    parts += [f"{turn.tokens:,} tokens", f"{turn.seconds:,.1f} s"]
    if turn.speed:
        parts.append(f"{turn.speed:,.0f} tokens/s")
    if details.get("penalised", True):
        parts.append(steering(turn))
    parts.append(f"seed {turn.seed}")
    if (place := details.get("branched_at")) is not None:
        parts.append(f"branched at token {place + 1:,}")
    if details.get("model"):
        parts.append(details["model"])
    return " · ".join(parts)
