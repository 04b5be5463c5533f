"""A conversation under way: what a person does on one side, an engine and a store on the other.

Knows no screen. Whoever shows it calls `pump` a few times a second and looks at the fields.
"""
from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from localthink.chat.arrivals import Arrivals
from localthink.chat.asking import Asker, Opening
from localthink.chat.client import Client
from localthink.chat.going_on import begun_with, branch_at, why_anew
from localthink.chat.pulling import MakePull, Pulls, start_pull
from localthink.chat.puzzles import hint, is_bundled, is_playable
from localthink.chat.settings import ChatSettings
from localthink.chat.transcript import Entry, Transcript
from localthink.chat.turn import Turn
from localthink.history import History
from localthink.records import BudgetRequest, Message, Prefix, Trace

SAVE_SECONDS = 1.0  # between two savings of what is written
LEAST_ANSWER = 64  # tokens that must be left for an answer


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that waits to be measured: `keep` entries stay, then comes `text`, or the answer again (None).

    `first` is what was left out before it was asked. `reopened` says that the model was opened again for it, which
    is done once.
    """

    keep: int
    text: str | None
    first: int
    reopened: bool = False


@dataclass(frozen=True, slots=True)
class Overflow:
    """A pending question that does not fit: it would be `tokens` of at most `longest`."""

    tokens: int
    longest: int


def new_seed() -> int:
    return secrets.randbits(31)


class Session:
    """One person's conversation. `said` are lines for the person; whoever shows them empties the list."""

    def __init__(self, client: Client, history: History | None, settings: ChatSettings,
                 clock: Callable[[], float] = time.monotonic, seeds: Callable[[], int] = new_seed,
                 make_pull: MakePull = start_pull) -> None:
        self.asker = Asker(client, clock)
        self.arrivals = Arrivals(self, Pulls(clock, make_pull))
        self.transcript = Transcript(history)
        self.settings = settings
        self.said: list[str] = []
        self.path = 0  # grows whenever the entries are others than before
        self.prompt_tokens: int | None = None  # of what would be sent now
        self.overflow: Overflow | None = None
        self.returned = ""  # a question that could not be asked; whoever shows it gives it back and empties this
        self.dropped = 0  # entries before it are left out of what is sent, whatever is asked
        self.clock, self._seeds = clock, seeds
        self._pending: Pending | None = None
        self._number = 0  # of the answer under way
        self._saved, self._trouble = 0.0, ""
        self._resume: Entry | None = None  # goes on once the model is open
        self._dropping = False  # the oldest exchanges are being left out, as many as it takes
        self._unmeasured = False  # the pending question waits for a model that is loading
        self._left: list[Transcript] = []  # earlier conversations of which something is not saved yet

    @property
    def entries(self) -> list[Entry]:
        return self.transcript.entries

    @property
    def live(self) -> Entry | None:
        """The answer that is being written."""
        last = self.entries[-1] if self.entries else None
        return last if last is not None and last.turn is not None and last.turn.running else None

    @property
    def first(self) -> int:
        """Entries before it are left out of what is sent."""
        return self.first_of(self.transcript.asked)

    def first_of(self, sent: int) -> int:
        """The same, where the first `sent` entries would be sent, the last of which asks."""
        return max(self.dropped, sent - 1) if self.plays else self.dropped

    @property
    def plays(self) -> bool:
        """Whether the bundled model is open, which was never taught conversations: a question is all it is sent."""
        loaded = self.asker.model.loaded
        return loaded is not None and is_bundled(loaded.path)

    @property
    def busy(self) -> bool:
        return self.live is not None or self._pending is not None

    def pump(self) -> bool:
        """Take in what has happened, and save it; returns whether anything has."""
        heard = self.asker.pump()
        if self._unmeasured and self._pending is not None:
            self._measure(self._pending)
        if self._resume is not None and self.asker.model.phase != "loading":
            entry, self._resume = self._resume, None
            if self.asker.model.phase == "ready" and entry is self.resumable:
                self.go_on()
        heard |= self.arrivals.pump()
        now = self.clock()
        if now - self._saved >= SAVE_SECONDS:
            self._saved = now
            self._save()
        return heard

    def _save(self) -> None:
        for transcript in (*self._left, self.transcript):
            transcript.catch_up()
        self._left = [transcript for transcript in self._left if not transcript.complete]
        if self.live is not None:
            self.transcript.save_progress(self.live)
        trouble = next((each.trouble for each in (*self._left, self.transcript) if each.trouble), "")
        if trouble != self._trouble:
            self._trouble = trouble
            self.said.append(f"not saved: {self._trouble}" if self._trouble else "everything is saved again")

    # Conversations

    def new(self) -> None:
        """Leave this conversation, which stays in the store, for an empty one."""
        self._leave()
        self.transcript = Transcript(self.transcript.history)
        self._moved()

    def look_again(self) -> None:
        """See what else was done to this conversation in the store: another title, or that it is deleted."""
        transcript = self.transcript
        if transcript.history is None or transcript.conversation is None:
            return
        found = transcript.history.conversation(transcript.conversation)
        if found is None:
            self.new()
        else:
            transcript.title = found.title

    def open(self, conversation: int) -> None:
        """Go to another conversation of the store. Raises HistoryError, and stays where it is."""
        if conversation == self.transcript.conversation:
            return
        opened = Transcript(self.transcript.history)
        opened.open(conversation)
        self._leave()
        self.transcript = opened
        self._moved()

    def _leave(self) -> None:
        self.returned = self.give_up() or self.returned
        if self.live is not None:
            self.stop()
            self._end_now()
        self._save()
        if self.transcript.history is not None and not self.transcript.complete:
            self._left.append(self.transcript)

    def _moved(self) -> None:
        self.path += 1
        self.dropped, self.prompt_tokens = 0, None

    def show_sibling(self, entry: Entry, step: int) -> bool:
        """The alternative `step` places on; False where there is none, or something is being written."""
        if self.busy or not self.transcript.choose(entry, step):
            return False
        self._moved()
        return True

    # Asking

    @property
    def askable(self) -> bool:
        """Whether a question would find a model: one that is open or loading, or whose engine has ended."""
        return self.asker.model.phase in ("ready", "loading", "died")

    def send(self, text: str) -> None:
        """Ask the next question; `overflow` is set, and nothing sent, where it does not fit."""
        self._prepare(len(self.entries), text)

    def edit(self, entry: Entry, text: str) -> None:
        """Ask another question in the place of `entry`, which stays in the store beside it."""
        self._prepare(self.entries.index(entry), text)

    def regenerate(self) -> None:
        """Write the latest answer again, beside the one there is."""
        if self.transcript.asked:
            self._prepare(self.transcript.asked, None)

    def _prepare(self, keep: int, text: str | None) -> None:
        if self.busy or not self.askable:
            self.returned = text or self.returned
            return
        pending = self._pending = Pending(keep, text, self.dropped)
        self.overflow, self._dropping = None, False
        if self.dropped >= keep:  # it goes back to before what was left out
            self.dropped = 0
        if self.asker.model.phase == "died":
            self._reopen(pending)
        else:
            self._measure(pending)

    def _reopen(self, pending: Pending) -> None:
        """The engine has ended: have the question wait until its model is open again."""
        self._pending = replace(pending, reopened=True)
        self.asker.load(self.asker.opening)
        self._measure(self._pending)

    def _measure(self, pending: Pending) -> None:
        """Have it counted; while a model is loading, once that is there."""
        self._unmeasured = self.asker.model.phase == "loading"
        if not self._unmeasured:
            self.asker.count(self._messages(pending), lambda tokens, reason: self._counted(pending, tokens, reason),
                             self.settings.generation.think)

    def _messages(self, pending: Pending) -> list[Message]:
        asked = [] if pending.text is None else [Message("user", pending.text)]
        first = self.first_of(pending.keep + len(asked))
        return [*self.transcript.messages(self.settings.system, first, pending.keep), *asked]

    def _counted(self, pending: Pending, tokens: int | None, reason: str) -> None:
        if pending is not self._pending:  # it was taken back meanwhile
            return
        if tokens is None and self.asker.model.phase == "died" and not pending.reopened:
            self._reopen(pending)
        elif tokens is None:
            self.returned = self.give_up() or self.returned
            self.said.append(reason)
        elif tokens + LEAST_ANSWER > self.asker.model.longest:
            if self._dropping and self.may_drop:
                self.drop_oldest()
            else:
                self._dropping, self.overflow = False, Overflow(tokens, self.asker.model.longest)
        else:
            self._pending, self.overflow, self._dropping = None, None, False
            self.prompt_tokens = tokens
            self._begin(pending)

    @property
    def follows_others(self) -> bool:
        """Whether the question that waits has turns before it, so that another conversation had more room for it."""
        return self._pending is not None and self._pending.keep > 0

    @property
    def may_drop(self) -> bool:
        """Whether an older exchange could be left out of what is sent."""
        return self._pending is not None and not self.plays and (
            self.dropped + 2 <= self._pending.keep - (self._pending.text is None))

    def drop_oldest(self) -> None:
        """Leave the oldest exchanges out of what is sent, as many as it takes; `overflow` stays if none is left."""
        if self._pending is not None and self.may_drop:
            self._dropping, self.overflow = True, None
            self.dropped += 2
            self.path += 1
            self._measure(self._pending)

    @property
    def pending_question(self) -> str:
        """What the pending question asks, also where only its answer is to be written again."""
        if (pending := self._pending) is None:
            return ""
        return self.entries[pending.keep - 1].content if pending.text is None else pending.text

    @property
    def pending_edit(self) -> Entry | None:
        """The question in whose place the pending one is asked."""
        pending = self._pending
        if pending is None or pending.text is None or pending.keep == len(self.entries):
            return None
        return self.entries[pending.keep]

    @property
    def unsaved(self) -> str:
        """Why something is not in the store; empty where all is."""
        return "" if self.transcript.history is None else self._trouble

    def give_up(self) -> str:
        """Take the pending question back; returns its text."""
        pending, self._pending, self.overflow, self._unmeasured = self._pending, None, None, False
        if pending is None:
            return ""
        if self.dropped != pending.first:
            self.dropped = pending.first
            self.path += 1
        return pending.text or ""

    def _begin(self, pending: Pending) -> None:
        self.transcript.cut(pending.keep)
        if pending.text is not None:
            self.transcript.add_question(pending.text)
            if self.plays and not is_playable(pending.text):
                self.said.append(hint())
        settings = self.settings
        seed = settings.seed if settings.seed is not None else self._seeds()
        self._write(Turn(seed, settings.tip.alpha, settings.tip.beta, self.clock()))

    def _write(self, turn: Turn, prefix: Prefix | None = None) -> None:
        """Have an answer written to the latest question, which is the last entry."""
        settings, loaded = self.settings, self.asker.model.loaded
        details = {"model": loaded.name if loaded else "", "quantization": loaded.quantization if loaded else "",
                   "seed": turn.seed, "settings": settings.as_object(), "left_out": self.first,
                   "penalised": self.asker.model.penalises(settings)}
        if prefix is not None:
            details["branched_at"] = len(prefix.tokens) - 1
        entry = self.transcript.begin_answer(turn, details)
        self.path += 1
        self._ask(entry, prefix)

    def branch(self, entry: Entry, position: int) -> bool:
        """Write another answer beside the latest, which went at this token where the penalty did not let it go.

        Its tokens before that one are the same, its seed too; the penalty is as it is set. False, and nothing is done,
        where that cannot be: something is written, no switch was held there, or another model is open.
        """
        turn = entry.turn
        if turn is None or self.busy or entry is not self.entries[-1] or self.asker.model.phase != "ready":
            return False
        branch = branch_at(turn, position)
        if branch is None or not turn.token_ids or why_anew(entry, turn, self.asker.model):
            return False
        self.transcript.cut(len(self.entries) - 1)
        begun = Turn(turn.seed, self.settings.tip.alpha, self.settings.tip.beta, self.clock())
        begun.seen = branch.seen
        self._write(begun, branch.prefix)
        return True

    def _ask(self, entry: Entry, prefix: Prefix | None = None) -> None:
        """With the prompt that it was begun with, where it goes on."""
        turn = entry.turn
        assert turn is not None
        settings = begun_with(entry, self.settings)
        messages = self.transcript.messages(settings.system, entry.details.get("left_out", 0),
                                            self.entries.index(entry))
        self._number = self.asker.ask(messages, settings, turn.seed, turn,
                                      lambda ended, trace: self._ended(entry, trace), prefix)

    def _ended(self, entry: Entry, trace: Trace | None) -> None:
        if trace is not None:
            self.prompt_tokens = None
        self.transcript.finish(entry)

    # While it is written

    def stop(self) -> None:
        """End the answer under way; `give_up` takes back a question that is being measured."""
        if self.live is not None:
            self.asker.cancel(self._number)

    def _end_now(self) -> None:
        """Do not wait for the engine's last word: its tokens so far are all that will be kept."""
        entry = self.live
        if entry is not None and entry.turn is not None:
            entry.turn.end("cancelled")
            self.asker.forget(self._number)
            self.transcript.finish(entry)

    def wish(self, wish: BudgetRequest) -> None:
        """Answer now, think on, or (the same again) neither."""
        if (entry := self.live) is not None and entry.turn is not None:
            self.asker.steer(self._number, wish="free" if entry.turn.wish == wish else wish)

    def change(self, settings: ChatSettings) -> None:
        """Settings for what comes; strength and duration of the penalty hold from the next token on."""
        before, self.settings = self.settings, settings
        if self.live is not None and settings.tip != before.tip:
            self.asker.steer(self._number, tip=settings.tip)

    @property
    def resumable(self) -> Entry | None:
        """The latest answer, if it ended early and could go on from there."""
        last = self.entries[-1] if self.entries else None
        if last is None or last.turn is None or last.turn.state not in ("cancelled", "interrupted"):
            return None
        return last

    def go_on(self) -> None:
        """Let the latest answer go on where it ended early, as it would have; open the model again if it is gone.

        Where that cannot be, it is written anew, beside what there is.
        """
        entry = self.resumable
        if entry is None or entry.turn is None or self.busy:
            return
        if self.asker.model.phase != "ready":
            self._resume = entry
            if self.asker.model.phase != "loading":
                self.asker.load(self.asker.opening)
        elif why := why_anew(entry, entry.turn, self.asker.model):
            self.said.append(f"{why}: it is written anew, and stays beside that")
            self.regenerate()
        else:
            self.prompt_tokens = None  # it was counted for the next question, this answer included
            entry.turn.resume(self.clock())
            self._ask(entry)

    # The model

    def load(self, opening: Opening) -> None:
        if not self._unmeasured:  # else it waits for this one
            self.returned = self.give_up() or self.returned
        self._resume = None
        self.asker.load(opening)

    def eject(self) -> None:
        self._resume = None
        self.asker.eject()

    def count(self, draft: str) -> None:
        """Measure what would be sent with this draft; `prompt_tokens` follows."""
        drafted = [Message("user", draft)] if draft.strip() else []
        first = len(self.entries) if self.plays else self.dropped
        messages = [*self.transcript.messages(self.settings.system, first), *drafted]
        if not messages:
            self.prompt_tokens = 0
        elif self.live is None:
            path = self.path
            self.asker.count(messages, lambda tokens, reason: self._measured(path, tokens),
                             self.settings.generation.think)

    def _measured(self, path: int, tokens: int | None) -> None:
        if path == self.path and self.live is None:  # of other entries, it says nothing any more
            self.prompt_tokens = tokens

    def close(self) -> None:
        """Save what there is, and end the engine."""
        if self.live is not None:
            self._end_now()
        self._save()
        self.arrivals.close()
        self.asker.close()
