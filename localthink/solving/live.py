"""Questions solved on an engine: attempts begun, cancelled and judged as a strategy says, all in one batch.

Every attempt is a request of its own with the question's prompt, which the engine reads once. What a strategy does not
need any more is cancelled between two tokens, and its slot goes to the next attempt, or the next question.
"""
from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator

from localthink.batch.items import Item
from localthink.engine.engine import Engine
from localthink.records import Event, Message
from localthink.solving.question import Question, Under
from localthink.solving.strategy import Strategy
from localthink.solving.verifier import Verifier

WAVE = 2  # times the slots: so many attempts are written before a model judges them, which stops the writing


def nothing(question: Question) -> None:
    """Nobody looks on."""


class Live:
    """Solves questions with one strategy. `tell` hears of a question whenever one of its attempts has written."""

    def __init__(self, engine: Engine, strategy: Strategy, verifier: Verifier | None = None,
                 tell: Callable[[Question], None] = nothing, stopped: Callable[[], bool] = lambda: False) -> None:
        self._engine, self._strategy, self._verifier = engine, strategy, verifier
        self._tell, self._stopped = tell, stopped
        self._open: list[Question] = []
        self._waiting: list[Question] = []  # until they are judged
        self._requests: dict[int, tuple[Question, Under]] = {}

    def solve(self, items: Iterable[Item]) -> Generator[Question]:
        """Each item's question once it is solved, in the order in which they are; with what there is once `stopped`.

        Closing the iterator cancels what runs. Raises PromptError where a prompt does not fit, and what a verifier
        raises.
        """
        left = iter(items)
        try:
            more = self._begin(left)
            while self._open or self._waiting or more:
                if self._stopped():
                    self._cancel_all()
                    for question in (*self._waiting, *self._open):
                        question.interrupted = True
                        yield question
                    return
                if self._requests:
                    self._take(self._engine.step())
                yield from self._finished()
                more = self._begin(left)
        finally:
            self._cancel_all()

    def _begin(self, left: Iterator[Item]) -> bool:
        """Fill the slots; returns whether something was begun, or waits to be."""
        while len(self._requests) < self._engine.slots:
            question = next((question for question in self._open if question.wants), None)
            if question is None:
                item = next(left, None) if self._has_room else None
                if item is None:
                    break
                question = Question(item, self._strategy, self._engine.model.name)
                self._open.append(question)
            self._submit(question)
        return bool(self._requests)

    @property
    def _has_room(self) -> bool:
        """Whether another question may be opened: where a model judges, some are written and then judged together."""
        if self._verifier is None or self._verifier.at_once:
            return True
        opened = len(self._open) + len(self._waiting)
        return not opened or opened * self._strategy.n < WAVE * self._engine.slots

    def _submit(self, question: Question) -> None:
        under, generation = question.begin()
        item = question.item
        asked: str | tuple[Message, ...] = item.messages[0].content if item.settings.raw else item.messages
        request = self._engine.request(asked, generation, seed=under.seed, raw=item.settings.raw)
        self._requests[self._engine.submit(request)] = question, under

    def _take(self, events: list[Event]) -> None:
        """What a step has brought. Of attempts that ended in one step, the lowest number counts as the first."""
        ended: list[tuple[Question, Under]] = []
        touched: dict[int, Question] = {}
        for event in events:
            if event.request not in self._requests:
                continue
            question, under = self._requests[event.request]
            touched[id(question)] = question
            under.written += event.token >= 0
            if event.trace is not None:
                under.trace = event.trace
                del self._requests[event.request]
                ended.append((question, under))
        for question, under in sorted(ended, key=lambda each: each[1].number):
            question.end(under, self._verifier)
        for question in touched.values():
            self._cancel(question)
            self._tell(question)

    def _cancel(self, question: Question) -> None:
        useless = {under.number for under in question.useless()}
        for number, (owner, under) in list(self._requests.items()):
            if owner is question and under.number in useless:
                self._give_up(number)

    def _give_up(self, number: int) -> None:
        """Cancel a request; its last event has its trace, and nobody else waits for it."""
        question, under = self._requests.pop(number)
        under.trace = next(event.trace for event in self._engine.cancel(number)
                           if event.request == number and event.trace is not None)
        question.end(under, None)

    def _cancel_all(self) -> None:
        for number in list(self._requests):
            self._give_up(number)

    def _finished(self) -> Generator[Question]:
        """Take out the questions that are done; where a model judges, once nothing is written any more."""
        done = [question for question in self._open if question.done]
        self._open = [question for question in self._open if not question.done]
        if self._verifier is None or self._verifier.at_once:
            yield from done
            return
        self._waiting += done
        if self._waiting and not self._requests and not self._open:
            for question in self._waiting:
                question.judge(self._verifier)
            solved, self._waiting = self._waiting, []
            yield from solved
