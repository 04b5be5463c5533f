"""The same question and the same random numbers twice, without the penalty and with it: what it does, to be seen."""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from localthink.chat.asking import Asker, Opening
from localthink.chat.client import Client, EngineClient
from localthink.chat.compare import Comparison, Side, names_of, penalises, summary
from localthink.chat.keeping import keep
from localthink.chat.recents import openable_models
from localthink.chat.session import Session, new_seed
from localthink.chat.settings import ChatSettings
from localthink.chat.tally import Tally
from localthink.records import Message, Tip
from localthink.text.visible import visible
from localthink.tui.cards import comparison_card
from localthink.tui.keys import COMPARE_KEYS
from localthink.tui.lines import one_line
from localthink.tui.screens.choice import ChoiceScreen
from localthink.tui.screens.export import CARDS, offer_export, write_card
from localthink.tui.screens.tally import TallyScreen
from localthink.tui.widgets.compared import ComparedMap, ComparedText, Verdict
from localthink.tui.widgets.key_line import KeyLine
from localthink.tui.widgets.tip_rows import SIDES, TipRows

FLUSH_SECONDS = 1 / 12  # between two looks at what has happened
PAUSE_FACTOR = 15  # a slow flush is followed by a pause of so many times its length: the engines need the cores
NARROW, LOW = 60, 30  # columns and lines
GONE = ("none", "failed", "died")
CONVERSATION = "conversation"  # the choice of the model that is open there


class CompareScreen(Screen[None]):
    """Asks, shows, and forgets what is not kept.

    With `right_opening` the right side has a model and an engine of its own.
    """

    BINDINGS = [key.binding() for key in COMPARE_KEYS]  # noqa: RUF012, as Textual has it
    AUTO_FOCUS = "#page"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-high")]  # noqa: RUF012
    DEFAULT_CSS = """
    CompareScreen {
        & > #title { height: 1; padding: 0 1; background: $panel; color: $text; }
        & #question { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & #seed { width: auto; height: 1; margin-left: 2; color: $text-muted; }
        & > TipRows { display: none; }
        &.editing > TipRows { display: block; }
        & > #state { height: auto; padding: 0 1; color: $text-muted; display: none; }
        & > #state.there { display: block; }
        & > #state.trouble { color: $text-warning; }
        & > #page { height: 1fr; scrollbar-size-vertical: 1; }
        & #texts { height: 1fr; min-height: 12; }
        & #texts > .left { border-right: solid $foreground 20%; }
    }
    CompareScreen.-high #page { padding-top: 1; }
    CompareScreen.-low Verdict > #caveat { display: none; }
    CompareScreen.-low Verdict, CompareScreen.-low Verdict > #rows { margin: 0; }
    CompareScreen.-narrow #texts { layout: vertical; height: auto; }
    CompareScreen.-narrow #texts > ComparedText { height: 12; border: none; }
    CompareScreen.-narrow TipRows > #tips { layout: vertical; }
    """

    def __init__(self, session: Session, messages: Sequence[Message], seed: int, left: ChatSettings,
                 right: ChatSettings, *, right_opening: Opening | None = None,
                 make_client: Callable[[], Client] = EngineClient, seeds: Callable[[], int] = new_seed) -> None:
        super().__init__()
        self.session = session
        self._messages, self._seed, self._settings = tuple(messages), seed, (left, right)
        self._make_client, self._seeds = make_client, seeds
        self._right_opening = right_opening
        self._own: list[Asker | None] = [None, None]  # of either side, where that has a model of its own
        self.comparison = self._comparison()
        self._tally: Tally | None = None  # of these sides, once it is wanted
        self._asked = False  # the models may have to be opened first
        self._over = False
        self._maps = (ComparedMap(captioned=False), ComparedMap(captioned=True))
        self._texts = (ComparedText(classes="left"), ComparedText())
        self._seen: tuple[object, ...] = ()

    @classmethod
    def with_and_without(cls, session: Session, messages: Sequence[Message], seed: int | None) -> CompareScreen:
        """Without the penalty on the left; on the right with that of the session, or the usual one if it has none."""
        settings = session.settings
        tip = settings.tip if penalises(settings.tip) else Tip(where=settings.tip.where, groups=settings.tip.groups)
        return cls(session, messages, new_seed() if seed is None else seed,
                   settings.with_tip(replace(tip, alpha=0.0)), settings.with_tip(tip))

    def compose(self) -> ComposeResult:
        with Horizontal(id="title"):
            yield Static(id="question", markup=False)
            yield Static(id="seed", markup=False)
        yield TipRows()
        yield Static(id="state", markup=False)
        with VerticalScroll(id="page"):
            yield from self._maps
            yield Verdict()
            with Horizontal(id="texts"):
                yield from self._texts
        yield KeyLine()

    def on_mount(self) -> None:
        question = next((message.content for message in reversed(self._messages) if message.role == "user"), "")
        self.query_one("#question", Static).update(Text(one_line(question)))
        self.session.arrivals.hold()  # a model that is pulled meanwhile
        if self._right_opening is not None:
            self._open(1, self._right_opening)
        self._start()
        self.set_interval(FLUSH_SECONDS, self._pump)
        self.call_after_refresh(self._flush)

    def on_unmount(self) -> None:
        self.session.arrivals.release()
        self.comparison.stop()
        for own in filter(None, self._own):
            own.close()

    # Asking

    @property
    def _askers(self) -> tuple[Asker, Asker]:
        left, right = (own or self.session.asker for own in self._own)
        return left, right

    @property
    def writing(self) -> bool:
        return self._asked and self.comparison.running

    def _comparison(self) -> Comparison:
        sides = [Side(asker, settings) for asker, settings in zip(self._askers, self._settings, strict=True)]
        return Comparison(sides, self._messages, self._seed, self.session.clock)

    def _open(self, side: int, opening: Opening) -> None:
        own = self._own[side] = Asker(self._make_client(), self.session.clock)
        own.load(opening)

    def _start(self) -> None:
        """Ask both sides as soon as their models are there; open again those that are gone."""
        if self._asked:
            self.comparison.stop()
        self._open_again()
        self.comparison, self._asked, self._over, self._tally = self._comparison(), False, False, None
        self.query_one("#seed", Static).update(f"seed {self._seed}")

    def _open_again(self) -> None:
        """Open a side's model again whose engine has ended."""
        if self.session.asker.model.phase in GONE and self.session.asker in self._askers:
            self.session.load(self.session.asker.opening)
        for own in self._own:
            if own is not None and own.model.phase in GONE:
                own.load(own.opening)

    def _pump(self) -> None:
        """Take in what has happened."""
        self.session.pump()
        for own in filter(None, self._own):
            own.pump()
        if not self._asked and all(asker.model.phase == "ready" for asker in self._askers):
            self.comparison, self._asked = self._comparison(), True
            self.comparison.start()

    # The flush: what has happened, on the screen

    async def _flush(self) -> None:
        begun = time.perf_counter()
        if self.is_current:
            await self.show()
        self.call_after_refresh(self._flushed, begun)

    def _flushed(self, begun: float) -> None:
        pause = max(FLUSH_SECONDS, PAUSE_FACTOR * (time.perf_counter() - begun) if self.writing else 0.0)
        self.set_timer(min(pause, 1.0), self._flush)

    async def show(self) -> None:
        """Show both sides as they are now."""
        turns, names = self.comparison.turns, names_of(self.comparison.sides)
        seen = (self.comparison, self._state(), names, self.has_class("editing"),
                *((turn.tokens, turn.phase, turn.prompt_read, turn.state) for turn in turns))
        if seen == self._seen:
            return
        self._seen = seen
        self._show_state()
        left, right = turns
        for area, text, turn, other, name in zip(self._maps, self._texts, turns, (right, left), names.headers,
                                                 strict=True):
            area.show(turn, other, name)
            await text.show(turn, name)
        verdict = self.query_one(Verdict)
        verdict.show(summary(self.comparison), turns[0].running or turns[1].running)
        self.refresh_bindings()
        if self._asked and not self.writing and not self._over:
            self._over = True
            self.call_after_refresh(verdict.scroll_visible, animate=False)

    def _show_state(self) -> None:
        text, trouble = self._state()
        state = self.query_one("#state", Static)
        state.update(Text(visible(text)))
        state.set_class(bool(text), "there")
        state.set_class(trouble, "trouble")

    def _state(self) -> tuple[str, bool]:
        """What keeps it from going on, and whether that is trouble."""
        for asker, whose in zip(self._askers, (" of the left side" if self._own[0] else "", " of the right side"),
                                strict=True):
            if asker.model.phase in GONE:
                reason = asker.model.reason or "it was ejected"
                return f"The model{whose} is not there: {reason}. R opens it again and starts over.", True
            if asker.model.phase == "loading":
                return f"The model{whose} is being opened: {asker.model.share:.0%}", False
        reasons = [turn.reason for turn in self.comparison.turns if turn.reason]
        return (f"It could not be written to its end: {reasons[0]}", True) if reasons else ("", False)

    @on(ComparedMap.Chosen)
    def _choose(self, event: ComparedMap.Chosen) -> None:
        text = self._texts[self._maps.index(event.side)]
        if event.clicked:
            text.open(event.index)
        else:
            text.point(event.index)

    # Verbs

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        editing = self.has_class("editing")
        verbs = ("stop", "leave", "again", "tally", "edit", "model", "keep", "export")
        if action in verbs and editing and self._tips_focused:
            return False  # the keys are those of the rows
        if action in ("stop", "leave"):
            return (self.writing and not editing) == (action == "stop")
        if action in ("keep", "export", "tally"):
            return self._asked and not self.writing
        return True

    @property
    def _tips_focused(self) -> bool:
        return self.focused is not None and self.query_one(TipRows) in self.focused.ancestors

    def action_stop(self) -> None:
        self.comparison.stop()

    def action_leave(self) -> None:
        """One thing at a time: from rows that are open to the comparison, from there to the conversation."""
        if self.has_class("editing"):
            self._end_editing()
        else:
            self.dismiss()

    def action_again(self) -> None:
        self._seed = self._seeds()
        self._start()

    def action_tally(self) -> None:
        self._tally = self._tally or Tally(self.comparison.sides, self._messages, self._seed, self.session.clock)
        self.app.push_screen(TallyScreen(self._tally))

    def action_edit(self) -> None:
        rows = self.query_one(TipRows)
        if not self.has_class("editing"):
            rows.show(settings.tip for settings in self._settings)
        self.add_class("editing")
        self.call_after_refresh(rows.focus_first)

    @on(TipRows.Wanted)
    def _take_tips(self, event: TipRows.Wanted) -> None:
        left, right = (settings.with_tip(tip) for settings, tip in zip(self._settings, event.tips, strict=True))
        self._settings = left, right
        self._end_editing()
        self._start()

    @on(TipRows.Left)
    def _end_editing(self) -> None:
        self.remove_class("editing")
        self.query_one("#page").focus()
        self.refresh_bindings()

    def action_keep(self) -> None:
        self.notify(visible(keep(self.session, self.comparison)), markup=False)

    def action_export(self) -> None:
        offer_export(self, "This comparison in a file", CARDS, self._export)

    def _export(self, kind: str, folder: Path) -> Path:
        question = next((message.content for message in reversed(self._messages) if message.role == "user"), "")
        return write_card(kind, folder, f"compare {question}", comparison_card(self.comparison))

    def action_model(self, side: int) -> None:
        loaded, own = self.session.asker.model.loaded, self._own[side]
        taken = own.opening.model if own is not None else loaded.path if loaded is not None else ""
        conversation = (CONVERSATION, "The model of the conversation", loaded.name if loaded is not None else "")
        choices = [conversation, *((str(path), name, str(path.parent)) for name, path in openable_models()
                                   if str(path) not in (taken, loaded.path if loaded is not None else ""))]
        self.app.push_screen(ChoiceScreen(f"The model of the {SIDES[side]} side", "It is opened beside the others: "
                                          "memory must hold all.", choices), partial(self._take_model, side))

    def _take_model(self, side: int, model: str | None) -> None:
        if model is None:
            return
        self.comparison.stop()
        if (own := self._own[side]) is not None:
            own.close()
            self._own[side] = None
        if model != CONVERSATION:
            self._open(side, replace(self.session.asker.opening, model=model))
        self._start()
