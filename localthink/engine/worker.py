"""The engine's side of the pipe: runs in a child process, takes orders, sends news.

It ends when it is killed or when the other end of the pipe closes, whichever way its parent went.
"""
from __future__ import annotations

import math
import os
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from localthink.engine.bindings import supports_gpu
from localthink.engine.engine import Engine
from localthink.engine.loading import load
from localthink.engine.messages import (
    Ask,
    Cancel,
    Checked,
    Checkpoint,
    Count,
    Counted,
    Died,
    Finished,
    Loaded,
    Loading,
    LoadingShare,
    News,
    Order,
    Reading,
    Refused,
    Steer,
    Throughput,
    Written,
)
from localthink.engine.model import Model
from localthink.engine.sample import without_held_back
from localthink.errors import LocalthinkError
from localthink.machine.measuring import memory_budget
from localthink.records import Event, Request
from localthink.shelf.local_models import find_model

TELL_EVERY = 0.25  # seconds between two reports of progress
SHOW_EVERY = 0.05  # seconds between two lots of a watched sample's tokens: nobody sees sooner


def serve(orders: Connection[None, Order], news: Connection[News, None], log: Path) -> None:
    """The child's main function. What llama.cpp prints goes to the file `log`."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group: the parent decides
        signal.signal(number, signal.SIG_IGN)
    _redirect_output(log)
    worker = Worker(news)
    threading.Thread(target=_listen, args=(orders, worker, log), daemon=True).start()
    try:
        worker.run()
    except LocalthinkError as error:
        news.send(Died(str(error), error.exit_code))
    except OSError:  # nobody reads any more
        os._exit(1)


def _redirect_output(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.stdout = sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115


def _listen(orders: Connection[None, Order], worker: Worker, log: Path) -> None:
    """Pass on what arrives, and end the process, in the middle of a step, once nothing can arrive any more."""
    try:
        while True:
            worker.tell(orders.recv())
    except (EOFError, OSError):
        with suppress(OSError):
            log.unlink()  # nobody is left to read it
        os._exit(0)


class Worker:
    """Runs one engine, which the first order loads. Only `tell` may be called from another thread."""

    def __init__(self, news: Connection[News, None]) -> None:
        self._inbox: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._news = news
        self._engine: Engine | None = None
        self._vocabulary: Model | None = None
        self._longest = 0
        self._asks: dict[int, Ask] = {}  # by the engine's own numbers
        self._requests: dict[int, int] = {}  # the engine's numbers by their askers'
        self._unsaid: dict[int, list[Event]] = {}  # of watched samples, by the asker's numbers
        self._kept: dict[int, int] = {}  # how many tokens of a sample need not be told again, by the engine's numbers
        self._keep_every = math.inf
        self._tokens, self._held, self._told, self._shown, self._kept_at = 0, 0, 0.0, 0.0, 0.0

    def tell(self, order: Order) -> None:
        """Take an order. A sample that runs alone is given up in the middle of a step."""
        self._inbox.put(order)
        if isinstance(order, Cancel) and (request := self._requests.get(order.number)) is not None:
            assert self._engine is not None
            self._engine.give_up(request)

    def run(self) -> None:
        while True:
            self._take(self._inbox.get() if self._engine is None or self._engine.idle else None)
            while not self._inbox.empty():
                self._take(self._inbox.get())
            if self._engine is not None and not self._engine.idle:
                self._step(self._engine)

    def _take(self, order: Order | None) -> None:
        if isinstance(order, Loading):
            try:
                self._load(order)
            except LocalthinkError as error:
                self._news.send(Died(str(error), error.exit_code, lasting=True, advice=error.advice))
        elif isinstance(order, Cancel):
            self._cancel(order.number)
        elif isinstance(order, Steer):
            if self._engine is not None and order.number in self._requests:
                self._engine.steer(self._requests[order.number], order.tip, order.wish)
        elif order is not None:
            try:
                self._count(order) if isinstance(order, Count) else self._ask(order)
            except LocalthinkError as error:
                self._news.send(Refused(order.number, str(error), error.advice))

    def _load(self, order: Loading) -> None:
        if order.vocabulary_only:
            model = self._vocabulary = Model(find_model(order.model), vocabulary_only=True,
                                             think_tags=order.think_tags)
            trained = model.facts.context_length or order.longest or 2**31
            self._longest = min(order.longest or trained, trained)
            self._news.send(Loaded(0, 0, self._longest, model.backend, supports_gpu(),
                                   room=memory_budget(order.offload)))
            return
        if self._vocabulary is not None:
            self._vocabulary.close()
        self._keep_every = math.inf if order.keep_every is None else order.keep_every
        said: list[str] = []
        engine = self._engine = load(
            order.model, slots=order.slots, context=order.cells, cache=order.cache, threads=order.threads,
            offload=order.offload, layout="split" if order.split else "unified", longest=order.longest,
            fixed_shapes=order.fixed_shapes, force=order.force, at_once=order.at_once, think_tags=order.think_tags,
            on_choice=said.append,
            progress=self._share if order.watched else None)
        facts, self._longest = engine.model.facts, engine.longest
        self._news.send(Loaded(
            engine.slots, engine.cells, engine.longest, engine.model.backend, supports_gpu(), engine.model.name,
            str(facts.path), facts.quantization, facts.context_length, engine.model.thinks, facts.weight_bytes,
            engine.cells * facts.cache_bytes_per_token(engine.cache, engine.cache), "".join(said),
            mapped=engine.model.native.mapped))

    def _share(self, share: float) -> None:
        now = time.perf_counter()
        if now - self._shown >= SHOW_EVERY or share >= 1:  # what follows the last weights takes a while as well
            self._shown = now
            self._news.send(LoadingShare(share))

    def _model(self) -> Model:
        model = self._engine.model if self._engine is not None else self._vocabulary
        assert model is not None, "a model is loaded first"
        return model

    def _count(self, order: Count) -> None:
        prompt = self._model().prompt(order.messages, think=order.think, context=self._longest)
        self._news.send(Counted(order.number, len(prompt)))

    def _ask(self, order: Ask) -> None:
        model = self._model()
        question = order.messages[0].content if order.raw else order.messages
        prompt = model.prompt(question, order.raw, order.generation.think, self._longest)
        request = Request(prompt, order.generation, 1, order.seed, order.alternatives, order.prefix)
        if order.only_check:
            model.check(request, self._longest)
            self._news.send(Checked(order.number, len(request.prompt)))
        else:
            assert self._engine is not None
            number = self._engine.submit(request)
            self._asks[number], self._requests[order.number] = order, number
            self._kept[number] = len(order.prefix.tokens)

    def _cancel(self, number: int) -> None:
        if self._engine is not None and number in self._requests:  # it may have ended on its own
            request = self._requests[number]
            events = self._engine.cancel(request)
            self._tell(without_held_back(events) if self._asks[request].watched else events)

    def _step(self, engine: Engine) -> None:
        events = engine.step()
        self._tokens += sum(event.token >= 0 for event in events)
        self._held += sum(event.held for event in events)
        now = time.perf_counter()
        if now - self._told >= TELL_EVERY or engine.idle:  # before the results: with the last, nobody listens any more
            self._told = now
            self._news.send(Throughput(self._tokens, self._held, engine.busy))
        self._tell(events)
        if now - self._shown >= SHOW_EVERY:
            self._shown = now
            self._show(engine)
        if now - self._kept_at >= self._keep_every:
            self._kept_at = now
            self._keep(engine)

    def _tell(self, events: list[Event]) -> None:
        """Pass results on, and keep the tokens of watched samples for the next showing."""
        for event in events:
            ask = self._asks[event.request]
            if ask.watched:
                self._unsaid.setdefault(ask.number, []).append(event)
            if event.trace is not None:
                if ask.number in self._unsaid:
                    self._news.send(Written(ask.number, tuple(self._unsaid.pop(ask.number))))
                self._news.send(Finished(ask.number, event.trace))
                del self._asks[event.request], self._requests[ask.number], self._kept[event.request]

    def _show(self, engine: Engine) -> None:
        """What watched samples have written; of those that have written nothing, how far their prompt is."""
        for request, ask in self._asks.items():
            if ask.number in self._unsaid:
                self._news.send(Written(ask.number, tuple(self._unsaid.pop(ask.number))))
            elif ask.watched and (progress := engine.reading(request))[0] < progress[1]:
                self._news.send(Reading(ask.number, *progress))

    def _keep(self, engine: Engine) -> None:
        """What unfinished samples have written since the last time."""
        for request, ask in self._asks.items():
            start = self._kept[request]
            written = engine.written(request, start)
            if written.tokens:
                self._news.send(Checkpoint(ask.number, start, written))
                self._kept[request] = start + len(written.tokens)
