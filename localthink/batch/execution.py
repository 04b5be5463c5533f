"""The loop of a run: samples to the workers, results to the ledger, figures to whoever looks on."""
from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from localthink.batch.dispatch import DEATHS_ALONE, Dispatch, Work
from localthink.batch.figures import Figures, Meter
from localthink.batch.items import BadLine
from localthink.batch.ledger import Ledger
from localthink.batch.preflight import ask
from localthink.batch.results import engine_error, input_error, result_object
from localthink.batch.status import write_status
from localthink.batch.unfinished import Unfinished
from localthink.batch.workers import Workers
from localthink.engine.messages import Checkpoint, Died, Finished, Loaded, Loading, News, Refused, Throughput
from localthink.errors import EngineError, advised
from localthink.grade.grading import Grader
from localthink.records import Prefix

NEWS_SECONDS = 0.2  # most seconds to wait for news, and between two looks at whether to stop
STATUS_EVERY = 2.0  # seconds between two writings of status.json
DEATHS_WHILE_LOADING = 3


class Watcher(Protocol):
    """Whoever looks on, and may ask to stop."""

    def note(self, text: str) -> None: ...
    def show(self, figures: Figures) -> None: ...
    def stopped(self) -> bool: ...


class Execution:
    """Runs `feed` on the workers. `engine_settings` goes into every result, as what the engine was; `grader` grades."""

    def __init__(self, feed: Iterator[Work], workers: Workers, loading: Loading, ledger: Ledger, unfinished: Unfinished,
                 meter: Meter, watcher: Watcher, model: str, engine_settings: Mapping[str, Any],
                 grader: Grader | None) -> None:
        self._workers, self._loading, self._ledger = workers, loading, ledger
        self._meter, self._watcher = meter, watcher
        self._unfinished = unfinished
        self._model, self._engine_settings, self._grader = model, dict(engine_settings), grader
        self._dispatch = Dispatch(feed, workers.size, loading.slots)
        self._loaded = [False] * workers.size
        self._deaths_while_loading = [0] * workers.size
        self._status_failed = False
        self._results: list[dict[str, Any]] = []
        self._errors: list[dict[str, Any]] = []
        self._told = 0.0

    def run(self) -> str:
        """Until all is done, or the watcher has had enough; returns which, as `complete` or `stopped`."""
        state = "failed"
        try:
            state = self._run()
        finally:
            self._workers.close()
            self._tell(state, at_once=True)
        return state

    def _run(self) -> str:
        for worker in range(self._workers.size):
            self._workers.start(worker, self._loading)
        self._tell("loading")
        while True:
            heard = self._workers.receive(NEWS_SECONDS)
            # what asked to stop may have ended the engines as well
            stopping = any(isinstance(news, Died) for _, news in heard) and self._watcher.stopped()
            try:
                for worker, news in heard:
                    if not (stopping and isinstance(news, Died)):
                        self._take(worker, news)
            finally:
                self._save()
            if stopping:
                return "stopped"
            for worker in range(self._workers.size):
                self._feed(worker)
            if self._dispatch.idle:
                return "complete"
            self._tell("running" if any(self._loaded) else "loading")
            if self._watcher.stopped():
                return "stopped"

    def _feed(self, worker: int) -> None:
        if self._loaded[worker]:
            given = self._dispatch.give(worker)
            self._workers.send(worker, [ask(work.item, work.sample, number, prefix=self._begun(work))
                                     for number, work in given])

    def _begun(self, work: Work) -> Prefix:
        """What there is of a sample. The last time, before it is given up, it begins anew: what is kept of it may be
        what ends the engine.
        """
        return self._unfinished.prefix(work.key) if work.alone < DEATHS_ALONE - 1 else Prefix()

    def _take(self, worker: int, news: News) -> None:
        if isinstance(news, Finished):
            if work := self._dispatch.settle(worker, news.number):
                result = result_object(work, news.trace, self._model, self._engine_settings, self._grader)
                if "grading_failure" in result:
                    self._watcher.note(f"{work.item.id}: {result['grading_failure']}; counted as wrong")
                self._results.append(result)
                self._meter.settled(work.item)
                self._unfinished.forget(work.key)
        elif isinstance(news, Checkpoint):
            if work := self._dispatch.asked(worker, news.number):
                self._unfinished.add(work.key, news.start, news.written)
        elif isinstance(news, Refused):
            if work := self._dispatch.settle(worker, news.number):
                reason = advised(news.reason, news.advice)
                self._errors.append(input_error(BadLine(work.item.line, reason, work.item.own_id)))
                self._meter.settled(work.item, failed=True)
        elif isinstance(news, Throughput):
            self._meter.progress(worker, news.tokens, news.held, news.busy)
        elif isinstance(news, Loaded):
            self._loaded[worker] = True
            self._meter.loaded()
            self._deaths_while_loading[worker] = 0
        elif isinstance(news, Died):
            self._bury(worker, news)

    def _bury(self, worker: int, news: Died) -> None:
        """Take back what the dead engine was asked, and start another."""
        if news.lasting:
            raise news.error()
        for work in self._dispatch.died(worker, self._loaded[worker]):
            reason = f"given up after {DEATHS_ALONE} deaths of the engine: {news.reason}"
            self._errors.append(engine_error(work, reason))
            self._meter.settled(work.item, failed=True)
            self._unfinished.forget(work.key)
        if not self._loaded[worker]:
            self._deaths_while_loading[worker] += 1
            if self._deaths_while_loading[worker] >= DEATHS_WHILE_LOADING:
                raise EngineError(f"the engine died {DEATHS_WHILE_LOADING} times as it loaded the model: {news.reason}")
        self._loaded[worker] = False
        self._meter.died(worker)
        self._watcher.note(f"{news.reason}; it is started again")
        self._workers.start(worker, self._loading)

    def _save(self) -> None:
        """What has come in since the last time is on the disk when this returns."""
        results, self._results = self._results, []
        self._ledger.append(results)
        errors, self._errors = self._errors, []
        self._ledger.append_errors(errors)
        self._unfinished.save()

    def _tell(self, state: str, at_once: bool = False) -> None:
        figures = self._meter.figures(state, self._ledger.errors)
        self._watcher.show(figures)
        now = time.monotonic()
        if at_once or now - self._told >= STATUS_EVERY:
            self._told = now
            error = write_status(self._ledger.folder, figures)
            if error is not None and not (at_once or self._status_failed):
                self._watcher.note(str(error))
            self._status_failed = error is not None
