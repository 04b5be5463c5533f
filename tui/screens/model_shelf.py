"""What the list of models shows: read in threads, and planned anew whenever a wish or the free memory changes."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from textual import events, on
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.worker import get_current_worker

from localthink import locations
from localthink.chat.asking import ModelState, Opening
from localthink.chat.stock import Stock, asked, look_for, take_stock
from localthink.chat.surveying import Machine, Surveyor
from localthink.errors import LocalthinkError
from localthink.fit.choice import Asked
from localthink.fit.recommend import Recommendation
from localthink.hub.wanted import Wanted
from localthink.records import CACHE_TYPES
from localthink.tui.lines import one_line
from localthink.tui.screens.model_box import ModelBox
from localthink.tui.widgets.model_files import known_rows, read_row, typed_path
from localthink.tui.widgets.model_plan import ModelRow, OfferRow, Plan, Row, is_best, laid_out
from localthink.tui.widgets.model_table import Marks, ModelTable

Result = TypeVar("Result")


class ModelShelf(ModelBox[Result]):
    """The half of the list of models that looks. `take` gives the stock, `quiet` says that nothing else works hard."""

    class Stocked(Message):
        """What there is to choose from."""

        def __init__(self, stock: Stock, rows: Sequence[ModelRow]) -> None:
            super().__init__()
            self.stock, self.rows = stock, rows

    class Read(Message):
        """What the header of a model says."""

        def __init__(self, row: ModelRow) -> None:
            super().__init__()
            self.row = row

    class Meant(Message):
        """What a person has typed: a file that is here, what is to be pulled for it, or why it is neither."""

        def __init__(self, found: Path | Wanted | str) -> None:
            super().__init__()
            self.found = found

    def __init__(self, state: Callable[[], ModelState], opening: Callable[[], Opening], surveyor: Surveyor,
                 quiet: Callable[[], bool], take: Callable[[], Stock] = take_stock) -> None:
        super().__init__(opening().context)
        self._state, self._opening, self._surveyor, self._quiet, self._take = state, opening, surveyor, quiet, take
        self._stock = Stock()
        self._files: dict[str, ModelRow] = {}
        self._precisions: dict[str, str] = {}  # that were chosen, by the names of models
        self._cache = opening().cache
        self._best: Recommendation | None = None
        self._mark = ""  # a key that is to be marked once its row is there

    def on_mount(self) -> None:
        self._surveyor.look(self._quiet())
        self.show_room()
        self.look_through()

    def on_unmount(self) -> None:
        self._surveyor.close()

    def pull(self, wanted: Wanted) -> None:
        """Pull what was typed."""
        raise NotImplementedError

    # What there is

    def look_through(self) -> None:
        """See what is here and what could be pulled."""
        loaded = self._state().loaded
        self.run_worker(partial(self._read_stock, loaded.path if loaded else self._opening().model), thread=True)

    def _read_stock(self, also: str | None) -> None:
        """In a thread of its own: first the names, then header after header."""
        stock = self._take()
        rows = known_rows(stock, also)
        self.post_message(self.Stocked(stock, rows))
        self._read(rows)

    def _read(self, rows: Sequence[ModelRow]) -> None:
        worker = get_current_worker()
        for row in rows:
            if worker.is_cancelled:
                return
            self.post_message(self.Read(read_row(row)))

    @on(Stocked)
    def _fill(self, event: Stocked) -> None:
        self._stock = event.stock
        for row in event.rows:
            known = self._files.get(row.key, row)  # by what was typed, or from an earlier look
            self._files[row.key] = replace(row, facts=known.facts, trouble=known.trouble)
        self.show_rows()
        if event.stock.trouble:
            self.say(event.stock.trouble, trouble=True)

    @on(Read)
    def _fill_row(self, event: Read) -> None:
        self._files[event.row.key] = event.row
        self.show_rows()

    @on(Input.Submitted, "#path")
    def _take_name(self, event: Input.Submitted) -> None:
        event.stop()
        if text := typed_path(event.value):
            self.run_worker(partial(self._find, text), thread=True)

    def _find(self, text: str) -> None:
        """In a thread of its own: it looks through folders."""
        try:
            found: Path | Wanted | str = look_for(text, self._stock)
        except LocalthinkError as error:
            found = str(error)
        unread = isinstance(found, Path) and str(found) not in self._files  # before its row is made
        self.post_message(self.Meant(found))
        if isinstance(found, Path) and unread:
            self._read([ModelRow(found, found.stem)])

    @on(Meant)
    def _take_meant(self, event: Meant) -> None:
        if isinstance(event.found, str):
            self.say(event.found, trouble=True)
            return
        self.query_one("#models").focus()
        if isinstance(event.found, Wanted):
            self.pull(event.found)
        else:
            self.mark(ModelRow(event.found, event.found.stem))

    def mark(self, row: ModelRow) -> None:
        """Put the mark on a file, which need not have been listed."""
        self._files.setdefault(row.key, row)
        self._mark = row.key
        self.show_rows()

    # What it would take

    @property
    def _wish(self) -> Asked:
        return asked(self.tokens, self._cache, self._opening().offload.layers)

    @property
    def _machine(self) -> Machine:
        """The memory that a model could have: what is free, and what the open one will give back."""
        state = self._state()
        return self._surveyor.machine.beside(state.loaded if state.phase == "ready" else None,
                                             self._opening().offload.layers != 0)

    def show_room(self) -> None:
        room = self._machine.room.described()
        measuring = " · measuring speeds …" if self._surveyor.measuring else ""
        self.query_one("#box").border_subtitle = Content(one_line(f"{room}{measuring}"))
        self.show_rows()

    @on(Input.Changed, "#context")
    def show_rows(self) -> None:
        rows, self._best = laid_out(self._files.values(), self._stock, self._wish, self._machine, self._precisions)
        table = self.query_one(ModelTable)
        every = [row for row, _ in rows]
        table.show(rows, self.marks(every), self._last_open(every))
        if self._mark:
            table.mark(self._mark)
            self._mark = ""
        self.query_one("#cache", Static).update(f"cache {self._cache or 'auto'}")
        self._show_why()

    def _last_open(self, rows: Iterable[Row]) -> str:
        """The key of the model that is open, or was the last to be: its engine may have ended."""
        loaded = self._state().loaded
        known = loaded.path if loaded else self._opening().model or str(locations.bundled_model())
        return next((row.key for row in rows if known in (row.key, row.name)), "")

    def marks(self, rows: Iterable[Row]) -> Marks:
        loaded = self._state().loaded if self._state().phase == "ready" else None
        best = next((row.key for row in rows if is_best(row, self._best)), "")
        return Marks(loaded.path if loaded else "", best)

    @on(OptionList.OptionHighlighted)
    def _show_why(self) -> None:
        self.query_one("#why", Static).update(Content(one_line(self._why(self.query_one(ModelTable).chosen))))
        self.refresh_bindings()

    def _why(self, chosen: tuple[Row, Plan] | None) -> str:
        if chosen is None:
            return f"looking for models here and in {locations.local_models()}"
        row, planned = chosen
        text = planned.why if self.has_class("-low") else f"{row.name}: {planned.why}"
        if isinstance(row, ModelRow) and row.keeper and not self.has_class("-low"):
            text += f". Kept by {row.keeper}"
        if self._best is not None and is_best(row, self._best):
            precision = self._best.report.candidate.precision
            text = f"★ recommended here at {precision}. {text}. Why: {self._best.why}"
        return text

    def on_click(self, event: events.Click) -> None:
        if event.widget is self.query_one("#cache"):
            self.action_cache()

    def action_cache(self) -> None:
        types = (None, *CACHE_TYPES)
        self._cache = types[(types.index(self._cache) + 1) % len(types)]
        self.show_rows()

    def action_precision(self) -> None:
        """The next larger precision of a model that could be pulled; after the largest the smallest."""
        chosen = self.query_one(ModelTable).chosen
        if chosen is not None and isinstance(chosen[0], OfferRow):
            row = chosen[0]
            all_of_it = list(row.spec.precisions)
            self._precisions[row.spec.name] = all_of_it[(all_of_it.index(row.precision) + 1) % len(all_of_it)]
            self.show_rows()
