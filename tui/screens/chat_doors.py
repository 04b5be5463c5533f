"""What the chat screen opens: dialogs, lists, the comparison, and what it puts on the clipboard or into a file."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.screen import Screen

from localthink.chat.session import Session
from localthink.chat.surveying import Surveyor
from localthink.chat.transcript import Entry
from localthink.text.visible import visible
from localthink.tui.widgets.prompt import Prompt
from localthink.tui.widgets.token_view import TokenView
from localthink.tui.widgets.transcript import TranscriptView
from localthink.tui.widgets.turns import AnswerTurn, QuestionTurn

if TYPE_CHECKING:
    from localthink.chat.reports import Report


class ChatDoors(Screen[None]):
    """The half of the chat screen that leads elsewhere. What lies behind a door is imported when it is opened."""

    def __init__(self, session: Session, surveyor: Surveyor) -> None:
        super().__init__()
        self.session, self.surveyor = session, surveyor
        self.asking_what_to_do = False
        self.comparing_after = -1  # the path on which a comparison waits for the answer under way; -1 where none does

    def latest_turn(self) -> AnswerTurn | None:
        return self.query_one(TranscriptView).latest_answer

    def ask_what_to_do(self) -> None:
        """A question does not fit: say so, and offer what can be done."""
        from localthink.tui.screens.choice import ChoiceScreen

        session, overflow = self.session, self.session.overflow
        assert overflow is not None
        trained = session.asker.model.loaded.trained if session.asker.model.loaded else 0
        choices = []
        if session.follows_others:
            choices.append(("new", "A new conversation", "asks this question there; this one stays"))
        if session.may_drop:
            choices.insert(0, ("drop", "Leave the oldest turns out", "of what is sent, as many as it takes"))
        if trained > overflow.longest:
            choices.append(("larger", "A larger context", "opens the model again, which takes more memory"))
        choices.append(("back", "Back to the question", "to make it shorter"))
        self.asking_what_to_do = True
        what = "conversation" if session.follows_others else "question"
        self.app.push_screen(ChoiceScreen(
            f"This {what} does not fit", f"With this question it is {overflow.tokens:,} tokens, and the context "
            f"holds {overflow.longest:,}, of which some must be left for the answer.", choices),
            self._do_about_overflow)

    def _do_about_overflow(self, choice: str | None) -> None:
        session, overflow = self.session, self.session.overflow
        self.asking_what_to_do = False
        if choice == "drop":
            session.drop_oldest()
            return
        question, edited = session.pending_question, session.pending_edit
        text = session.give_up()
        if choice == "new" and question:
            session.new()
            session.send(question)
            return
        if choice == "larger" and overflow is not None and session.asker.model.loaded is not None:
            context = min(max(2 * overflow.longest, 2 * overflow.tokens), session.asker.model.loaded.trained)
            session.load(session.asker.opening.with_context(context))
        if edited is not None:
            self.edit_entry(edited)
            self.query_one(Prompt).text = text
        else:
            self.give_back(text)
        self.query_one(Prompt).focus()

    def edit_entry(self, entry: Entry | None) -> None:
        """Let the prompt hold an earlier question, or a new one again."""
        raise NotImplementedError

    def give_back(self, text: str) -> None:
        """A question that was not asked, into the prompt; beside a draft it is the first that ↑ brings back."""
        prompt = self.query_one(Prompt)
        if prompt.text and text:
            prompt.remember(text)
        prompt.text = prompt.text or text

    def action_copy(self, what: str) -> None:
        from localthink.tui.clipboard import copy

        latest = self.latest_turn()
        if latest is None:
            return
        blocks = latest.answer.code_blocks if latest.answer is not None else []
        text = {"answer": latest.turn.answer, "thinking": latest.turn.thinking,
                "code": blocks[-1] if blocks else ""}[what]
        if not text:
            self.notify(f"there is no {what} to copy", markup=False)
            return
        copy(self.app, text)
        self.notify(f"copied: {what}, {len(text):,} characters", markup=False)

    @on(TokenView.Branched)
    def _branch(self, event: TokenView.Branched) -> None:
        latest = self.latest_turn()
        if latest is None or latest.turn is not event.turn or not self.session.branch(latest.entry, event.position):
            self.notify("a branch needs the latest answer, its model open, and no answer under way", markup=False)

    def action_compare(self) -> None:
        from localthink.tui.screens.compare import CompareScreen

        session = self.session
        last = session.transcript.asked
        if session.live is not None:
            self._compare_later()
            return
        if not last or session.busy or session.asker.model.phase != "ready":
            self.notify("a comparison needs a question and a loaded model", markup=False)
            return
        messages = session.transcript.messages(session.settings.system, session.first, last)
        turn = session.entries[last].turn if last < len(session.entries) else None
        self.app.push_screen(CompareScreen.with_and_without(session, messages, turn.seed if turn else None))

    def _compare_later(self) -> None:
        """Both sides would share the engine with the answer under way: wait for its end, or for the key again."""
        waits = self.comparing_after != self.session.path
        self.comparing_after = self.session.path if waits else -1
        self.notify("the comparison waits for this answer to end: Esc stops it, F5 calls the comparison off" if waits
                    else "no comparison follows", markup=False)

    def compare_if_due(self) -> None:
        """Begin the comparison that waited, unless a person has gone elsewhere meanwhile."""
        if self.comparing_after < 0 or self.session.live is not None:
            return
        due, self.comparing_after = self.comparing_after == self.session.path, -1
        if due and self.app.screen is self:
            self.action_compare()

    def action_solve(self, wanted: str = "") -> None:
        """Attempt the question that is focused, or the latest; `wanted` is what follows /solve."""
        from localthink.chat.solving import Solving, read_request
        from localthink.errors import LocalthinkError
        from localthink.tui.screens.solve import SolveScreen

        entry = self.focused.entry if isinstance(self.focused, QuestionTurn) else None
        try:
            solving = Solving(self.session, read_request(wanted), entry)
        except LocalthinkError as error:
            self.notify(visible(str(error)), severity="warning", markup=False)
        else:
            self.app.push_screen(SolveScreen(self.session, solving))

    def action_demo(self) -> None:
        from localthink.chat.demo import read_demo
        from localthink.tui.screens.demo import DemoScreen

        if self.session.busy:
            self.notify("an answer is being written: stop it with Esc first", markup=False)
            return
        self.app.push_screen(DemoScreen(self.session, read_demo()))

    def action_reports(self) -> None:
        from localthink.chat.reports import latest_reports
        from localthink.errors import LocalthinkError
        from localthink.plain.reports import NOTHING
        from localthink.tui.screens.choice import ChoiceScreen

        try:
            found = latest_reports()
        except LocalthinkError as error:
            self.notify(visible(str(error)), severity="error", markup=False)
            return
        if not found:
            self.notify(NOTHING, markup=False)
            return
        choices = [(str(place), f"{each.name}, {each.day}", each.verdict) for place, each in enumerate(found)]
        self.app.push_screen(ChoiceScreen("Reports of studies", "Enter opens one in the browser.", choices),
                             lambda chosen: self._show_report(found[int(chosen)]) if chosen is not None else None)

    def _show_report(self, report: Report) -> None:
        from localthink.chat.reports import opened

        self.notify(visible(opened(report)), timeout=10, markup=False)

    def action_conversations(self) -> None:
        from localthink.tui.screens.conversations import ConversationsScreen

        transcript = self.session.transcript
        if transcript.history is None:
            self.notify("this program was started with --no-history: nothing is kept", markup=False)
            return
        self.app.push_screen(ConversationsScreen(transcript.history, transcript.conversation), self._open)

    def _open(self, conversation: int | None) -> None:
        from localthink.errors import LocalthinkError

        try:
            self.session.look_again()  # this one may have been renamed or deleted there
            if conversation is not None:
                self.session.open(conversation)
        except LocalthinkError as error:
            self.notify(visible(str(error)), severity="error", markup=False)

    def action_models(self) -> None:
        from localthink.tui.screens.models import ModelsScreen

        session = self.session
        self.app.push_screen(ModelsScreen(
            lambda: session.asker.model, lambda: session.asker.opening, session.eject, session.load, session.arrivals,
            self.surveyor, lambda: session.busy or session.asker.busy))

    def action_export(self) -> None:
        from localthink.tui.screens.export import offer_export

        kinds = [("md", "Markdown", "to read: questions, thoughts, answers"),
                 ("json", "JSON", "everything: all branches, settings, seeds, figures")]
        latest = self.latest_turn()
        if latest is not None and latest.turn.thoughts:
            kinds += [("svg", "SVG", "the map of the latest answer's thoughts, as a picture"),
                      ("txt", "Text", "the same as a card of plain text")]
        offer_export(self, "Export this conversation", kinds, self._export)

    def _export(self, kind: str, folder: Path) -> Path:
        from localthink.chat.export import export_session
        from localthink.tui.cards import thoughts_card
        from localthink.tui.screens.export import write_card

        latest, transcript = self.latest_turn(), self.session.transcript
        if kind in ("md", "json") or latest is None:
            return export_session(self.session, kind, folder)
        question = transcript.entries[transcript.asked - 1].content
        return write_card(kind, folder, f"thoughts {question}", thoughts_card(question, latest.turn,
                                                                             latest.entry.details))

    def action_label(self) -> None:
        """Label the thoughts of the latest answer; the labels lie with localthink's own data."""
        from localthink.errors import LocalthinkError
        from localthink.label.answers import answer_run
        from localthink.label.file import ME, LabelFile
        from localthink.label.session import Labelling
        from localthink.tui.screens.label import LabelScreen

        latest, transcript = self.latest_turn(), self.session.transcript
        if latest is None or not latest.turn.thoughts:
            self.notify("there is no answer with thoughts to label", markup=False)
            return
        if transcript.history is None or transcript.conversation is None or not latest.entry.saved:
            self.notify("only an answer that is saved can be labelled", markup=False)
            return
        try:
            run = answer_run(transcript.history, transcript.conversation, latest.entry.id or 0)
            self.app.push_screen(LabelScreen(Labelling(run, run.samples, LabelFile(run, ME))))
        except LocalthinkError as error:
            self.notify(visible(str(error)), severity="error", markup=False)

    def action_help(self) -> None:
        from localthink.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())
