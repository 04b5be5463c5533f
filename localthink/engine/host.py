"""An engine in a process of its own: what kills it is a message here, and killing it frees its memory at once."""
from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType

from localthink.child_process import Child
from localthink.engine.messages import Died, News, Order

Serve = Callable[..., None]  # (orders, news, log)
TELLING_WORDS = ("GGML_ASSERT", "terminate called", "error:", "Error:")  # lines of a log that say why a process ended
LAST_BYTES = 8192  # of a log that are looked at


def serve_engine(orders: Connection[None, Order], news: Connection[News, None], log: Path) -> None:
    """What the child runs; llama.cpp is imported there and not here."""
    try:
        from localthink.engine.worker import serve
    except Exception as error:
        from localthink.errors import unusable

        known = unusable(error)
        if known is None:
            raise
        news.send(Died(str(known), known.exit_code, lasting=True))
        return
    serve(orders, news, log)


class EngineHost:
    """One child process at a time. Not thread-safe. Close it, or use it in a `with`, to end the child.

    `serve` is what the child runs; it must be importable there.
    """

    def __init__(self, serve: Serve = serve_engine) -> None:
        self._serve = serve
        self._child: Child | None = None
        self._log: Path | None = None

    @property
    def pid(self) -> int | None:
        return self._child.process.pid if self._child is not None else None

    def start(self) -> None:
        """Start a child, in place of one that may be running."""
        self.close()
        handle, name = tempfile.mkstemp(prefix="localthink-", suffix=".log")
        os.close(handle)
        self._log = Path(name)
        self._child = Child(self._serve, self._log)

    def send(self, order: Order) -> None:
        """Tell the child. Where it has died the order is lost, and `receive` says so."""
        if self._child is not None:
            with suppress(OSError):
                self._child.orders.send(order)

    def receive(self, seconds: float) -> list[News]:
        """What the child has said, after waiting up to `seconds` for the first of it; `Died` is its last word."""
        assert self._child is not None, "start the child first"
        child, news = self._child, list[News]()
        wait([child.news, child.process.sentinel], seconds)
        try:
            while child.news.poll():
                news.append(child.news.recv())
                if isinstance(news[-1], Died):
                    child.process.join(1.0)
                    return news
        except Exception:  # the pipe has ended, or what came through it was cut off: whatever it was, the child is gone
            return [*news, Died(self._why(child))]
        if not news and not child.process.is_alive():
            return [Died(self._why(child))]
        return news

    def _why(self, child: Child) -> str:
        """How the child ended: what it printed last, if that tells, and its exit code."""
        assert self._log is not None
        how = child.how_it_ended(1.0)
        if how == "SIGKILL":
            how += ", as the system does when memory runs out"
        said = ""
        with suppress(OSError):
            lines = self._log.read_bytes()[-LAST_BYTES:].decode("utf-8", "replace").splitlines()
            said = next((line.strip() for line in reversed(lines) if any(word in line for word in TELLING_WORDS)), "")
        return f"the engine's process ended ({how})" + (f": {said}" if said else "")

    def kill(self) -> None:
        """End the child at once; from any thread. Whoever is receiving hears of it."""
        if self._child is not None:
            self._child.process.kill()

    def close(self) -> None:
        """End the child at once."""
        if self._child is not None:
            self._child.end()
            self._child = None
        if self._log is not None:
            with suppress(OSError):
                self._log.unlink()
            self._log = None

    def __enter__(self) -> EngineHost:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
