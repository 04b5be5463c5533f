"""`localthink chat --plain`: the conversation as text that is only ever appended.

Answers go to one stream, the thinking and all else to another. What is said while an answer is written
waits its turn, but for the few commands that are about that answer.
"""
from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.chat.surveying import Surveyor
from localthink.errors import LocalthinkError, UsageError
from localthink.interrupts import INTERRUPTED, TERMINATED
from localthink.plain.commands import at_once_of, read_command
from localthink.plain.conversations import open_latest
from localthink.plain.lines import Assembly, Lines, Said
from localthink.plain.news import Narrator
from localthink.plain.voice import Voice
from localthink.text.page import DIM

BUSY_SECONDS, IDLE_SECONDS = 0.05, 0.25  # seconds between two looks at what has happened, unless a line comes
NO_MODEL = {"none": "no model is loaded: /load NAME opens one, /models lists those that are here",
            "failed": "the model could not be loaded: /load NAME opens another, with --force also one that does not "
                      "fit, /models lists those that are here"}


class PlainChat:
    """A session, what is said to it line by line, and where it is written. `interrupts` fills with signals."""

    def __init__(self, session: Session, lines: Lines, voice: Voice, interrupts: list[int],
                 clock: Callable[[], float] = time.monotonic, surveyor: Surveyor | None = None) -> None:
        self.session, self.voice, self.clock = session, voice, clock
        self.surveyor = surveyor or Surveyor()
        self.news = Narrator(session, voice, lines.typed, clock)
        self.deleted: list[int] = []  # conversations that can be had back, the latest last
        self._lines, self._interrupts = lines, interrupts
        self._assembly = Assembly()
        self._waiting: deque[tuple[Said, bool]] = deque()  # and whether it was said too early
        self._asked: Callable[[], None] | None = None  # the latest question
        self._again: Callable[[], None] | None = None  # one that waits for a model with more room
        self._warned = self._stopping = self._leaving = False
        self._code = 0

    def run(self, opening: Opening, continue_last: bool) -> int:
        """Talk until either side ends it; returns the exit code."""
        self._lines.start()
        if continue_last:
            self._try(lambda: open_latest(self))
        self.session.load(opening)
        while not self._leaving:
            self.news.look()
            self._take_interrupts()
            self._act_on_waiting()
            self._see_whether_to_leave()
            if not self._leaving:
                self._hear(BUSY_SECONDS if self.news.working or self._waiting else IDLE_SECONDS)
        self.voice.end_lines()
        return self._code

    def leave(self, code: int = 0) -> None:
        self._leaving, self._code = True, code or self._code

    # What is heard

    def _hear(self, seconds: float) -> None:
        """Take in lines: of a person all there are, of a pipe one at a time, so that each waits for the one before."""
        typed, assembly = self._lines.typed, self._assembly
        if self._waiting and not typed:
            time.sleep(seconds)
            return
        if typed and not self.news.working and not self._waiting:
            self.voice.prompt("…" if assembly.begun else ">")
        while (line := self._lines.get(seconds)) is not None:
            seconds, self._warned, pasting = 0.0, False, assembly.pasting
            if typed:
                self.voice.entered()
            self._take(assembly.add(line))
            if typed and assembly.pasting and not pasting:
                self.voice.say("every line is taken as it is, until one that is a single dot")
            if not typed:
                break
        if self._lines.ended:
            self._take(assembly.end())

    def _take(self, said: Said | None) -> None:
        if said is not None:
            self._waiting.append((said, self._lines.typed and self.news.working))

    def _take_interrupts(self) -> None:
        """Ctrl+C stops what is under way; where nothing is, or it does not stop, a second one leaves."""
        if not self.news.working:
            self._stopping = False
        if not self._interrupts:
            return
        terminated = signal.SIGTERM in self._interrupts
        self._interrupts.clear()
        if terminated or not self._lines.typed or self._stopping or self._warned:
            self.leave(TERMINATED if terminated else INTERRUPTED)
        elif self.stop():
            self._stopping = True
        else:
            self._warned = True
            self.voice.say("Ctrl+C again, Ctrl+D or /quit leaves")

    def _see_whether_to_leave(self) -> None:
        """At the end of what is said, once all of it is answered."""
        if not self._lines.ended or self._waiting or self.news.working or self._again is not None:
            return
        left_over = self.news.refused or self.session.overflow is not None or self.session.asker.model.reason
        self.leave(1 if left_over and not self._lines.typed and not self._code else 0)

    # What is done

    def _act_on_waiting(self) -> None:
        if self._again is not None and not self.news.working:
            again, self._again = self._again, None
            self._try(lambda: self.ask(again))
        for said, early in list(self._waiting):
            if self._leaving:
                return
            if self._may_act(said):
                self._waiting.remove((said, early))
                self._try(partial(self._act, said, early))
            elif not self._lines.typed:
                return

    def _may_act(self, said: Said) -> bool:
        """Whether it need not wait for what is under way."""
        if not self.news.working:
            return True
        at_once = at_once_of(said.text) if said.is_command else "never"
        if self._lines.typed:
            return at_once != "never"
        return at_once == "live" and (self.session.live is not None or self.news.beside)

    def _act(self, said: Said, early: bool) -> None:
        try:
            said.text.encode()
        except UnicodeEncodeError as error:
            raise UsageError(f"this is not UTF-8 at character {error.start + 1}: send or type it as UTF-8") from None
        if early and not self.news.working:
            self.voice.say(f"> {said.text}", DIM)  # much may have been written since it was typed
        if said.is_command:
            verb, rest = read_command(said.text)
            verb.act(self, rest)
        else:
            self.ask(partial(self.session.send, said.text))

    def _try(self, action: Callable[[], None]) -> None:
        """Do something; what is wrong with it is a line, and in a pipe an exit code too."""
        try:
            action()
        except LocalthinkError as error:
            self.voice.warn(str(error))
            if not self._lines.typed:
                self._code = self._code or error.exit_code

    def ask(self, asking: Callable[[], None]) -> None:
        """Ask the model something, in place of what may be waiting because it did not fit."""
        phase = self.session.asker.model.phase
        self.session.give_up()
        if phase in NO_MODEL:
            if not self._lines.typed:
                self.leave()  # what follows would only be refused as well
            raise LocalthinkError(NO_MODEL[phase])
        self._asked = asking
        asking()
        self.news.expect()

    def ask_again(self) -> None:
        """Once a model is open, ask what did not fit."""
        self._again = self._asked

    def stop(self) -> bool:
        """End what is under way; False where nothing is."""
        session = self.session
        if self.news.stop():
            return True
        if session.live is not None:
            session.stop()
        elif session.asker.model.phase == "loading":
            session.eject()
            self.voice.say("loading is given up; /load begins again")
        elif session.busy:
            session.give_up()
            self.news.forget()
            self.voice.say("the question is taken back")
        else:
            return False
        return True
