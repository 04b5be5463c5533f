"""One sample while it is written: drawn tokens in, events out, a trace at the end.

Knows where thoughts begin and which bytes make whole characters; what cannot be shown yet is `pending`. Knows neither
slots nor logits.
"""
from __future__ import annotations

import codecs
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace

from localthink.control.budget import BudgetControl
from localthink.control.controls import Controls
from localthink.control.interface import Control
from localthink.control.making import made
from localthink.control.tip import TipControl
from localthink.control.view import View, Words
from localthink.engine import randomness
from localthink.engine.pending import Pending
from localthink.engine.sampler import Draw
from localthink.engine.scheduler import Job
from localthink.records import (
    Adjustment,
    Alternative,
    BudgetRequest,
    Event,
    FinishReason,
    Part,
    Prefix,
    Request,
    Thought,
    Tip,
    Trace,
)
from localthink.thinking.automaton import TokenIds
from localthink.thinking.tags import TagReader, Tags, Turn
from localthink.thinking.tracker import ThoughtTracker


class Sample:
    """Sample `index` of a request. Times are seconds on any clock that only goes forward."""

    def __init__(self, request_id: int, request: Request, index: int, tracker: ThoughtTracker,
                 tags: Tags | None = None, words: Words | None = None, own: Sequence[Control] = ()) -> None:
        self.request_id, self.request, self.index, self.tracker = request_id, request, index, tracker
        self._tags = tags or Tags()
        self._reader = TagReader(self._tags, tracker.part == "thinking")
        self.seed = randomness.sample_seed(request.seed, index)
        self._tip, self._budget = TipControl(request.generation.tip), BudgetControl(request.generation)
        self._steered: list[Adjustment] = []
        self.job = Job(list(request.prompt), owner=self)
        self._mixed_seed = randomness.mix(self.seed)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.tokens: list[int] = []  # generated so far
        self._texts: list[str] = []
        self.view = View(tracker, words or Words(), self.tokens, self._texts)
        self.view.seed = self.seed
        self.controls = Controls([self._tip, self._budget, *made(request.generation), *own], self.view)
        self._after_tag = ""  # what the last token of a tag says after it, which goes with the next token
        self._turns: list[tuple[int, Part]] = [(0, tracker.part)]
        self._held: list[tuple[int, int]] = []
        self._pending = Pending(request.generation.stop)
        self._admitted = self._first = self._last = 0.0
        self._prompt_read = 0
        self.finished: FinishReason | None = None
        self.trials: list[Sample] = []  # forks that its controls asked for

    @property
    def key(self) -> int:
        """The randomness of the token to come."""
        return randomness.key(self._mixed_seed, len(self.tokens))

    def room(self, longest: int) -> int:
        """How many tokens may still come, where one sample has at most `longest`, its prompt included."""
        room, most = longest - len(self.job.tokens), self.request.generation.max_tokens
        return room if most is None else min(room, most - len(self.tokens))

    @property
    def switch_tokens(self) -> TokenIds:
        return self.tracker.switch_tokens

    @property
    def tip(self) -> Tip:
        """The penalty as it is now."""
        return self._tip.tip

    @property
    def wish(self) -> BudgetRequest:
        return self._budget.budget.wish

    def steer(self, tip: Tip, wish: BudgetRequest) -> None:
        """From the next token on, with this strength and duration of the penalty and this wish for the thinking."""
        self._tip.tip = replace(self.tip, alpha=tip.alpha, beta=tip.beta)
        if wish != self.wish:
            self._budget.budget.steer(wish, self.view.thinking_tokens)
            self.view.wish = wish
        self._steered.append(Adjustment(self.tracker.position, tip.alpha, tip.beta, wish))

    def admitted(self, now: float, shared: int) -> None:
        """The sample got a slot that held the first `shared` tokens of its prompt; later ones are ignored."""
        if not self._admitted:
            self._admitted, self._prompt_read = now, len(self.job.tokens) - shared

    def resume(self, piece: Callable[[int], bytes]) -> list[Event]:
        """Take in what the request says was begun; the events of it, where those were not told before.

        `piece` has the bytes of a token. What such an event says of probabilities is nothing.
        """
        prefix, events = self.request.prefix, list[Event]()
        held = dict(prefix.held)
        for position, token in enumerate(prefix.tokens):
            self._hold(held.get(position, 0))
            draw = Draw(token, 0.0, 0.0, 0 if prefix.told else held.get(position, 0))
            self._pending.events.append(self._observe(draw, piece(token), ends=False))
            events += self._pending.release(self._undecided())
        self._pending.known = len(self._pending) if prefix.told else 0
        return [] if prefix.told else events

    def written(self, start: int) -> Prefix:
        """What there is from the token `start` on; the seconds are those of all of it."""
        return Prefix(tuple(self.tokens[start:]),
                     tuple(self._held[bisect_left(self._held, (start,)):]), self._seconds)

    @property
    def _seconds(self) -> float:
        return self.request.prefix.seconds + max(0.0, self._last - self._admitted)

    def accept(self, draw: Draw, piece: bytes, now: float, ends: bool = False, last: bool = False,
               alternatives: tuple[Alternative, ...] = ()) -> list[Event]:
        """Take in a token; returns the events that are ready.

        `ends` marks a token that ends the generation and is no text, `last` one after which there is
        no room. Either, or a stop string, sets `finished`, and the last event carries the trace.
        """
        self._first, self._last = self._first or now, now
        if not self.tracker.may_switch:
            draw = draw._replace(held=0, instead=None)
        self._hold(draw.held)
        event = self._observe(draw, b"" if ends else piece, ends, alternatives)
        undecided = self.tracker.undecided or self._reader.undecided
        if not (self._pending.events or undecided or self._pending.watches or ends or last):
            return [event]
        self._pending.events.append(event)
        if ends or self._stops():
            return self.finish("stop")
        if last:
            return self.finish("length")
        return self._pending.release(self._undecided())

    def _hold(self, switches: int) -> None:
        """So many switches were held at the token to come."""
        if switches:
            self.tracker.spans[-1].held += switches
            self._held.append((self.tracker.position, switches))

    def _observe(self, draw: Draw, piece: bytes, ends: bool, alternatives: tuple[Alternative, ...] = ()) -> Event:
        """The event of a drawn token: which part and thought it belongs to, and the text that it completes."""
        tracker, part, opened = self.tracker, self.tracker.part, 0
        text = self._text(draw.token, piece, ends)
        turn = None if ends else self._reader.read(draw.token, text)
        self._texts.append(text)
        self.tokens.append(draw.token)
        self.job.tokens.append(draw.token)
        if not ends and (turn is None or (turn.part == part and not turn.recasts)):
            opened = tracker.observe(draw.token)
        if opened > 1:
            self._pending.reopen(opened - 1, tracker.thought)
        event = Event(self.request_id, self.index, draw.token, text, part, -1 if ends else tracker.thought,
                      opened == 1, *draw[1:], alternatives=alternatives)
        if turn is not None:
            event = self._take_tag(turn, event)
        self.view.whole, self.view.logprob = not self._decoder.getstate()[0], draw.logprob
        self.controls.told(draw.token)
        return event

    def _text(self, token: int, piece: bytes, ends: bool) -> str:
        tag = "" if ends else self._tags.text_of(token)
        text = self._after_tag + (self._decoder.decode(b"", final=True) + tag if tag else self._decoder.decode(piece))
        self._after_tag = ""
        return text

    def _take_tag(self, turn: Turn, event: Event) -> Event:
        """The event that completes a tag, which is no text; those of the tag's other tokens still wait."""
        self._after_tag = turn.after
        self._texts[-turn.tokens:] = [turn.before, *[""] * (turn.tokens - 1)]
        waiting = self._pending.events
        for back in range(1, min(turn.tokens - 1, len(waiting)) + 1):
            text = self._texts[-1 - back]
            waiting[-back] = replace(waiting[-back], text=text, thought=waiting[-back].thought if text else -1)
        event = replace(event, text=self._texts[-1])
        if turn.recasts:
            *self._pending.events, event = self._recast([*waiting, event])
        if turn.part != event.part or turn.recasts:
            self._turn_page(turn)
            event = replace(event, thought=-1)
        return event

    def _recast(self, events: list[Event]) -> list[Event]:
        """The sample so far was thinking; so are these, its latest, and the first that is news says so."""
        self._turns = [(0, "thinking")]
        self.view.thinking_since = 0
        self.tracker.recast(self.tokens[:-1], dict(self._held))
        thought, first = self.tracker.thought, min(self._pending.known, len(events) - 1)
        return [replace(event, part="thinking", thought=thought if event.text else -1, recasts=place == first)
                for place, event in enumerate(events)]

    def _turn_page(self, turn: Turn) -> None:
        """A tag has ended a part of the sample."""
        ended = self.tracker.thought
        self.tracker.turn(turn.part, turn.tokens, kept=int(turn.tokens > 1 and turn.before != ""))
        self._drop_if_blank(ended)
        self._turns.append((self.tracker.position, turn.part))
        self.view.thinking_since = self.tracker.position

    def _drop_if_blank(self, thought: int) -> None:
        """White space is no thought, as in a block that was opened and closed at once."""
        if thought >= 0:
            span = self.tracker.spans[thought]
            if not "".join(self._texts[span.start:span.end]).strip():
                del self.tracker.spans[thought]

    def _stops(self) -> bool:
        """Whether the answer has just completed a stop string; it and what follows it are taken back."""
        if not self._pending.watches or self.tracker.part != "answer":
            return False
        beyond = self._pending.beyond_stop()
        if beyond:
            self._pending.take_back(beyond, self._texts)
            self._decoder.reset()
        return beyond > 0

    def _undecided(self) -> int:
        """How many of the latest events cannot be shown yet."""
        count = max(self.tracker.undecided, self._reader.undecided)
        if self._pending.watches and self.tracker.part == "answer":
            count = max(count, self._pending.in_stop())
        return min(count, len(self._pending))

    def finish(self, reason: FinishReason) -> list[Event]:
        """End the sample. Returns what was held back, and always an event that carries the trace."""
        self.finished = reason
        self.controls.ended()
        rest = self._after_tag + self._decoder.decode(b"", final=True)
        if rest and self._turns[-1][0] < len(self._texts):
            self._texts[-1] += rest
        elif rest:
            self._texts.append(rest)
        self._close_page()
        nothing = Event(self.request_id, self.index, -1, "", self.tracker.part, -1, False, 0.0, 0.0, 0)
        events = self._pending.release(0) or [nothing]
        events[-1] = replace(events[-1], text=events[-1].text + rest, trace=self.trace(reason))
        return events

    def _close_page(self) -> None:
        """The sample has ended. A block that began within the answer, and never ended, was a part of it."""
        ended = self.tracker.thought
        self.tracker.finish()
        self._drop_if_blank(ended)
        start, part = self._turns[-1]
        if part == "thinking" and "".join(self._texts[:start]).strip():
            self._turns[-1] = (start, "answer")
            self._texts[start - 1] += self._tags.opening
            if self.request.generation.tip.where == "thinking":
                self.tracker.spans = [span for span in self.tracker.spans if span.start < start]

    def trace(self, reason: FinishReason) -> Trace:
        """The sample as it stands."""
        written, reading = self._last - self._first, self._first - self._admitted
        new = len(self.tokens) - len(self.request.prefix.tokens)
        return Trace(
            sample=self.index, seed=self.seed, prompt_tokens=len(self.request.prompt), token_ids=tuple(self.tokens),
            thinking=self._text_of("thinking").strip(), answer=self._answer(), finish_reason=reason,
            thoughts=self._thoughts(), switches=sum(span.by_marker for span in self.tracker.spans),
            paraphrases=self.tracker.paraphrases, held=sum(span.held for span in self.tracker.spans),
            sampling=self.request.generation.sampling, tip=self.request.generation.tip, seconds=self._seconds,
            prompt_tokens_per_second=self._prompt_read / reading if reading > 0 else 0.0,
            tokens_per_second=(new - 1) / written if written > 0 else 0.0, steered=tuple(self._steered),
            interventions=tuple(self.controls.interventions),
        )

    def _answer(self) -> str:
        """The answer without the blank lines that follow the thinking; a plain completion as it was written."""
        answer = self._text_of("answer")
        return answer.strip() if any(part == "thinking" for _, part in self._turns) else answer

    def _text_of(self, part: Part) -> str:
        ends = [start for start, _ in self._turns[1:]] + [len(self._texts)]
        return "".join("".join(self._texts[start:end])
                       for (start, turn), end in zip(self._turns, ends, strict=True) if turn == part)

    def _thoughts(self) -> tuple[Thought, ...]:
        spans = self.tracker.spans
        ends = [span.end if span.end >= 0 else self.tracker.position for span in spans]
        return tuple(Thought(i, span.start, end, span.held, "".join(self._texts[span.start:end]).strip())
                     for i, (span, end) in enumerate(zip(spans, ends, strict=True)))


def without_held_back(events: list[Event]) -> list[Event]:
    """Of the last events of a cancelled sample the one that carries its trace, without any token or text.

    What was held back was not known yet for what it is: whoever lets the sample go on behind what was told before is
    told of it then.
    """
    last = events[-1]
    return [Event(last.request, last.sample, -1, "", last.part, -1, False, 0.0, 0.0, 0, trace=last.trace)]
