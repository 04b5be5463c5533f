"""The models: what each would take and whether that fits, loading one, and giving its memory back."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList, ProgressBar, Static
from textual.worker import get_current_worker

from localthink import locations
from localthink.chat.asking import ModelState, Opening
from localthink.cli.info import sized
from localthink.errors import LocalthinkError
from localthink.machine import free_memory
from localthink.records import CACHE_TYPES
from localthink.tui.keys import MODELS_KEYS
from localthink.tui.lines import one_line
from localthink.tui.screens.dialog import Dialog
from localthink.tui.widgets.line_input import LineInput
from localthink.tui.widgets.model_files import known_rows, read_row, typed_path, typed_row
from localthink.tui.widgets.model_plan import ModelRow, Plan, plan, said_of
from localthink.tui.widgets.model_table import ModelTable

LOOK = 1 / 10  # seconds between two looks at how far the loading is
BEGINS_PATH = "/~."


class ModelsScreen(Dialog[Opening | None]):
    """Gives how the model was opened that was loaded here, None if none was. `free` gives the bytes of free memory."""

    class Read(Message):
        """What is known of some models: their names, or the header of one."""

        def __init__(self, rows: Sequence[ModelRow]) -> None:
            super().__init__()
            self.rows = rows

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in MODELS_KEYS]
    AUTO_FOCUS = "#models"
    DEFAULT_CSS = """
    ModelsScreen > #box { width: 100%; height: 90%; max-width: 110; }
    ModelsScreen.-low > #box, ModelsScreen.-narrow > #box { height: 100%; }
    ModelsScreen ModelTable { height: 1fr; }
    ModelsScreen #why { height: auto; max-height: 6; margin: 1 1 0 1; }
    ModelsScreen .field { height: 1; margin: 0 1; }
    ModelsScreen #file { margin: 1 1 0 1; }
    ModelsScreen .field Label { width: 9; color: $text-muted; }
    ModelsScreen .field LineInput { width: 1fr; }
    ModelsScreen #cache { width: auto; margin-left: 2; }
    ModelsScreen #said { height: auto; max-height: 4; margin: 1 1 0 1; color: $text-muted; }
    ModelsScreen #said.trouble { color: $text-error; }
    ModelsScreen ProgressBar { display: none; margin: 0 1; width: 1fr; }
    ModelsScreen ProgressBar Bar { width: 1fr; }
    ModelsScreen.loading ProgressBar { display: block; }
    ModelsScreen.-low #columns { display: none; }
    ModelsScreen.-low #why, ModelsScreen.-low #said { margin: 0 1; max-height: 2; }
    ModelsScreen.-low #file { margin: 0 1; }
    """

    def __init__(self, state: Callable[[], ModelState], current: Opening, on_eject: Callable[[], None],
                 on_load: Callable[[Opening], None], free: Callable[[], int] = free_memory) -> None:
        super().__init__("Models")
        self._state, self._current, self._eject, self._load, self._free = state, current, on_eject, on_load, free
        self._rows: dict[Path, ModelRow] = {}
        self._cache = current.cache
        self._free_bytes = 0
        self._seen = ModelState()
        self._before = ModelState()  # when the loading that was begun here began
        self._wanted: Opening | None = None
        self._insisted: Path | None = None  # a model that is too big, which Enter was pressed for once
        self._note = ""

    def contents(self) -> Iterable[Widget]:
        yield ModelTable()
        yield Static(id="why", markup=False)
        with Horizontal(id="file", classes="field"):
            yield Label("file", markup=False)
            yield LineInput(placeholder="the path of any .gguf file", id="path")
        with Horizontal(classes="field"):
            yield Label("context", markup=False)
            context = LineInput(str(self._current.context or ""), "tokens; as many as usual if empty", id="context")
            context.restrict = r"[\d, ]*"
            yield context
            yield Static(id="cache", markup=False)
        yield Static(id="said", markup=False)
        yield ProgressBar(total=1.0, show_eta=False)

    def on_mount(self) -> None:
        self._seen = self._state()
        self._measure()
        self._show_state()
        self.run_worker(self._read_known, thread=True)
        self.set_interval(LOOK, self._look)

    # The headers

    def _read_known(self) -> None:
        """In a thread of its own: first the names, then header after header."""
        rows = known_rows(self._seen.loaded.path if self._seen.loaded else self._current.model)
        self.post_message(self.Read(rows))
        self._read(rows)

    def _read(self, rows: Sequence[ModelRow]) -> None:
        worker = get_current_worker()
        for row in rows:
            if worker.is_cancelled:
                return
            self.post_message(self.Read([read_row(row)]))

    @on(Read)
    def _fill(self, event: Read) -> None:
        self._rows |= {row.path: row for row in event.rows}
        self._show_rows()

    @on(Input.Submitted, "#path")
    def _take_path(self, event: Input.Submitted) -> None:
        event.stop()
        if not (text := typed_path(event.value)):
            return
        try:
            row = typed_row(text)
        except LocalthinkError as error:
            self._say(str(error), trouble=True)
            return
        row = self._rows.setdefault(row.path, row)
        self._show_rows()
        self.query_one(ModelTable).mark(row.path)
        self.query_one("#models").focus()
        if row.facts is None:
            self.run_worker(partial(self._read, [row]), thread=True)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._type_path(event.text.strip().partition("\n")[0])

    def on_key(self, event: events.Key) -> None:
        if event.character is not None and event.character in BEGINS_PATH:
            event.stop()
            self._type_path(event.character)

    def _type_path(self, text: str) -> None:
        """What is typed or pasted over the rows goes where it belongs."""
        line = self.query_one("#path", LineInput)
        line.focus()
        line.insert_text_at_cursor(text)

    # What it would take

    @property
    def _tokens(self) -> int | None:
        digits = re.sub(r"\D", "", self.query_one("#context", LineInput).value)
        return int(digits) if digits else None

    def _measure(self) -> None:
        """The memory that a model could have: what is free, and what the open one's cache would give back."""
        loaded = self._state().loaded if self._state().phase == "ready" else None
        self._free_bytes = self._free() + (loaded.cache_bytes if loaded and not loaded.gpu else 0)
        gpu = " beside the GPU's" if loaded and loaded.gpu else ""
        self.query_one("#box").border_subtitle = Content(f"{sized(self._free_bytes)} free{gpu}")
        self._show_rows()

    @on(Input.Changed, "#context")
    def _show_rows(self) -> None:
        rows = [(row, plan(row, self._tokens, self._cache, self._free_bytes)) for row in self._rows.values()]
        loaded = self._state().loaded if self._state().phase == "ready" else None
        self.query_one(ModelTable).show(rows, Path(loaded.path) if loaded else None)
        self.query_one("#cache", Static).update(f"cache {self._cache}")
        self._show_why()

    @on(OptionList.OptionHighlighted)
    def _show_why(self) -> None:
        chosen = self.query_one(ModelTable).chosen
        if chosen is not None and chosen[0].path != self._insisted:
            self._insisted = None
        self.query_one("#why", Static).update(Content(one_line(self._why(chosen))))

    def _why(self, chosen: tuple[ModelRow, Plan] | None) -> str:
        if chosen is None:
            return f"looking for models here and in {locations.local_models()}"
        row, planned = chosen
        text = planned.why if self.has_class("-low") else f"{row.name}: {planned.why}"
        if row.facts is not None and not row.facts.thinks:
            text += ". It does not think between <think> and </think>: there is nothing to hold it to"
        return text

    def on_click(self, event: events.Click) -> None:
        if event.widget is self.query_one("#cache"):
            self.action_cache()

    def action_cache(self) -> None:
        self._cache = CACHE_TYPES[(CACHE_TYPES.index(self._cache) + 1) % len(CACHE_TYPES)]
        self._show_rows()

    # Loading and ejecting

    @on(OptionList.OptionSelected)
    @on(Input.Submitted, "#context")
    def _chosen(self, event: OptionList.OptionSelected | Input.Submitted) -> None:
        event.stop()
        self.action_choose()

    def action_choose(self) -> None:
        chosen = self.query_one(ModelTable).chosen
        if chosen is None:
            return
        row, planned = chosen
        opening = replace(self._current, model=str(row.path), context=self._tokens, cache=self._cache)
        if planned.memory is None:
            self._say(f"{row.name} cannot be loaded", trouble=True)
        elif self._is_open(opening):
            self._say("it is open already, with this context and cache")
        elif planned.fit == "too big" and self._insisted != row.path:
            self._insisted = row.path
            self._say(f"it needs {sized(planned.memory.total)} and {sized(self._free_bytes)} are free: Enter again "
                      "loads it all the same", trouble=True)
        else:
            self._begin(opening)

    def _is_open(self, opening: Opening) -> bool:
        state, now = self._state(), self._current
        return (state.phase == "ready" and state.loaded is not None and state.loaded.path == opening.model
                and (opening.context, opening.cache) == (now.context, now.cache))

    def _begin(self, opening: Opening) -> None:
        self._note, self._insisted = "", None
        self._before, self._wanted, self._current = self._state(), opening, opening
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "eject":
            return self._state().phase == "ready"
        return self._state().phase == "loading" if action == "give_up" else True

    def _look(self) -> None:
        """Show how far the loading is, and what has become of it."""
        state, seen = self._state(), self._seen
        if state == seen:
            return
        self._seen = state
        if self._wanted is not None and state.phase == "ready" and state.loaded is not self._before.loaded:
            self.dismiss(self._wanted)
            return
        self._show_state()
        if state.phase != seen.phase:
            self.refresh_bindings()
            if state.phase != "loading":
                self._measure()

    def _show_state(self) -> None:
        state = self._seen
        self.set_class(state.phase == "loading", "loading")
        self.query_one(ProgressBar).update(progress=state.share)
        name = Path(self._current.model or locations.bundled_model()).stem
        self._say(said_of(state, name, self._note), trouble=state.phase in ("failed", "died"))

    def _say(self, line: str, trouble: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.update(Content(one_line(line)))
        said.set_class(trouble, "trouble")
