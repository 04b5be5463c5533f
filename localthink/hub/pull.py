"""A download in a process of its own: started, listened to and ended by its parent, and what the process runs."""
from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from types import TracebackType

from localthink.child_process import Child, end_with, stay_quiet
from localthink.errors import LocalthinkError
from localthink.hub.faults import INSTEAD, reason
from localthink.hub.listing import Listing
from localthink.hub.news import LAST, SPARE_BYTES, Failed, Listed, PullNews, PullOrder, RetryPolicy
from localthink.hub.wanted import Wanted

SLICE_SECONDS = 0.25  # of one wait, between which Ctrl+C is noticed


class Pull:
    """One model's way here. Not thread-safe. Close it, or use it in a `with`: that ends the download at once.

    What has come stays, and another pull goes on with it. `prefer` are precisions, best first, for where `wanted`
    leaves the choice; `spare` are the bytes of the disk that stay free.
    """

    def __init__(self, wanted: Wanted, *, prefer: Sequence[str] = (), policy: RetryPolicy | None = None,
                 spare: int = SPARE_BYTES) -> None:
        self._download = _Download(PullOrder(wanted, tuple(prefer), False, policy or RetryPolicy(), spare))

    @property
    def finished(self) -> bool:
        """Whether the last word, Pulled or Failed, has been received."""
        return self._download.finished

    def start(self) -> None:
        self._download.start()

    def poll(self) -> list[PullNews]:
        """What has been told since the last time, without waiting; the last of all is Pulled or Failed."""
        return self._download.receive(0)

    def wait(self, seconds: float | None = None) -> list[PullNews]:
        """The same, after waiting up to `seconds`, or as long as it takes, for the first of it."""
        return self._download.receive(seconds)

    def cancel(self) -> None:
        """End the download at once. Nothing more is told."""
        self._download.close()

    def __enter__(self) -> Pull:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.cancel()


def look_up(wanted: Wanted, *, policy: RetryPolicy | None = None) -> Listing:
    """What the repository holds that a pull would take from. Blocks; raises LocalthinkError where none can be read."""
    download = _Download(PullOrder(wanted, only_look=True, policy=policy or RetryPolicy()))
    try:
        download.start()
        while True:
            for news in download.receive(None):
                if isinstance(news, Listed):
                    return news.listing
                if isinstance(news, Failed):
                    raise error_of(news)
    finally:
        download.close()


def error_of(failed: Failed) -> LocalthinkError:
    """A failure as the error that a command raises for it."""
    error = LocalthinkError(failed.reason)
    error.exit_code = failed.code
    return error


class _Download:
    """The process that follows an order, as long as there is something to hear of it."""

    def __init__(self, order: PullOrder) -> None:
        self._order = order
        self._child: Child | None = None
        self.finished = False

    def start(self) -> None:
        assert self._child is None, "it is started once"
        self._child = Child(serve, self._order)

    def receive(self, seconds: float | None) -> list[PullNews]:
        if self._child is None or self.finished:
            return []
        news: list[PullNews] = []
        try:
            self._await(self._child, seconds)
            while not self.finished and self._child.news.poll():
                news.append(self._child.news.recv())
                self.finished = isinstance(news[-1], LAST)
        except Exception:  # the pipe has ended, or what came through it was cut off: whatever it was, the child is gone
            self.finished = True
            news.append(Failed(f"the download's process ended ({self._child.how_it_ended(5.0)}): pull again, it goes "
                               "on where it was", 1))
        return news

    def _await(self, child: Child, seconds: float | None) -> None:
        """Wait for news in slices: within one, some systems do not hear Ctrl+C."""
        end = math.inf if seconds is None else time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not child.news.poll(min(left, SLICE_SECONDS)):
            pass

    def close(self) -> None:
        self.finished = True
        if self._child is not None:
            self._child.end()
            self._child = None


def serve(parent: Connection[None, None], news: Connection[PullNews, None], order: PullOrder) -> None:
    stay_quiet()
    end_with(parent)
    try:
        answer(order, news.send)
    except OSError:  # nobody reads any more
        os._exit(1)


def answer(order: PullOrder, tell: Callable[[PullNews], None]) -> None:
    """Follow the order; whatever goes wrong becomes the last word."""
    from localthink.hub.pulling import follow

    try:
        follow(order, tell)
    except LocalthinkError as error:
        tell(Failed(str(error), error.exit_code))
    except Exception as error:
        tell(Failed(f"{order.wanted.text} cannot be downloaded ({type(error).__name__}: {reason(error)}): try again, "
                    f"{INSTEAD}", 1))
