"""A decode that nobody waits for any more is ended from outside: reading a prompt, one can take seconds.

A decode that is ended is undone for everybody in it. So it is ended only where most of its rows are for
requests that were given up, and where a model keeps a state that cannot be cut back, so that all is read
again, only where all that run were.
"""
from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import cast

from localthink.engine.bindings import NativeContext
from localthink.engine.sample import Sample
from localthink.engine.scheduler import Job, Plan


class Decoding:
    """Decodes plans, one at a time. Only `give_up` may be called from another thread."""

    def __init__(self, context: NativeContext, can_undo: bool) -> None:
        self._context, self._can_undo = context, can_undo
        self._lock = threading.Lock()
        self._given_up: set[int] = set()
        self._plan: Plan | None = None  # under way
        self._running: Sequence[Job] = ()

    def give_up(self, request: int) -> None:
        """A request that is about to be cancelled: the decode under way ends at once if it is mostly for such ones."""
        with self._lock:
            self._given_up.add(request)
            if self._is_wasted():
                self._context.interrupt(True)

    def decode(self, plan: Plan, rows: int, running: Sequence[Job]) -> int:
        """Decode the first `rows` rows, which are the plan's. Returns what `NativeContext.decode` does."""
        with self._lock:
            self._plan, self._running = plan, running
            if self._given_up:
                self._given_up &= set(map(_request, running))  # the others are cancelled, or have ended
                self._context.interrupt(self._is_wasted())
        status = self._context.decode(rows)
        with self._lock:
            self._plan = None
            if self._given_up:
                self._context.interrupt(False)
        return status

    def _is_wasted(self) -> bool:
        if self._plan is None:
            return False
        if not self._can_undo:
            return self._given_up.issuperset(map(_request, self._running))
        rows = [(chunk.count, _request(chunk.job) in self._given_up) for chunk in self._plan.chunks if not chunk.filler]
        return 2 * sum(count for count, wasted in rows if wasted) > sum(count for count, _ in rows)


def _request(job: Job) -> int:
    return cast(Sample, job.owner).request_id
