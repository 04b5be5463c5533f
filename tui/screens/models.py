"""The models: what each would take and whether that fits; opening one, pulling one, and giving memory back."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Protocol

from textual import on
from textual.binding import BindingType
from textual.widgets import Input, OptionList, ProgressBar, Static

from localthink import locations
from localthink.chat.asking import ModelState, Opening
from localthink.chat.pulling import PullState
from localthink.chat.recents import remember_model
from localthink.chat.stock import PREFER, Stock, take_stock
from localthink.chat.surveying import Surveyor
from localthink.errors import UsageError
from localthink.hub.wanted import Wanted, parse_wanted
from localthink.text.sizes import sized
from localthink.tui.keys import MODELS_KEYS
from localthink.tui.screens.model_shelf import ModelShelf
from localthink.tui.widgets.model_plan import ModelRow, OfferRow, Plan, Row, said_of, short
from localthink.tui.widgets.model_table import Marks, ModelTable
from localthink.tui.widgets.pull_line import drawn

LOOK = 1 / 10  # seconds between two looks at how far things are
SELDOM = 5  # looks: a pull is drawn no more often, since drawing costs what an engine could use


class Coming(Protocol):
    """The pull under way; see `chat.arrivals`."""

    said: list[str]

    @property
    def state(self) -> PullState: ...

    def begin(self, wanted: Wanted, opening: Opening, prefer: Sequence[str] = ()) -> None: ...

    def stop(self) -> None: ...


class ModelsScreen(ModelShelf[Opening | None]):
    """Gives how the model was opened that was opened here, None if none was."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in MODELS_KEYS]
    AUTO_FOCUS = "#models"

    def __init__(self, state: Callable[[], ModelState], opening: Callable[[], Opening], on_eject: Callable[[], None],
                 on_load: Callable[[Opening], None], coming: Coming, surveyor: Surveyor,
                 busy: Callable[[], bool] = lambda: False, take: Callable[[], Stock] = take_stock) -> None:
        super().__init__(state, opening, surveyor, self._is_quiet, take)
        self._eject, self._load, self._coming, self._busy = on_eject, on_load, coming, busy
        self._seen, self._seen_pull = ModelState(), PullState()
        self._before = ModelState()  # when the loading that was begun here began
        self._wanted: Opening | None = None
        self._insisted = ""  # a row that is too big, or a download, which Enter was pressed for once
        self._note = ""
        self._looks = 0

    def _is_quiet(self) -> bool:
        return not (self._busy() or self._state().phase == "loading" or self._coming.state.running)

    def on_mount(self) -> None:
        self._seen, self._seen_pull = self._state(), self._coming.state
        self._show_state()
        self._show_pull()
        if self._seen_pull.phase in ("failed", "stopped"):
            self.say(f"{self._seen_pull.name}: {self._seen_pull.figures}", trouble=True)
        self.set_interval(LOOK, self._look)

    # Opening and ejecting

    @on(OptionList.OptionSelected)
    @on(Input.Submitted, "#context")
    def _chosen(self, event: OptionList.OptionSelected | Input.Submitted) -> None:
        event.stop()
        if isinstance(self._row, OfferRow):
            self.action_pull()
        else:
            self.action_choose()

    @property
    def _row(self) -> Row | None:
        chosen = self.query_one(ModelTable).chosen
        return chosen[0] if chosen is not None else None

    @on(OptionList.OptionHighlighted)
    def _forget_insisting(self) -> None:
        if self._row is not None and self._row.key != self._insisted:
            self._insisted = ""

    def action_choose(self) -> None:
        row, planned = self.query_one(ModelTable).chosen or (None, None)
        if planned is None or not isinstance(row, ModelRow):
            return
        opening = replace(self._opening(), model=str(row.path), context=self.tokens, cache=self._cache)
        if planned.report is None:
            self.say(f"{row.name} cannot be loaded", trouble=True)
        elif self._is_open(opening):
            self.say("it is open already, with this context and cache")
        elif self._may(row, planned, "loads it"):
            self._begin(replace(opening, force=planned.verdict == "too big"))

    def _may(self, row: Row, planned: Plan, what: str) -> bool:
        """Whether it fits, or a person insists; otherwise says that they may."""
        if planned.report is None or planned.verdict != "too big" or self._insisted == row.key:
            return True
        self._insisted = row.key
        choice = planned.report.choice
        self.say(f"it needs {sized(choice.needs.total)}, and there is {choice.room.described()}: Enter again {what} "
                 "all the same", trouble=True)
        return False

    def _is_open(self, opening: Opening) -> bool:
        state, now = self._state(), self._opening()
        return (state.phase == "ready" and state.loaded is not None and state.loaded.path == opening.model
                and (opening.context, opening.cache) == (now.context, now.cache))

    def _begin(self, opening: Opening) -> None:
        self._note, self._insisted = "", ""
        self._before, self._wanted = self._state(), opening
        self._load(opening)
        self._look()

    def action_eject(self) -> None:
        loaded = self._state().loaded
        self._eject()
        self._note = ""
        if loaded is not None:
            self._note = (f"{loaded.name} is ejected: {sized(loaded.weight_bytes + loaded.cache_bytes)} "
                          "are given back")
        self._look()

    def action_give_up(self) -> None:
        self._eject()
        self._wanted, self._note = None, "loading was given up"
        self._look()

    def action_close(self) -> None:
        if self._state().phase == "loading" and self._wanted is not None:
            self.action_give_up()
        else:
            self.dismiss(None)

    # Pulling

    def action_pull(self) -> None:
        row, planned = self.query_one(ModelTable).chosen or (None, None)
        if planned is None or not isinstance(row, OfferRow):
            return
        if planned.report is None:
            self.say(f"{row.name} cannot be opened so", trouble=True)
        elif self._may_pull(row, planned):
            self._begin_pull(parse_wanted(f"{row.name}:{row.precision}"), row.bytes, planned.verdict == "too big")

    def _may_pull(self, row: OfferRow, planned: Plan) -> bool:
        """Gigabytes are asked about once. While another is pulled there is nothing to ask: it is refused."""
        if self._coming.state.running or self._insisted == row.key:
            return True
        if planned.verdict == "too big":
            return self._may(row, planned, "pulls it")
        self._insisted = row.key
        self.say(f"{row.name}:{row.precision} is a download of about {sized(row.bytes)}, and {sized(self._stock.free)} "
                 f"are free for it in {short(self._stock.folder)}: Enter again pulls it")
        return False

    def pull(self, wanted: Wanted) -> None:
        """Pull what was typed, at the precision that suits the machine where none is named."""
        row = next((row for row, _ in self.query_one(ModelTable).rows
                    if isinstance(row, OfferRow) and row.name == wanted.model), None)
        if row is not None and wanted.precision and wanted.precision != row.precision:
            self._precisions[row.name] = wanted.precision
            self.show_rows()
        if row is not None:
            self.query_one(ModelTable).mark(row.key)
            self.query_one("#models").focus()
            self.action_pull()
        else:
            self._begin_pull(wanted, 0, False)

    def _begin_pull(self, wanted: Wanted, bytes: int, force: bool) -> None:
        self._insisted = ""
        opening = replace(self._opening(), context=self.tokens, cache=self._cache, force=force)
        try:
            self._coming.begin(wanted, opening, PREFER)
        except UsageError as error:
            self.say(str(error), trouble=True)
            return
        size, free = f"about {sized(bytes)}, " if bytes else "", sized(self._stock.free)
        self.say(f"pulling {wanted.text}: {size}{free} are free for it in {short(self._stock.folder)}. Opened when it "
                 "is here; Esc: the chat goes on")
        self._look()

    def action_stop_pull(self) -> None:
        self._coming.stop()
        self._look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        loading, offered = self._state().phase == "loading", isinstance(self._row_if_there(), OfferRow)
        match action:
            case "eject":
                return self._state().phase == "ready"
            case "give_up":
                return loading
            case "stop_pull":
                return self._coming.state.running and not loading
            case "choose":
                return not offered
            case "pull" | "precision":
                return offered
        return True

    def _row_if_there(self) -> Row | None:
        return self._row if self.query(ModelTable) else None

    # What has happened

    def _look(self) -> None:
        """Show how far the loading and the pull are, and what has become of them."""
        self._look_at_pull()
        if self._surveyor.pump(self._is_quiet()):
            self.show_room()
        state, seen = self._state(), self._seen
        if state == seen:
            return
        self._seen = state
        if self._wanted is not None and state.phase == "ready" and state.loaded is not self._before.loaded:
            if state.loaded is not None:
                remember_model(Path(state.loaded.path))
            self.dismiss(self._wanted)
            return
        self._show_state()
        if state.phase != seen.phase:
            self.refresh_bindings()
            if state.phase != "loading":
                self._surveyor.look(self._is_quiet())
                self.show_room()

    def _look_at_pull(self) -> None:
        state, seen = self._coming.state, self._seen_pull
        if self._coming.said:
            self.say("; ".join(self._coming.said), trouble=state.phase == "failed")
            self._coming.said.clear()
        self._looks += 1
        if state == seen or (state.phase == seen.phase and self._looks % SELDOM):
            return
        self._seen_pull = state
        self._show_pull()
        if state.phase != seen.phase:
            self.refresh_bindings()
            if state.phase == "here" and state.path is not None:
                self._mark = str(state.path.absolute())
                self.look_through()

    def _show_pull(self) -> None:
        state, table, line = self._seen_pull, self.query_one(ModelTable), self.query_one("#pull", Static)
        line.set_class(state.running, "there")
        line.update(drawn(state))
        table.tell(self.marks([row for row, _ in table.rows]))

    def marks(self, rows: Iterable[Row]) -> Marks:
        marks, state = super().marks(rows), self._coming.state
        pulled = next((row.key for row in rows if isinstance(row, OfferRow) and row.name == state.model), "")
        if not state.running or not pulled:
            return marks
        return replace(marks, pulled=pulled, progress=f"↓ {state.done:.0%}" if state.total else "↓ …")

    def _show_state(self) -> None:
        state = self._seen
        self.set_class(state.phase == "loading", "loading")
        weights = 0 < state.share < 1  # before and behind them nothing says how far it is: the bar moves to and fro
        self.query_one(ProgressBar).update(total=1.0 if weights else None, progress=state.share)
        name = Path(self._opening().model or locations.bundled_model()).stem
        self.say(said_of(state, name, self._note), trouble=state.phase in ("failed", "died"))
