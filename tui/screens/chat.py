"""The screen on which a person talks with a model."""
from __future__ import annotations

import difflib
import itertools
import statistics
import time
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static, TextArea

from localthink.chat.puzzles import PUZZLES, is_bundled
from localthink.chat.session import Session
from localthink.chat.surveying import Surveyor
from localthink.chat.transcript import Entry
from localthink.text.visible import visible
from localthink.tui.keys import CHAT_KEYS
from localthink.tui.screens.chat_doors import ChatDoors
from localthink.tui.widgets.key_line import KeyLine
from localthink.tui.widgets.meter import Meter
from localthink.tui.widgets.opened_line import OpenedLine
from localthink.tui.widgets.prompt import Prompt
from localthink.tui.widgets.pull_line import PullLine
from localthink.tui.widgets.settings_panel import SettingsPanel
from localthink.tui.widgets.token_view import TokenView
from localthink.tui.widgets.transcript import Earlier, TranscriptView
from localthink.tui.widgets.turns import Branches, QuestionTurn
from localthink.tui.widgets.welcome import Welcome

FLUSH_SECONDS = 1 / 12  # between two looks at what has happened
FLUSH_SHARE = 0.03  # of a core that drawing may take while something is written: the engine needs the cores
SLOWEST_FLUSH = 0.2  # seconds between two flushes at most: less often would look like standing still
DEMO, REPORTS, SOLVE = "/demo", "/reports", "/solve"  # asked as in a plain conversation
COUNT_AFTER = 0.4  # seconds without a key, after which the draft is measured


class ChatScreen(ChatDoors):
    """Shows a session, and passes on what a person does."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in CHAT_KEYS]
    AUTO_FOCUS = "Prompt"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]  # noqa: RUF012, as Textual has it
    DEFAULT_CSS = """
    ChatScreen { layout: vertical; }
    ChatScreen > #title { height: 1; padding: 0 1; background: $panel; color: $text; text-overflow: ellipsis; }
    ChatScreen > #body { height: 1fr; }
    ChatScreen #talk { width: 1fr; }
    ChatScreen.-narrow.settings #talk { display: none; }
    ChatScreen.-narrow SettingsPanel { width: 1fr; }
    ChatScreen SettingsPanel { display: none; }
    ChatScreen TokenView { display: none; }
    ChatScreen.settings SettingsPanel { display: block; }
    ChatScreen.tokens TokenView { display: block; }
    """

    def __init__(self, session: Session, surveyor: Surveyor) -> None:
        super().__init__(session, surveyor)
        self.flushes: deque[float] = deque(maxlen=4096)  # what the latest cost with what followed, of a core
        self.shows: deque[float] = deque(maxlen=4096)  # how long the latest took before they were painted, seconds
        self._spent = 0.0  # seconds of a core, when the latest began
        self._editing: Entry | None = None
        self._draft = ""  # what was in the prompt before something was edited there
        self._usable: tuple[object, ...] = ()
        self._flushing: Timer | None = None
        self._counting: Timer | None = None
        self._model = ""

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        with Horizontal(id="body"), Vertical(id="talk"):
            yield Welcome()
            yield TranscriptView()
        yield OpenedLine()
        yield PullLine()
        yield Meter()
        yield Prompt()
        yield KeyLine({key.action: key.rank for key in CHAT_KEYS})

    def on_mount(self) -> None:
        prompt = self.query_one(Prompt)
        for puzzle in reversed(PUZZLES):
            prompt.remember(puzzle)
        self.call_after_refresh(self._flush)

    # The flush: what has happened, on the screen

    async def _flush(self) -> None:
        """Show what there is, and come again; the cost of the one before is known by now, with layout and painting."""
        spent = time.process_time()
        self.flushes.append(spent - self._spent)
        self._spent = spent
        begun = time.perf_counter()
        await self.show()
        self.shows.append(time.perf_counter() - begun)
        usual = statistics.median(itertools.islice(reversed(self.flushes), 5))
        slower = min(max(FLUSH_SECONDS, usual / FLUSH_SHARE), SLOWEST_FLUSH)
        pause = slower if self.session.live is not None else FLUSH_SECONDS
        self._flushing = self.set_timer(pause, self._flush)

    async def show(self) -> None:
        """Take in what the session has to say, and show it."""
        session = self.session
        session.pump()
        if not self.is_current:  # a screen that lies on top shows its own part
            return
        await self.query_one(TranscriptView).show(session, self.query_one(Welcome))
        self.query_one(Meter).show(session)
        self.query_one(OpenedLine).show(session)
        coming = session.arrivals
        self.query_one(PullLine).show(coming.state, coming.pending, coming.waiting, session.clock())
        if self.has_class("tokens") and (latest := self.latest_turn()) is not None:
            self.query_one(TokenView).show(latest.turn)
        for line in session.said:
            self.notify(visible(line), severity="warning", markup=False, timeout=8)
        session.said.clear()
        if self.app.screen is self:  # another on top may show it
            for line in coming.said:
                self.notify(visible(line), severity="error" if coming.state.phase == "failed" else "information",
                            markup=False, timeout=8)
            coming.said.clear()
        if session.returned:
            self.give_back(session.returned)
            session.returned = ""
        if self._editing is not None and self._editing not in session.entries:
            self.edit_entry(None)
        self._show_model()
        self._show_usable()
        if session.overflow is not None and not self.asking_what_to_do:
            self.ask_what_to_do()
        self.compare_if_due()

    def _show_model(self) -> None:
        state = self.session.asker.model
        key = f"{state.phase} {state.loaded.path if state.loaded else ''} {self.session.transcript.title}"
        if key == self._model:
            return
        self._model = key
        self.query_one("#title", Static).update(Text(visible(self.session.transcript.title or "localthink")))
        bundled = state.loaded is None or is_bundled(state.loaded.path)
        self.query_one(Welcome).offer(bundled)
        self._count()
        self._show_penalised()
        last = self.session.entries[-1].turn if self.session.entries else None
        if state.phase in ("failed", "died") and (last is None or last.reason != state.reason):
            again = "; the next question opens it again" if state.phase == "died" else ""
            self.notify(visible(state.reason) + again, title="the model is not there", severity="error", markup=False,
                        timeout=12)

    def _show_penalised(self) -> None:
        session = self.session
        for panel in self.query(SettingsPanel):
            panel.set_class(not session.asker.model.penalises(session.settings), "unpenalised")
            panel.set_class(not session.asker.model.thinks(session.settings), "unthinking")

    def _show_usable(self) -> None:
        """The footer shows the keys that do something now."""
        session, live = self.session, self.session.live
        usable = (session.busy, live and live.turn and (live.turn.phase, live.turn.wish), session.path,
                  session.asker.model.phase, session.resumable is not None)
        if usable != self._usable:
            if not session.busy:
                self._count()
            self._usable = usable
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        session, live = self.session, self.session.live
        if action in ("answer_now", "think_on"):
            return (live is not None and live.turn is not None and live.turn.phase in ("waiting", "reading", "thinking")
                    and session.asker.model.thinks(session.settings))
        if action == "stop":
            return session.busy or self._editing is not None
        if action == "go_on":
            return session.resumable is not None and not session.busy
        if action in ("regenerate", "edit"):
            return bool(session.entries) and not session.busy
        if action in ("compare", "solve"):
            return bool(session.entries)
        if action in ("copy", "export", "fold", "thoughts"):
            return bool(session.entries)
        if action == "label":
            return bool(session.entries) and not session.busy
        if action == "sibling":
            return not session.busy and self._branching() is not None
        return True

    # Asking

    @property
    def writing(self) -> bool:
        return self.session.busy

    @on(Prompt.Sent)
    def _send(self, event: Prompt.Sent) -> None:
        session, prompt = self.session, self.query_one(Prompt)
        if event.text.strip() in (DEMO, REPORTS):
            prompt.take()
            (self.action_demo if event.text.strip() == DEMO else self.action_reports)()
            return
        if event.text.split()[:1] == [SOLVE]:
            prompt.take()
            self.action_solve(event.text.strip().removeprefix(SOLVE))
            return
        if (near := _near_command(event.text)) is not None:
            self.notify(f"there is no such command: did you mean {near}? A question that begins with / wants a space "
                        "before it", severity="warning", markup=False)
            return
        if not self._may_ask():
            return
        if event.text == prompt.text:  # and not a puzzle that was clicked, beside a draft
            prompt.take()
        prompt.remember(event.text)
        if self._editing is not None and self._editing in session.entries:
            session.edit(self._editing, event.text)
        else:
            session.send(event.text)
        self.edit_entry(None)

    def _may_ask(self) -> bool:
        """Whether a question can be asked now; where not, say why."""
        if may := self.session.askable and not self.session.busy:
            return may
        self.notify("an answer is being written: stop it with Esc first" if self.session.busy
                    else "no model is loaded: choose one with Ctrl+L", markup=False)
        return False

    @on(Welcome.Chosen)
    def _send_puzzle(self, event: Welcome.Chosen) -> None:
        self.query_one(Prompt).post_message(Prompt.Sent(event.question))

    @on(TextArea.Changed)
    def _draft_changed(self) -> None:
        if self._counting is not None:
            self._counting.stop()
        self._counting = self.set_timer(COUNT_AFTER, self._count)

    def _count(self) -> None:
        self.session.count(self.query_one(Prompt).text)

    # While it writes

    def action_stop(self) -> None:
        if self.session.live is not None:
            self.session.stop()
        elif self._editing is not None:
            self.edit_entry(None)
        else:
            self.give_back(self.session.give_up())
        self.query_one(Prompt).focus()

    def action_answer_now(self) -> None:
        self.session.wish("answer")

    def action_think_on(self) -> None:
        self.session.wish("think")

    def action_go_on(self) -> None:
        self.session.go_on()

    @on(SettingsPanel.Changed)
    def _settings_changed(self, event: SettingsPanel.Changed) -> None:
        self.session.change(event.settings)

    # The answer

    def action_regenerate(self) -> None:
        if self._may_ask():
            self.session.regenerate()

    def action_edit(self) -> None:
        focused, asked = self.focused, self.session.transcript.asked
        if self.session.busy:
            return
        if isinstance(focused, QuestionTurn):
            self.edit_entry(focused.entry)
        elif asked:
            self.edit_entry(self.session.entries[asked - 1])

    def edit_entry(self, entry: Entry | None) -> None:
        prompt = self.query_one(Prompt)
        if entry is not None:
            self._draft = prompt.text if self._editing is None else self._draft
            prompt.text = entry.content
            prompt.move_cursor(prompt.document.end)
        elif self._editing is not None:
            prompt.remember(prompt.text)
            prompt.text, self._draft = self._draft, ""
        self._editing = entry
        prompt.border_title = "edit: Enter asks it as a new branch, Esc leaves it" if entry is not None else ""
        prompt.focus()
        self.refresh_bindings()

    def _branching(self) -> Entry | None:
        """The entry whose siblings a key turns to: the focused one, else the latest that has any."""
        focused = self.focused
        if isinstance(focused, QuestionTurn) and focused.entry.place[1] > 1:
            return focused.entry
        return next((entry for entry in reversed(self.session.entries) if entry.place[1] > 1), None)

    def action_sibling(self, step: int) -> None:
        if (entry := self._branching()) is not None:
            self.session.show_sibling(entry, step)

    @on(Branches.Turned)
    def _turn_branch(self, event: Branches.Turned) -> None:
        self.session.show_sibling(event.entry, event.step)

    @on(Earlier.Wanted)
    async def _show_earlier(self) -> None:
        await self.query_one(TranscriptView).more(self.session)

    # Conversations and models

    @on(PullLine.Clicked)
    def _show_pull(self) -> None:
        self.action_models()

    def action_new(self) -> None:
        self.session.new()
        self.edit_entry(None)

    # What is shown

    async def action_settings(self) -> None:
        if not self.query(SettingsPanel):  # made when it is first wanted: the first screen is there sooner
            await self.query_one("#body").mount(panel := SettingsPanel())
            panel.show(self.session.settings)
            self._show_penalised()
        self._toggle("settings", self.query_one(SettingsPanel).focus_first)

    async def action_tokens(self) -> None:
        if not self.query(TokenView):
            await self.query_one("#talk").mount(TokenView())
        self.query_one(TokenView).start()
        self._toggle("tokens", self.query_one(TokenView).focus)

    def _toggle(self, name: str, focus: Callable[[], object]) -> None:
        self.toggle_class(name)
        if self.has_class(name):
            self.call_after_refresh(focus)
        else:
            self.query_one(Prompt).focus()

    def action_thoughts(self) -> None:
        """To the thoughts of the latest answer, and back."""
        latest = self.latest_turn()
        if latest is None or not latest.turn.thoughts:
            return
        if latest.pane.has_focus_within:
            self.query_one(Prompt).focus()
            return
        if not latest.pane.expanded:
            latest.pane.toggle()
        if latest.pane.list is not None:
            latest.pane.list.focus()

    def action_fold(self) -> None:
        self.query_one(TranscriptView).fold_all()


def _near_command(text: str) -> str | None:
    """The command that a question may have been meant for: one word behind a slash that is nearly its name."""
    word = text.split()[0] if text.startswith("/") else ""
    near = difflib.get_close_matches(word, (DEMO, REPORTS, SOLVE), n=1)
    return near[0] if near else None
