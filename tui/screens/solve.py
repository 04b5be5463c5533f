"""Many attempts at one question, side by side as they run, and the answers that they come to."""
from __future__ import annotations

import time
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from localthink.chat.session import Session
from localthink.chat.solving import Solving, read_request
from localthink.chat.solving_summary import leader, notes_of, progress, votes_of
from localthink.errors import LocalthinkError
from localthink.solving.catalogue import STRATEGIES
from localthink.solving.strategy import Strategy
from localthink.text.visible import visible
from localthink.tui.keys import SOLVE_KEYS
from localthink.tui.lines import one_line
from localthink.tui.screens.attempt import AttemptScreen
from localthink.tui.screens.choice import ChoiceScreen
from localthink.tui.screens.compare import FLUSH_SECONDS, GONE, PAUSE_FACTOR
from localthink.tui.widgets.attempt_table import AttemptTable
from localthink.tui.widgets.compared import Words
from localthink.tui.widgets.key_line import KeyLine
from localthink.tui.widgets.vote_bars import VoteBars

LOW = 30  # lines
OFFERED = ("consensus", "short-3", "shortest", "confident")
EXACT = ("best",)  # offered as well where the right answer is known


class SolveScreen(Screen[None]):
    """Runs attempts until a strategy has its answer, which is then the one of the conversation."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in SOLVE_KEYS]
    AUTO_FOCUS = "AttemptTable"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-high")]  # noqa: RUF012, as Textual has it
    DEFAULT_CSS = """
    SolveScreen {
        & > #title { height: 1; padding: 0 1; background: $panel; color: $text; }
        & #question { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & #how { width: auto; height: 1; margin-left: 2; color: $text-muted; }
        & > Words { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #progress { color: $text-muted; }
        & > #leader { text-style: bold; }
        & > #notes { color: $text-warning; }
    }
    SolveScreen.-high VoteBars { height: 6; margin-bottom: 1; }
    """

    def __init__(self, session: Session, solving: Solving) -> None:
        super().__init__()
        self.session, self.solving = session, solving
        self._entry = session.entries[solving.length - 1]
        self._waiting: Strategy | None = None  # to be begun once the model is open again
        self._seen: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        with Horizontal(id="title"):
            yield Static(Text(one_line(self.solving.question.text)), id="question", markup=False)
            yield Static(id="how", markup=False)
        for part in ("progress", "leader", "notes"):
            yield Words(id=part)
        yield VoteBars()
        yield AttemptTable()
        yield KeyLine()

    def on_mount(self) -> None:
        self.session.arrivals.hold()  # a model that is pulled meanwhile
        self._begin()
        self.set_interval(FLUSH_SECONDS, self._pump)
        self.call_after_refresh(self._flush)

    def on_unmount(self) -> None:
        self.session.arrivals.release()
        self.solving.stop()

    def _begin(self) -> None:
        solving = self.solving
        self.query_one("#how", Static).update(f"{solving.strategy.name} · seed {solving.seed}")
        solving.start()

    def _pump(self) -> None:
        """Take in what has happened."""
        self.session.pump()
        self.solving.look()
        if self._waiting is not None and self.session.asker.model.phase == "ready":
            strategy, self._waiting = self._waiting, None
            self._start(strategy)

    async def _flush(self) -> None:
        begun = time.perf_counter()
        if self.is_current:
            self.show()
        self.call_after_refresh(self._flushed, begun)

    def _flushed(self, begun: float) -> None:
        pause = max(FLUSH_SECONDS, PAUSE_FACTOR * (time.perf_counter() - begun) if self.writing else 0.0)
        self.set_timer(min(pause, 1.0), self._flush)

    def show(self) -> None:
        """Show all attempts as they are now."""
        solving = self.solving
        self.query_one(AttemptTable).show(solving)
        said = progress(solving) if self._waiting is None else "the model is being opened again"
        seen = (id(solving), said, len(solving.question.ended), solving.running)
        if seen == self._seen:
            return
        self._seen = seen
        for part, text in (("progress", said), ("leader", leader(solving)), ("notes", notes_of(solving))):
            self.query_one(f"#{part}", Words).say(Text(visible(text)))
        self.query_one(VoteBars).show(votes_of(solving))
        self.refresh_bindings()

    # Verbs

    @property
    def writing(self) -> bool:
        return self.solving.running

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("stop", "leave"):
            return self.writing == (action == "stop")
        if action in ("again", "strategy"):
            return not self.writing and self._waiting is None
        return True

    def action_stop(self) -> None:
        self.solving.stop()

    def action_leave(self) -> None:
        self.dismiss()

    @on(AttemptTable.Chosen)
    def action_open(self) -> None:
        table = self.query_one(AttemptTable)
        if (each := table.chosen) is None:
            self.notify("this attempt was not begun", markup=False)
        else:
            self.app.push_screen(AttemptScreen(self.solving, each.number), self._return_to)

    def _return_to(self, number: int | None) -> None:
        if number is not None:
            self.query_one(AttemptTable).go(number)

    def action_again(self) -> None:
        self._start(self.solving.strategy)

    def action_strategy(self) -> None:
        names = (*OFFERED, *(EXACT if self.solving.puzzle is not None else ()))
        self.app.push_screen(ChoiceScreen(
            "The strategy", f"{self.solving.strategy.n} attempts at most, with other seeds; those that ended stay.",
            [(name, name, STRATEGIES[name.partition("-")[0]].about) for name in names]), self._take_strategy)

    def _take_strategy(self, name: str | None) -> None:
        if name is not None:
            self._start(f"{name} {self.solving.strategy.n}")

    def _start(self, wanted: str | Strategy) -> None:
        """Begin anew beside what there is, once the model is open, which may have ended."""
        try:
            strategy = read_request(wanted) if isinstance(wanted, str) else wanted
            if self.session.asker.model.phase in GONE:
                self._waiting = strategy
                self.session.load(self.session.asker.opening)
                return
            self.solving = Solving(self.session, strategy, self._entry)
            self._begin()
        except LocalthinkError as error:
            self.notify(visible(str(error)), severity="error", markup=False)
