"""The engine's side of the pipe: runs in a child process, takes orders, sends news.

It ends when it is killed or when the other end of the pipe closes, whichever way its parent went.
"""
from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from localthink.engine.bindings import supports_gpu
from localthink.engine.engine import Engine
from localthink.engine.loading import load
from localthink.engine.messages import Ask, Checked, Died, Finished, Loaded, Loading, News, Order, Progress, Refused
from localthink.engine.model import Model
from localthink.errors import LocalthinkError
from localthink.local_models import find_model
from localthink.records import Request

TELL_EVERY = 0.25  # seconds between two reports of progress


def serve(orders: Connection[None, Order], news: Connection[News, None], log: Path) -> None:
    """The child's main function. What llama.cpp prints goes to the file `log`."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group: the parent decides
        signal.signal(number, signal.SIG_IGN)
    _redirect_output(log)
    inbox: queue.SimpleQueue[Order] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders, inbox), daemon=True).start()
    try:
        Worker(inbox, news).run()
    except LocalthinkError as error:
        news.send(Died(str(error), error.exit_code))
    except OSError:  # nobody reads any more
        os._exit(1)


def _redirect_output(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.stdout = sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115


def _listen(orders: Connection[None, Order], inbox: queue.SimpleQueue[Order]) -> None:
    """Pass on what arrives, and end the process, in the middle of a step, once nothing can arrive any more."""
    try:
        while True:
            inbox.put(orders.recv())
    except (EOFError, OSError):
        os._exit(0)


class Worker:
    """Runs one engine, which the first order loads; a later one may load another in its place."""

    def __init__(self, inbox: queue.SimpleQueue[Order], news: Connection[News, None]) -> None:
        self._inbox, self._news = inbox, news
        self._engine: Engine | None = None
        self._vocabulary: Model | None = None
        self._longest = 0
        self._numbers: dict[int, int] = {}  # the engine's requests by their asker's numbers
        self._tokens, self._held, self._told = 0, 0.0, 0.0

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
                self._news.send(Died(str(error), error.exit_code, lasting=True))
        elif order is not None:
            try:
                self._ask(order)
            except LocalthinkError as error:
                self._news.send(Refused(order.number, str(error)))

    def _load(self, order: Loading) -> None:
        if order.vocabulary_only:
            model = self._vocabulary = Model(find_model(order.model), vocabulary_only=True)
            trained = model.facts.context_length or order.longest or 2**31
            self._longest = min(order.longest or trained, trained)
            self._news.send(Loaded(0, 0, self._longest, model.backend, supports_gpu()))
            return
        if self._vocabulary is not None:
            self._vocabulary.close()
        engine = self._engine = load(
            order.model, slots=order.slots, context=order.cells, cache=order.cache, threads=order.threads,
            gpu_layers=order.gpu_layers, layout="split" if order.split else "unified", longest=order.longest,
            fixed_shapes=order.fixed_shapes)
        self._news.send(Loaded(engine.slots, engine.cells, engine.longest, engine.model.backend, supports_gpu()))

    def _ask(self, order: Ask) -> None:
        model = self._engine.model if self._engine is not None else self._vocabulary
        assert model is not None, "a model is loaded first"
        question = order.messages[0].content if order.raw else order.messages
        request = Request(model.prompt(question, order.raw), 1, order.seed, order.sampling, order.tip,
                          order.max_tokens, order.stop)
        if order.only_check:
            model.check(request, self._longest)
            self._news.send(Checked(order.number, len(request.prompt)))
        else:
            assert self._engine is not None
            self._numbers[self._engine.submit(request)] = order.number

    def _step(self, engine: Engine) -> None:
        events = engine.step()
        self._tokens += sum(event.token >= 0 for event in events)
        self._held += sum(event.held for event in events)
        now = time.perf_counter()
        if now - self._told >= TELL_EVERY or engine.idle:  # before the results: with the last, nobody listens any more
            self._told = now
            self._news.send(Progress(self._tokens, self._held, engine.busy))
        for event in events:
            if event.trace is not None:
                self._news.send(Finished(self._numbers.pop(event.request), event.trace))
