"""One question over many seeds, without the penalty and with it: a table that grows while they are answered."""
from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import ProgressBar, Static

from localthink.chat.tally import Tally
from localthink.chat.tally_summary import METHOD, TallySummary, tally_summary
from localthink.text.visible import visible
from localthink.tui.keys import TALLY_KEYS
from localthink.tui.screens.dialog import Dialog

LOOK = 0.25  # seconds between two looks at what has been counted
SOME, MANY = 16, 64  # seeds
GONE = ("none", "failed", "died")


class TallyScreen(Dialog[None]):
    """Counts up to SOME seeds at once, and to MANY where a person asks for more. The screen below pumps the askers."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in TALLY_KEYS]
    AUTO_FOCUS = "#page"
    DEFAULT_CSS = """
    TallyScreen #page { height: auto; max-height: 100%; padding: 0 1; scrollbar-size-vertical: 1; }
    TallyScreen #page > Static { height: auto; }
    TallyScreen ProgressBar { width: 1fr; }
    TallyScreen ProgressBar Bar { width: 1fr; }
    TallyScreen #figures { margin: 1 0; }
    TallyScreen #meaning { text-style: bold; margin-bottom: 1; }
    TallyScreen #trouble { color: $text-warning; display: none; }
    TallyScreen #trouble.there { display: block; }
    TallyScreen #method { color: $text-muted; text-style: italic; }
    TallyScreen.-low #figures, TallyScreen.-low #meaning { margin: 0; }
    """

    def __init__(self, tally: Tally) -> None:
        super().__init__("The same question, many seeds")
        self.tally = tally
        self._waiting = 0  # seeds to count up to once the models are open
        self._seen: tuple[object, ...] = ()

    def contents(self) -> Iterable[Widget]:
        with VerticalScroll(id="page"):
            yield Static(id="progress", markup=False)
            yield ProgressBar(show_percentage=False, show_eta=False)
            for part in ("figures", "meaning", "trouble"):
                yield Static(id=part, markup=False)
            yield Static(METHOD, id="method", markup=False)

    def on_mount(self) -> None:
        if not self.tally.pairs:
            self._count(SOME)
        self._look()
        self.set_interval(LOOK, self._look)

    def on_unmount(self) -> None:
        self.tally.stop()

    def _count(self, seeds: int) -> None:
        """Count up to so many, once the models are open, which may have ended."""
        self._waiting = seeds
        for side in self.tally.sides:
            if side.asker.model.phase in GONE:
                side.asker.load(side.asker.opening)

    def _look(self) -> None:
        if self._waiting and all(side.asker.model.phase == "ready" for side in self.tally.sides):
            self.tally.start(self._waiting)
            self._waiting = 0
        trouble = self._trouble()
        seen = (len(self.tally.pairs), self.tally.wanted, self.tally.running, trouble)
        if seen != self._seen:
            self._seen = seen
            self._show(tally_summary(self.tally), trouble)

    def _show(self, said: TallySummary, trouble: str) -> None:
        self.query_one("#progress", Static).update(Text(said.progress))
        self.query_one(ProgressBar).update(total=self.tally.wanted or SOME, progress=len(self.tally.pairs))
        self.query_one("#figures", Static).update(figures_table(said))
        meaning = self.query_one("#meaning", Static)
        meaning.update(Text(visible(said.meaning)))
        meaning.display = bool(said.meaning)
        line = self.query_one("#trouble", Static)
        line.update(Text(visible(trouble)))
        line.set_class(bool(trouble), "there")
        self.refresh_bindings()

    def _trouble(self) -> str:
        reasons = [side.asker.model.reason for side in self.tally.sides if side.asker.model.phase in GONE]
        reason = next((reason for reason in (self.tally.reason, *reasons) if reason), "")
        return f"It ended early: {reason}. N goes on from there." if reason and not self._waiting else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        busy = self.tally.running or bool(self._waiting)
        if action in ("stop", "close"):
            return busy == (action == "stop")
        if action == "more":
            return len(self.tally.pairs) < MANY and not (busy and self._aim == MANY)
        return True

    @property
    def _aim(self) -> int:
        """Up to how many seeds it counts."""
        return self._waiting or self.tally.wanted

    def action_stop(self) -> None:
        self._waiting = 0
        self.tally.stop()
        self._look()

    def action_close(self) -> None:
        self.dismiss(None)

    def action_more(self) -> None:
        """Go on where it was stopped; else up to MANY."""
        stopped = not self.tally.running and not self._waiting and len(self.tally.pairs) < self._aim
        self._count(self._aim if stopped else MANY)
        self._look()


def figures_table(said: TallySummary) -> Table:
    """A column for each side and one for the difference; empty before the first pair."""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(style="dim", max_width=24, overflow="fold")
    for _ in range(2):
        grid.add_column(ratio=1, overflow="fold")
    grid.add_column()
    if said.rows:
        grid.add_row("", *(Text(visible(header), "bold") for header in said.names.headers), Text("difference", "bold"))
    for row in said.rows:
        grid.add_row(visible(row.label), *(Text(visible(text)) for text in (row.left, row.right, row.difference)))
    return grid
