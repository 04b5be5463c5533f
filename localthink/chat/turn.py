"""One answer as a person follows it: the phase it is in, its thoughts as they grow, its figures.

Built from an engine's events, or from what was stored. Times are seconds on one clock that only goes
forward; a stored answer has durations alone.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

from localthink.generation import json_number as number
from localthink.history import Piece, State, StoredMessage, ThoughtSpan, TokenRun
from localthink.history.texts import thoughts_of, undamaged
from localthink.history.tokens import seal
from localthink.records import Adjustment, BudgetRequest, Event, FinishReason, Intervention, Trace

Phase = Literal["waiting", "reading", "thinking", "answering", "done"]
RECENT = 512  # tokens that are kept with their alternatives
BUCKET_SECONDS = 0.5  # that one point of the speed's curve stands for
POINTS = 60


class ThoughtView:
    """One thought. `ticks` are the offsets in its text at which a switch was held back."""

    __slots__ = ("_pieces", "characters", "held", "index", "seconds", "started", "ticks", "tokens")

    def __init__(self, index: int, started: float = 0.0) -> None:
        self.index, self.started = index, started
        self.tokens, self.characters, self.held, self.seconds = 0, 0, 0.0, 0.0
        self.ticks: list[int] = []
        self._pieces: list[str] = []

    @property
    def text(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def add(self, text: str, tokens: int, held: float) -> None:
        """Take in text; a single token at which a switch was held is marked before it."""
        if tokens == 1 and held > 0:
            self.ticks.append(self.characters)
        self.tokens += tokens
        self.held += held
        if text:
            self._pieces.append(text)
            self.characters += len(text)

    def span(self) -> ThoughtSpan:
        return ThoughtSpan(self.characters, self.tokens, self.held, self.seconds, tuple(self.ticks))


class Turn:
    """An answer under way or ended. Its fields are for reading; `take`, `read` and `end` change them."""

    def __init__(self, seed: int = 0, alpha: float = 0.0, beta: float = 0.0, started: float = 0.0) -> None:
        self.seed, self.alpha, self.beta = seed, alpha, beta
        self.began_with = alpha, beta
        self.wish: BudgetRequest = "free"
        self.phase: Phase = "waiting"
        self.state: State = "writing"
        self.reason = ""  # why it ended early, in words
        self.thoughts: list[ThoughtView] = []
        self.answer = ""
        self.tokens, self.held, self.seconds = 0, 0.0, 0.0
        self.token_ids: list[int] = []
        self.prompt_tokens, self.prompt_read, self.prompt_speed, self.speed = 0, 0, 0.0, 0.0
        self.steered: tuple[Adjustment, ...] = ()
        self.interventions: tuple[Intervention, ...] = ()
        self.recent: deque[Event] = deque(maxlen=RECENT)
        self.held_at: list[tuple[int, int]] = []  # the positions of tokens at which switches were held, and how many
        self.seen: Mapping[int, Event] = {}  # by position: tokens of another answer, with which this one begins
        self.speeds: deque[float] = deque(maxlen=POINTS)  # tokens a second, one point a BUCKET_SECONDS
        self._started, self._first, self._last = started, 0.0, 0.0
        self._earlier = 0, 0.0  # tokens, and seconds of writing, before it went on
        self._bucket, self._bucket_tokens = 0, 0
        self.recast = False  # whether what was saved before was saved as the answer, and is thinking
        self._unsaved: dict[int, Piece] = {}
        self._saved = 0  # tokens
        self._thinks = False  # whether there was a block of thinking, even an empty one

    @property
    def thinking(self) -> str:
        return "".join(thought.text for thought in self.thoughts)

    @property
    def thinking_tokens(self) -> int:
        return sum(thought.tokens for thought in self.thoughts)

    @property
    def ticks(self) -> int:
        """How many switches were held back at a single token, as far as they are marked."""
        return sum(len(thought.ticks) for thought in self.thoughts)

    @property
    def running(self) -> bool:
        return self.state == "writing"

    def read(self, tokens: int, of: int) -> None:
        """So many tokens of the prompt have been read; an answer that goes on has its own beginning read as well."""
        self.phase, self.prompt_tokens = "reading", of - len(self.token_ids)
        self.prompt_read = tokens * self.prompt_tokens // of

    def resume(self, now: float) -> None:
        """It goes on after an early end: what is there stays, and the clocks run on from here."""
        self.phase, self.state, self.reason, self.wish = "waiting", "writing", "", "free"
        self._started, self._first, self._last = now - self.seconds, 0.0, 0.0
        self._earlier = self.tokens, self.tokens / self.speed if self.speed else 0.0
        self._bucket, self._bucket_tokens = 0, 0  # the pause is no part of the speed
        for thought in self.thoughts:
            thought.started = now - thought.seconds

    def take(self, events: Sequence[Event], now: float) -> None:
        """The next tokens, which were written just before `now`."""
        self._first, self._last = self._first or now, now
        self.prompt_read = self.prompt_tokens
        for event in events:
            self._take(event, now)
        self.seconds = now - self._started
        self._count_speed(sum(event.token >= 0 for event in events), now)

    def _take(self, event: Event, now: float) -> None:
        if event.token >= 0:
            if event.held:
                self.held_at.append((self.tokens, event.held))
            self.recent.append(self._as_seen(event))
            self.tokens += 1
            self.token_ids.append(event.token)
        if event.recasts:
            self._recast()
        self.held += event.held
        self.phase = "thinking" if event.part == "thinking" else "answering"
        self._thinks = self._thinks or event.part == "thinking"
        if event.thought >= 0 and event.part == "thinking":
            self._think(event, now)
        elif event.part == "answer":
            text = event.text if self.answer or not self._thinks else event.text.lstrip()
            if text:
                self.answer += text
                self._note(Piece(-1, text, 1, 0.0, 0.0))

        if event.trace is not None and event.part == "thinking" and event.trace.finish_reason != "cancelled":
            self._settle(event.trace)

    def _as_seen(self, event: Event) -> Event:
        """A token of the beginning with what was known when it was drawn."""
        seen = self.seen.get(self.tokens)
        return event if seen is None else replace(
            event, logprob=seen.logprob, raw_logprob=seen.raw_logprob, instead=seen.instead,
            alternatives=seen.alternatives)

    def _recast(self) -> None:
        """What was taken for the answer was thinking, of which only the end had a tag."""
        text, self.answer, self._thinks, self.recast = self.answer, "", True, True
        self._unsaved.pop(-1, None)
        if text and not self.thoughts:
            thought = ThoughtView(0, self._first)
            thought.add(text, self.tokens - 1, 0)
            self.thoughts.append(thought)
            self._note(Piece(0, text, thought.tokens, 0.0, 0.0))

    def _settle(self, trace: Trace) -> None:
        """A second block of thinking that was never closed was a part of the answer."""
        if len(trace.answer) > len(self.answer.strip()):
            self.answer = trace.answer
            del self.thoughts[len(trace.thoughts):]

    def _think(self, event: Event, now: float) -> None:
        while len(self.thoughts) <= event.thought:
            self.thoughts.append(ThoughtView(len(self.thoughts), now))
        thought = self.thoughts[event.thought]
        before, ticks = thought.seconds, len(thought.ticks)
        thought.add(event.text, int(event.token >= 0), event.held)
        thought.seconds = now - thought.started
        self._note(Piece(thought.index, event.text, int(event.token >= 0), event.held, thought.seconds - before,
                         tuple(thought.ticks[ticks:])))

    def _note(self, piece: Piece) -> None:
        before = self._unsaved.get(piece.thought)
        if before is not None:
            piece = Piece(piece.thought, before.text + piece.text, before.tokens + piece.tokens,
                          before.held + piece.held, before.seconds + piece.seconds, before.ticks + piece.ticks)
        self._unsaved[piece.thought] = piece

    def _count_speed(self, tokens: int, now: float) -> None:
        bucket = int(now / BUCKET_SECONDS)
        if bucket != self._bucket:
            if self._bucket:
                self.speeds.append(self._bucket_tokens / ((bucket - self._bucket) * BUCKET_SECONDS))
            self._bucket, self._bucket_tokens = bucket, 0
        self._bucket_tokens += tokens
        writing = now - self._first
        if writing > 0 and self.speeds:
            self.speed = self.speeds[-1]

    def unsaved(self) -> list[Piece]:
        """What was written since it was last `saved`, by thoughts."""
        return list(self._unsaved.values())

    def unsaved_tokens(self) -> TokenRun:
        return TokenRun(self._saved, tuple(self.token_ids[self._saved:]),
                        seal(self.answer, self.thinking, self.token_ids))

    def saved(self) -> None:
        self._unsaved, self._saved, self.recast = {}, len(self.token_ids), False

    @property
    def kept_ids(self) -> tuple[int, ...]:
        """The token ids that are kept: with them it can go on, on another day too."""
        return tuple(self.token_ids) if self.state in ("writing", "cancelled", "interrupted") else ()

    def end(self, state: FinishReason | Literal["interrupted"], reason: str = "", speed: float | None = None) -> None:
        """It is over. An answer that may yet go on keeps the blanks that it ends in.

        `speed` is what the engine measured since it began or last went on; without one it is what was seen here.
        """
        self.phase, self.state, self.reason = "done", state, reason
        self.speed = self._overall(speed)
        if self._thinks and state not in ("cancelled", "interrupted"):
            self.answer = self.answer.rstrip()

    def _overall(self, speed: float | None) -> float:
        """Tokens a second of everything that was written, the pauses left out."""
        before, seconds = self._earlier
        tokens, took = self.tokens - before, self._last - self._first
        if speed is None:
            speed = tokens / took if took > 0 else 0.0
        if not before:
            return speed
        seconds += tokens / speed if speed else 0.0
        return self.tokens / seconds if seconds else 0.0

    def spans(self) -> tuple[ThoughtSpan, ...]:
        return tuple(thought.span() for thought in self.thoughts)

    def statistics(self) -> dict[str, Any]:
        """Its figures, for what is kept beside the text."""
        return {"prompt_tokens": self.prompt_tokens, "tokens": self.tokens, "thinking_tokens": self.thinking_tokens,
                "thoughts": len(self.thoughts), "held": round(self.held, 6), "seconds": round(self.seconds, 3),
                "prompt_tokens_per_second": round(self.prompt_speed, 3), "tokens_per_second": round(self.speed, 3),
                "thinks": self._thinks, "interventions": [asdict(each) for each in self.interventions],
                "steered": [{"position": s.position, "alpha": number(s.alpha), "beta": number(s.beta), "wish": s.wish}
                            for s in self.steered]}


def stored_turn(message: StoredMessage) -> Turn:
    """An answer as it was kept. Raises HistoryError where that does not mean anything."""
    with undamaged(message.id):
        return _stored_turn(message)


def _stored_turn(message: StoredMessage) -> Turn:
    details = message.details
    settings, figures = details.get("settings", {}), details.get("statistics", {})
    turn = Turn(details.get("seed", 0), float(settings.get("alpha", 0)), float(settings.get("beta", 0)))
    for piece in thoughts_of(message.thinking, message.thoughts):
        thought = ThoughtView(piece.thought)
        thought.add(piece.text, 0, piece.held)
        thought.tokens, thought.seconds, thought.ticks = piece.tokens, piece.seconds, list(piece.ticks)
        turn.thoughts.append(thought)
    turn.answer, turn.phase = message.content, "done"
    turn.state = "interrupted" if message.state == "writing" else message.state  # nobody here is writing it
    turn.steered = tuple(Adjustment(each["position"], float(each["alpha"]), float(each["beta"]), each["wish"])
                         for each in figures.get("steered", ()))
    if turn.steered:
        turn.alpha, turn.beta = turn.steered[-1].alpha, turn.steered[-1].beta
    turn.interventions = tuple(Intervention(each["position"], each["control"], each["why"])
                               for each in figures.get("interventions", ()))
    turn.token_ids = list(message.token_ids)
    turn._saved, turn._thinks = len(turn.token_ids), figures.get("thinks", bool(turn.thoughts))
    turn.held = figures.get("held", sum(span.held for span in message.thoughts))
    turn.tokens = figures.get("tokens", sum(span.tokens for span in message.thoughts))
    turn.seconds = figures.get("seconds", sum(span.seconds for span in message.thoughts))
    turn.speed = figures.get("tokens_per_second", 0.0)
    turn.prompt_speed = figures.get("prompt_tokens_per_second", 0.0)
    turn.prompt_tokens = turn.prompt_read = figures.get("prompt_tokens", 0)
    return turn
