"""What a session does, as a plain conversation says it: the model, the answer, what does not fit, a comparison."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from localthink.chat.asking import ModelState
from localthink.chat.pulling import PullState
from localthink.chat.puzzles import PUZZLES, is_bundled
from localthink.chat.session import Overflow, Session
from localthink.chat.turn import Turn
from localthink.plain.answer import LONG_PROMPT, Follower, figures, show_comparison
from localthink.plain.voice import Voice
from localthink.text.page import DIM

if TYPE_CHECKING:
    from localthink.chat.compare import Comparison
    from localthink.plain.solving import SolvingTeller

PROGRESS_SECONDS = 5.0  # of loading between two lines that say how far it is
TENTHS = 10  # lines of a whole pull


class Narrator:
    """Looks at a session, and says what is new. `typed` says that a person sits before it."""

    def __init__(self, session: Session, voice: Voice, typed: bool, clock: Callable[[], float]) -> None:
        self.comparison: Comparison | None = None
        self.solving: SolvingTeller | None = None
        self.refused = False  # whether a question was left unanswered, or in the middle of its answer
        self._session, self._voice, self._typed, self._clock = session, voice, typed, clock
        self._measuring = False  # whether a question was asked of which nothing has been heard yet
        self._before: Turn | None = None  # the latest answer when that was asked
        self._follower: Follower | None = None
        self._writing, self._reading = False, False
        self._model, self._progress = ModelState(), 0.0
        self._overflow: Overflow | None = None
        self._pull, self._tenths = PullState(), 0  # the pull as it was seen last, and how many tenths were told

    @property
    def beside(self) -> bool:
        """Whether a comparison or many attempts are under way, which are no answers of the conversation yet."""
        return self.comparison is not None or self.solving is not None

    @property
    def working(self) -> bool:
        """Whether something is under way that a question would have to wait for."""
        session = self._session
        return (self.beside or session.asker.model.phase == "loading"
                or (session.busy and session.overflow is None) or (session.arrivals.pending and not self._typed))

    def look(self) -> None:
        """Take in what has happened, and say it."""
        session = self._session
        session.pump()
        self.look_at_answer()
        for line in session.said:
            self._voice.warn(line)
        session.said.clear()
        if not self._writing:  # it would be in the midst of an answer
            self._look_at_pull(session.arrivals.state)
        self._look_at_model(session.asker.model)
        if session.overflow is not self._overflow:
            self._overflow = session.overflow
            if session.overflow is not None:
                self._say_overflow(session.overflow)
        if self.comparison is not None and not self.comparison.running:
            show_comparison(self.comparison, self._voice)
            self.comparison = None
        if self.solving is not None and self.solving.look():
            self.refused |= bool(self.solving.solving.reason)
            self.solving = None

    def stop(self) -> bool:
        """End the comparison, or the attempts, that are under way; False where neither is."""
        if self.comparison is not None:
            self.comparison.stop()
        if self.solving is not None:
            self.solving.solving.stop()
        return self.beside

    def expect(self) -> None:
        """A question was asked: either its answer is the next thing to be seen, or it was refused."""
        self._measuring, self._before = self._session.busy, self._latest()

    def forget(self) -> None:
        """The question was taken back."""
        self._measuring = False

    def _latest(self) -> Turn | None:
        entries = self._session.entries
        return entries[-1].turn if entries else None

    def look_at_answer(self) -> None:
        turn = self._latest()
        begun = turn is not None and (turn.running or (self._measuring and turn is not self._before))
        if turn is not None and begun and not self._writing:
            self._writing, self._reading, self._measuring = True, False, False
            if self._follower is None or self._follower.turn is not turn:
                self._follower = Follower(turn, self._voice.sheet())
        if self._writing and self._follower is not None:
            self._follow(self._follower)
        elif self._measuring and not self._session.busy:
            self._measuring, self.refused = False, True

    def _follow(self, follower: Follower) -> None:
        turn, model = follower.turn, self._session.asker.model
        if turn.phase == "reading" and not self._reading and turn.prompt_tokens >= LONG_PROMPT:
            self._reading = True
            self._voice.say(f"reading {turn.prompt_tokens:,} tokens …", DIM)
        follower.show()
        if not turn.running:
            self._writing = False
            self.refused |= turn.state == "interrupted"
            follower.end()
            if turn.reason and turn.reason != model.reason:
                self._voice.warn(turn.reason)
            self._voice.say(figures(turn, model.longest), DIM)

    def _look_at_model(self, state: ModelState) -> None:
        now, before, self._model = self._clock(), self._model, state
        if state.phase != before.phase or state.loaded is not before.loaded:
            self._progress = now
            self._say_model(state)
        elif state.phase == "loading" and now - self._progress >= PROGRESS_SECONDS:
            self._progress = now
            self._voice.say(f"loading: {state.share:.0%}", DIM)

    def _look_at_pull(self, state: PullState) -> None:
        """A line for each tenth, and what is out of the ordinary."""
        coming, before, self._pull = self._session.arrivals, self._pull, state
        failed = state.phase == "failed"
        for line in coming.said:
            self._voice.warn(line) if failed else self._voice.say(line, DIM)
        coming.said.clear()
        if failed and before.phase != "failed":
            self.refused = True
        if state.name != before.name or state.phase == "asking":
            self._tenths = 0
        tenths = int(state.done * TENTHS)
        if state.phase == "loading" and tenths > self._tenths:
            self._tenths = tenths
            self._voice.say(f"{state.name}: {state.figures}", DIM)
        elif state.phase == "waiting" and state.reason != before.reason:
            self._voice.say(f"{state.name}: {state.figures}", DIM)

    def _say_model(self, state: ModelState) -> None:
        session, say = self._session, self._voice.say
        if state.phase == "loading":
            say(f"loading {session.asker.opening.model or 'the model that comes with localthink'} …", DIM)
        elif state.phase == "ready" and state.loaded is not None:
            kind = f"{state.loaded.quantization}, " if state.loaded.quantization else ""
            say(f"{state.loaded.name} is loaded: {kind}context of {state.longest:,} tokens", DIM)
            if state.loaded.choice:
                say(state.loaded.choice, DIM)
            if self._typed and not session.entries and is_bundled(state.loaded.path):
                say("It plays Countdown, and nothing else. Try one of these; /help lists what can be done:")
                for puzzle in PUZZLES:
                    say(f"  {puzzle}")
        elif state.phase in ("failed", "died"):
            self._voice.warn(state.reason)
            if state.phase == "died" and session.resumable:
                say("/go opens the model again and lets the answer go on")
            elif self._typed:  # from a pipe, the next question says so
                say("the next question opens the model again" if state.phase == "died" else
                    "/load NAME opens another model; /models lists those that are here")

    def _say_overflow(self, overflow: Overflow) -> None:
        session = self._session
        loaded = session.asker.model.loaded
        ways = ["/drop leaves the oldest turns out of what is sent"] if session.may_drop else []
        if session.follows_others:
            ways.append("/new asks it in a new conversation")
        if loaded is not None and loaded.trained > overflow.longest:
            ways.append(f"/load --context {min(2 * max(overflow.tokens, overflow.longest), loaded.trained)} opens the "
                        "model with more room")
        self._voice.warn(f"this does not fit: with it the prompt is {overflow.tokens:,} tokens, and the context holds "
                         f"{overflow.longest:,}, answer included")
        self._voice.say("; ".join(ways or ["ask it in fewer words"]))
