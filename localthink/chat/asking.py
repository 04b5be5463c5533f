"""The engine's side of a conversation: which model is open, what is being written, and news of both."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from localthink.chat.client import Client
from localthink.chat.settings import ChatSettings
from localthink.chat.turn import Turn
from localthink.engine.messages import (
    Ask,
    Cancel,
    Count,
    Counted,
    Died,
    Finished,
    Loaded,
    Loading,
    LoadingShare,
    News,
    Reading,
    Refused,
    Steer,
    Written,
)
from localthink.offload import Offload
from localthink.records import Adjustment, BudgetRequest, Message, Prefix, ThinkMode, Tip, Trace

ALTERNATIVES = 6  # tokens that are shown in the place of one
SLOTS = 2  # one for the conversation, a second for what it is compared with: the cache is chosen for these
AT_ONCE = 16  # answers that may share that cache, where a question is attempted many times
OnEnd = Callable[[Turn, Trace | None], None]
OnCount = Callable[[int | None, str], None]  # the tokens, or None and why not


@dataclass(frozen=True, slots=True)
class ModelState:
    """`share` is how much of the weights is read; `reason` says why there is no model where one was wanted."""

    phase: Literal["none", "loading", "ready", "failed", "died"] = "none"
    share: float = 0.0
    loaded: Loaded | None = None
    reason: str = ""

    @property
    def longest(self) -> int:
        """The most tokens that a conversation and its answer may have; 0 without a model."""
        return self.loaded.longest if self.loaded else 0

    def thinks(self, settings: ChatSettings) -> bool:
        """Whether it thinks, so that it can be told to answer or to think on; yes as long as nothing is known of it."""
        return self.loaded is None or self.loaded.thinks or settings.generation.think == "open"

    def penalises(self, settings: ChatSettings) -> bool:
        """Whether the penalty has anything to act on."""
        return self.thinks(settings) or settings.tip.where == "everywhere"


@dataclass(frozen=True, slots=True)
class Opening:
    """How a model is to be opened. `model` is a path or a name, None the one that comes with localthink.

    `context` and `cache` are chosen by the free memory where they are None. `force` is for what does not fit.
    """

    model: str | None = None
    context: int | None = None
    cache: str | None = None
    threads: int | None = None
    offload: Offload = field(default_factory=Offload)
    force: bool = False
    think_tags: tuple[str, str] | None = None

    def with_context(self, context: int) -> Opening:
        """The same model with a cache for so many tokens."""
        return replace(self, context=context)


@dataclass(slots=True)
class _Writing:
    turn: Turn
    on_end: OnEnd
    steered: tuple[Adjustment, ...]  # what was turned before this attempt


class Asker:
    """One engine, one model at a time, any number of answers at once. `clock` gives seconds."""

    def __init__(self, client: Client, clock: Callable[[], float]) -> None:
        self._client, self._clock = client, clock
        self.model = ModelState()
        self.opening = Opening()
        self._numbers = 0
        self._writing: dict[int, _Writing] = {}
        self._counts: dict[int, OnCount] = {}

    @property
    def busy(self) -> bool:
        return bool(self._writing)

    def load(self, opening: Opening) -> None:
        """Open a model in place of the one that may be open; what is being written ends."""
        self.eject()
        self.opening, self.model = opening, ModelState("loading")
        try:
            self._client.start()
        except OSError as error:  # no memory, no process, no room for its log
            self.model = ModelState("failed", reason=f"the engine's process cannot be started: {error}")
            return
        self._client.send(Loading(opening.model, SLOTS, opening.context, cache=opening.cache,
                                  threads=opening.threads, offload=opening.offload, watched=True, force=opening.force,
                                  think_tags=opening.think_tags, at_once=AT_ONCE))

    def eject(self) -> None:
        """Close the model, or give up loading it. Its memory is free when this returns."""
        self._client.close()
        self.model = ModelState()
        self._end_all("the model was ejected")

    def close(self) -> None:
        self._client.close()

    def ask(self, messages: Sequence[Message], settings: ChatSettings, seed: int, turn: Turn, on_end: OnEnd,
            prefix: Prefix | None = None, watched: bool = True) -> int:
        """Begin an answer, with what is given as `prefix`, or go on with one that has tokens; returns its number.

        One that is not watched has only an end.
        """
        number = self._next()
        if turn.token_ids and (turn.alpha, turn.beta) != (settings.tip.alpha, settings.tip.beta):  # turned meanwhile
            turn.steered += (Adjustment(len(turn.token_ids), settings.tip.alpha, settings.tip.beta, "free"),)
        turn.alpha, turn.beta = settings.tip.alpha, settings.tip.beta
        self._writing[number] = _Writing(turn, on_end, turn.steered)
        self._client.send(Ask(number, tuple(messages), settings.generation, seed,
                              alternatives=ALTERNATIVES if watched else 0,
                              prefix=prefix or Prefix(tuple(turn.token_ids)), watched=watched))
        return number

    def cancel(self, number: int) -> None:
        self._client.send(Cancel(number))

    def forget(self, number: int) -> None:
        """Hear no more of an answer."""
        self._writing.pop(number, None)

    def steer(self, number: int, tip: Tip | None = None, wish: BudgetRequest | None = None) -> None:
        """Change an answer from its next token on."""
        if writing := self._writing.get(number):
            if tip is not None:
                writing.turn.alpha, writing.turn.beta = tip.alpha, tip.beta
            if wish is not None:
                writing.turn.wish = wish
            turn = writing.turn  # noted here as well: a process that is killed leaves no trace
            turn.steered = (*turn.steered, Adjustment(turn.tokens, turn.alpha, turn.beta, turn.wish))
            self._client.send(Steer(number, tip, wish))

    def count(self, messages: Sequence[Message], on_count: OnCount, think: ThinkMode = "auto") -> None:
        """How many tokens the messages are as a prompt; answered by a call, later, or at once without a model."""
        if self.model.phase != "ready":
            on_count(None, "no model is loaded")
            return
        number = self._next()
        self._counts[number] = on_count
        self._client.send(Count(number, tuple(messages), think))

    def pump(self) -> bool:
        """Take in the engine's news; returns whether there was any."""
        heard = self._client.receive()
        for news in heard:
            self._hear(news)
        return bool(heard)

    def _next(self) -> int:
        self._numbers += 1
        return self._numbers

    def _hear(self, news: News) -> None:
        match news:
            case Written(number, events) if number in self._writing:
                self._writing[number].turn.take(events, self._clock())
            case Reading(number, tokens, of) if number in self._writing:
                self._writing[number].turn.read(tokens, of)
            case Finished(number, trace) if number in self._writing:
                self._finished(self._writing.pop(number), trace)
            case Refused(number, reason) if number in self._writing:
                self._end(self._writing.pop(number), reason)
            case Refused(number, reason) if number in self._counts:
                self._counts.pop(number)(None, reason)
            case Counted(number, tokens) if number in self._counts:
                self._counts.pop(number)(tokens, "")
            case LoadingShare(share):
                self.model = replace(self.model, share=share)
            case Loaded():
                self.model = ModelState("ready", 1.0, news)
            case Died():
                self._died(news)

    def _finished(self, writing: _Writing, trace: Trace) -> None:
        turn = writing.turn
        turn.steered = writing.steered + trace.steered  # the engine knows the tokens best
        turn.interventions += trace.interventions
        turn.prompt_tokens = turn.prompt_read = trace.prompt_tokens
        turn.prompt_speed = trace.prompt_tokens_per_second
        turn.end(trace.finish_reason, speed=trace.tokens_per_second)
        writing.on_end(turn, trace)

    def _end(self, writing: _Writing, reason: str) -> None:
        writing.turn.end("interrupted", reason)
        writing.on_end(writing.turn, None)

    def _end_all(self, reason: str) -> None:
        writings, self._writing = self._writing, {}
        counts, self._counts = self._counts, {}
        for writing in writings.values():
            self._end(writing, reason)
        for on_count in counts.values():
            on_count(None, reason)

    def _died(self, news: Died) -> None:
        self.model = ModelState("failed" if news.lasting else "died", loaded=self.model.loaded, reason=news.reason)
        self._client.close()
        self._end_all(news.reason)
