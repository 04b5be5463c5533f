"""Who gets which sample next, and which sample is to blame where an engine died. Pure: no processes, no clock.

Of all that runs in an engine when it dies, one sample may be the cause, or none. So what was running
runs again; what has seen two deaths in company waits until the end and then runs alone, and what
brings an engine down three times alone is given up.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from localthink.batch.items import Item

DEATHS_IN_COMPANY, DEATHS_ALONE = 2, 3
# Samples that wait at an engine for a slot: enough to refill at once, and few, so that all engines end together.
MOST_WAITING = 8


@dataclass(slots=True, eq=False)
class Work:
    """One sample to be had."""

    item: Item
    sample: int
    key: str
    in_company: int = 0  # deaths that it saw
    alone: int = 0


@dataclass(slots=True)
class _Worker:
    asked: dict[int, Work] = field(default_factory=dict)  # in the order in which they were asked
    quarantine: bool = False


class Dispatch:
    """Hands the samples of `feed` to `workers` engines of `slots` slots, a few more than they can run at once."""

    def __init__(self, feed: Iterator[Work], workers: int, slots: int) -> None:
        self._feed, self._slots = feed, slots
        self._window = slots + min(slots + 2, MOST_WAITING)
        self._again: deque[Work] = deque()
        self._suspects: deque[Work] = deque()
        self._workers = [_Worker() for _ in range(workers)]
        self._number = 0
        self._exhausted = False

    @property
    def idle(self) -> bool:
        """Whether nothing is asked and nothing is left to ask."""
        return self._exhausted and not self._again and not self._suspects and not any(
            worker.asked for worker in self._workers)

    def give(self, worker: int) -> list[tuple[int, Work]]:
        """What this worker is to be asked next, by numbers of its own."""
        chosen, given = self._workers[worker], []
        while not chosen.quarantine and len(chosen.asked) < self._window and (work := self._next()) is not None:
            given.append(self._ask(chosen, work))
        if self._suspects and not chosen.asked:
            chosen.quarantine = True
            given.append(self._ask(chosen, self._suspects.popleft()))
        return given

    def _next(self) -> Work | None:
        if self._again:
            return self._again.popleft()
        work = next(self._feed, None)
        self._exhausted = self._exhausted or work is None
        return work

    def _ask(self, worker: _Worker, work: Work) -> tuple[int, Work]:
        self._number += 1
        worker.asked[self._number] = work
        return self._number, work

    def asked(self, worker: int, number: int) -> Work | None:
        """What the worker was asked under this number; None where it is not its business any more."""
        return self._workers[worker].asked.get(number)

    def settle(self, worker: int, number: int) -> Work | None:
        """The worker has answered: no longer its business. None where it was not, any more."""
        chosen = self._workers[worker]
        work = chosen.asked.pop(number, None)
        chosen.quarantine = chosen.quarantine and bool(chosen.asked)
        return work

    def died(self, worker: int, loaded: bool) -> list[Work]:
        """The worker's engine is gone: take back what it was asked. Returns what is given up.

        An engine admits in the order of asking, so the first of what it was asked were running;
        before it was `loaded`, none was.
        """
        chosen = self._workers[worker]
        asked = list(chosen.asked.values())
        chosen.asked, chosen.quarantine = {}, False
        running = asked[:self._slots] if loaded else []
        given_up = []
        for work in running:
            if len(running) == 1:
                work.alone += 1
            else:
                work.in_company += 1
        for work in reversed(asked):
            if work.alone >= DEATHS_ALONE:
                given_up.append(work)
            elif work.alone or work.in_company >= DEATHS_IN_COMPANY:
                self._suspects.appendleft(work)
            else:
                self._again.appendleft(work)
        return given_up
