"""Whoever says whether two formulas are equal: the process of `mathematics`, started when it is first asked.

Knows when the process starts, how long it may take and how it ends. Nothing that comes from it is unpickled: it has
read what a model wrote.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from types import TracebackType

from localthink.child_process import Child
from localthink.grade import mathematics

TIME_LIMIT = 5.0  # seconds for one answer, most of which take some milliseconds
START_LIMIT = 60.0  # seconds until Math-Verify is loaded, on the slowest of disks
MOST_BYTES = 10_000  # of a reply


class NoVerdictError(Exception):
    """Nobody knows whether they are equal; the message says why, in a few words."""


class Mathematician:
    """One process at a time. Close it, or use it in a `with`. `serve` is what the process runs."""

    def __init__(self, time_limit: float = TIME_LIMIT, serve: Callable[..., None] = mathematics.serve) -> None:
        self._time_limit, self._serve = time_limit, serve
        self._child: Child | None = None

    def equal(self, gold: str, given: str) -> bool:
        """Whether `given` is what `gold` is.

        Raises NoVerdictError where it takes longer than the limit, fails, or brings the process down; the next
        question starts another.
        """
        try:
            reply = self._ask(json.dumps([gold, given]).encode())
        except BaseException:  # also Ctrl+C: a reply that nobody read would answer the next question
            self.close()
            raise
        if not isinstance(reply, bool):
            raise NoVerdictError(str(reply))
        return reply

    def _ask(self, question: bytes) -> object:
        if self._child is None:
            self._child = self._started()
        try:
            self._child.orders.send_bytes(question)
        except OSError:  # it was ended between two questions
            self.close()
            self._child = self._started()
            self._child.orders.send_bytes(question)
        return self._reply(self._child, self._time_limit, f"grading took more than {self._time_limit:g} s")

    def _started(self) -> Child:
        try:
            child = Child(self._serve, self._time_limit + 1)
        except OSError as error:
            raise NoVerdictError(f"no process for grading could be started: {error}") from None
        try:
            self._reply(child, START_LIMIT, "Math-Verify did not load in time")
        except BaseException:
            child.end()
            raise
        return child

    @staticmethod
    def _reply(child: Child, seconds: float, too_late: str) -> object:
        try:
            if not child.news.poll(seconds):
                raise NoVerdictError(too_late)
            return json.loads(child.news.recv_bytes(MOST_BYTES))
        except ValueError:
            raise NoVerdictError("the process for grading answered what is no reply") from None
        except (OSError, EOFError):
            raise NoVerdictError(f"grading ended its process ({child.how_it_ended(1.0)})") from None

    def close(self) -> None:
        """End the process; a later question starts another."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def __enter__(self) -> Mathematician:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()
