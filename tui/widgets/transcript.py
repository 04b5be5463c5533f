"""The conversation from top to bottom; follows its end unless a person scrolls up."""
from __future__ import annotations

from rich.text import Text
from textual import events
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import MountError, Widget
from textual.widgets import Static

from localthink.chat.session import Session
from localthink.chat.transcript import Entry
from localthink.text.sizes import counted
from localthink.tui.widgets.turns import AnswerTurn, QuestionTurn

AT_FIRST = 20  # entries that are mounted; earlier ones on demand


class Earlier(Static):
    """A row that brings back what is too long ago to be shown at once."""

    DEFAULT_CSS = """
    Earlier { color: $text-accent; text-align: center; height: 1; &:hover { text-style: underline; } }
    """

    class Wanted(Message):
        """Show earlier turns."""

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Wanted())


class TranscriptView(VerticalScroll, can_focus=True):
    """Shows the path of a session."""

    DEFAULT_CSS = """
    TranscriptView { height: 1fr; padding: 0 1; scrollbar-gutter: stable; }
    """

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._path = -1
        self._first = 0  # of the entries, the first that is mounted
        self._turns: list[QuestionTurn | AnswerTurn] = []

    @property
    def turns(self) -> list[QuestionTurn | AnswerTurn]:
        return self._turns

    @property
    def latest_answer(self) -> AnswerTurn | None:
        return next((turn for turn in reversed(self._turns) if isinstance(turn, AnswerTurn)), None)

    async def show(self, session: Session, welcome: Widget) -> None:
        """Show the session as it is now."""
        if session.path != self._path:
            self._path = session.path
            await self._rebuild(session)
            welcome.display = not session.entries
            for place, turn in enumerate(self._turns, self._first):
                await self._show_turn(turn, place < session.first)
            self._follow(anew=True)
        elif self._turns:
            place = self._first + len(self._turns) - 1
            await self._show_turn(self._turns[-1], place < session.first)
            self._follow()

    def _follow(self, anew: bool = False) -> None:
        """Stay at the end of what is longer than the screen: what is anchored would hang there from the bottom."""
        longer = self.max_scroll_y > 0
        if longer and (anew or not self.is_anchored):
            self.anchor()
        elif not longer and self.is_anchored:
            self.anchor(False)
            self.scroll_y = self.scroll_target_y = 0

    async def _show_turn(self, turn: QuestionTurn | AnswerTurn, left_out: bool) -> None:
        if isinstance(turn, QuestionTurn):
            turn.show(left_out)
            return
        try:
            await turn.show(left_out)
        except MountError:
            if turn.there:  # else it is being removed, or the program left, while it shows something
                raise

    async def _rebuild(self, session: Session) -> None:
        """Mount what is new, and remove what is not on the path any more; what both have stays as it is."""
        entries = session.entries
        if not self._turns or self._first >= len(entries) or entries[self._first] is not self._turns[0].entry:
            await self._remove(0)
            self._first = max(0, len(entries) - AT_FIRST)
        kept = 0
        while (kept < len(self._turns) and self._first + kept < len(entries)
               and entries[self._first + kept] is self._turns[kept].entry):
            kept += 1
        await self._remove(kept)
        added = [_widget(entry) for entry in entries[self._first + kept:]]
        self._turns += added
        await self.mount_all(added)
        await self._show_earlier()

    async def _remove(self, kept: int) -> None:
        gone, self._turns = self._turns[kept:], self._turns[:kept]
        if gone:
            await self.remove_children(gone)

    async def _show_earlier(self) -> None:
        await self.query(Earlier).remove()
        if self._first:
            text = f"▲ {counted(self._first, 'earlier turn')}"
            await self.mount(Earlier(Text(text), markup=False), before=self._turns[0])

    async def more(self, session: Session) -> None:
        """Mount another lot of earlier turns."""
        start = max(0, self._first - AT_FIRST)
        added = [_widget(entry) for entry in session.entries[start:self._first]]
        self.release_anchor()
        await self.mount_all(added, before=self._turns[0])
        self._turns = [*added, *self._turns]
        self._first = start
        for place, turn in enumerate(added, start):
            await self._show_turn(turn, place < session.first)
        await self._show_earlier()

    def fold_all(self) -> None:
        """Fold all thinking if any is open, else open it."""
        answers = [turn for turn in self._turns if isinstance(turn, AnswerTurn) and turn.turn.thoughts]
        fold = any(answer.pane.expanded for answer in answers)
        for answer in answers:
            if answer.pane.expanded == fold:
                answer.pane.toggle()


def _widget(entry: Entry) -> QuestionTurn | AnswerTurn:
    return QuestionTurn(entry) if entry.turn is None else AnswerTurn(entry)
