"""A download in a process of its own, as its parent sees it: started, listened to, ended at any moment."""
from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType

from localthink.child_process import ending, interrupts_ignored, own_standard_error
from localthink.errors import LocalthinkError
from localthink.hub.listing import Listing
from localthink.hub.news import LAST, SPARE, Failed, Listed, News, Order, Patience
from localthink.hub.serve import serve
from localthink.hub.wanted import Wanted

SLICE = 0.25  # seconds


class Pull:
    """One model's way here. Not thread-safe. Close it, or use it in a `with`: that ends the download at once.

    What has come stays, and another pull goes on with it. `prefer` are precisions, best first, for where `wanted`
    leaves the choice; `spare` are the bytes of the disk that stay free.
    """

    def __init__(self, wanted: Wanted, *, prefer: Sequence[str] = (), patience: Patience | None = None,
                 spare: int = SPARE) -> None:
        self._child = _Child(Order(wanted, tuple(prefer), False, patience or Patience(), spare))

    @property
    def finished(self) -> bool:
        """Whether the last word, Pulled or Failed, has been received."""
        return self._child.finished

    def start(self) -> None:
        self._child.start()

    def poll(self) -> list[News]:
        """What has been told since the last time, without waiting; the last of all is Pulled or Failed."""
        return self._child.receive(0)

    def wait(self, seconds: float | None = None) -> list[News]:
        """The same, after waiting up to `seconds`, or as long as it takes, for the first of it."""
        return self._child.receive(seconds)

    def cancel(self) -> None:
        """End the download at once. Nothing more is told."""
        self._child.close()

    def __enter__(self) -> Pull:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.cancel()


def look_up(wanted: Wanted, *, patience: Patience | None = None) -> Listing:
    """What the repository holds that a pull would take from. Blocks; raises LocalthinkError where none can be read."""
    child = _Child(Order(wanted, only_look=True, patience=patience or Patience()))
    try:
        child.start()
        while True:
            for news in child.receive(None):
                if isinstance(news, Listed):
                    return news.listing
                if isinstance(news, Failed):
                    raise error_of(news)
    finally:
        child.close()


def error_of(failed: Failed) -> LocalthinkError:
    """A failure as the error that a command raises for it."""
    error = LocalthinkError(failed.reason)
    error.exit_code = failed.code
    return error


class _Child:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._process: SpawnProcess | None = None
        self._life: Connection[None, None]
        self._news: Connection[None, News]
        self.finished = False

    def start(self) -> None:
        assert self._process is None, "it is started once"
        spawn = multiprocessing.get_context("spawn")
        theirs, self._life = spawn.Pipe(duplex=False)
        self._news, told = spawn.Pipe(duplex=False)
        self._process = spawn.Process(target=serve, args=(theirs, told, self._order), daemon=True)
        with interrupts_ignored(), own_standard_error():
            self._process.start()
        theirs.close()  # so that the pipes end when the child does
        told.close()

    def receive(self, seconds: float | None) -> list[News]:
        if self._process is None or self.finished:
            return []
        news: list[News] = []
        try:
            self._await(seconds)
            while not self.finished and self._news.poll():
                news.append(self._news.recv())
                self.finished = isinstance(news[-1], LAST)
        except Exception:  # the pipe has ended, or what came through it was cut off: whatever it was, the child is gone
            self._process.join(5.0)
            self.finished = True
            news.append(Failed(f"the download's process ended ({ending(self._process.exitcode)}): pull again, "
                               "it goes on where it was", 1))
        return news

    def _await(self, seconds: float | None) -> None:
        """Wait for news in slices: within one, some systems do not hear Ctrl+C."""
        end = math.inf if seconds is None else time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._news.poll(min(left, SLICE)):
            pass

    def close(self) -> None:
        self.finished = True
        if self._process is None:
            return
        self._process.kill()
        self._process.join()
        self._process.close()
        self._process = None
        self._life.close()
        self._news.close()
