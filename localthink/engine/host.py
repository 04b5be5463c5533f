"""An engine in a process of its own: what kills it is a message here, and killing it frees its memory at once."""
from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType

from localthink.child_process import ending, interrupts_ignored, own_standard_error
from localthink.engine.messages import Died, News, Order

Serve = Callable[..., None]  # (orders, news, log)
TELLING = ("GGML_ASSERT", "terminate called", "error:", "Error:")  # lines of a log that say why a process ended
LAST_BYTES = 8192  # of a log that are looked at


def serve_engine(orders: Connection[None, Order], news: Connection[News, None], log: Path) -> None:
    """What the child runs; llama.cpp is imported there and not here."""
    try:
        from localthink.engine.worker import serve
    except Exception as error:
        from localthink.engine.unusable import unusable

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
        self._process: SpawnProcess | None = None
        self._orders: Connection[Order, None]
        self._news: Connection[None, News]
        self._log: Path | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start a child, in place of one that may be running."""
        self.close()
        spawn = multiprocessing.get_context("spawn")
        theirs_in, self._orders = spawn.Pipe(duplex=False)
        self._news, theirs_out = spawn.Pipe(duplex=False)
        handle, name = tempfile.mkstemp(prefix="localthink-", suffix=".log")
        os.close(handle)
        self._log = Path(name)
        process = spawn.Process(target=self._serve, args=(theirs_in, theirs_out, self._log), daemon=True)
        with interrupts_ignored(), own_standard_error():
            process.start()
        self._process = process
        theirs_in.close()  # so that the pipes end when the child does
        theirs_out.close()

    def send(self, order: Order) -> None:
        """Tell the child. Where it has died the order is lost, and `receive` says so."""
        with suppress(OSError):
            self._orders.send(order)

    def receive(self, seconds: float) -> list[News]:
        """What the child has said, after waiting up to `seconds` for the first of it; `Died` is its last word."""
        assert self._process is not None, "start the child first"
        news: list[News] = []
        wait([self._news, self._process.sentinel], seconds)
        try:
            while self._news.poll():
                news.append(self._news.recv())
                if isinstance(news[-1], Died):
                    self._process.join(1.0)
                    return news
        except Exception:  # the pipe has ended, or what came through it was cut off: whatever it was, the child is gone
            self._process.join(1.0)
            return [*news, Died(self._why())]
        if not news and not self._process.is_alive():
            return [Died(self._why())]
        return news

    def _why(self) -> str:
        """How the child ended: what it printed last, if that tells, and its exit code."""
        assert self._process is not None and self._log is not None
        how = ending(self._process.exitcode)
        if how == "SIGKILL":
            how += ", as the system does when memory runs out"
        said = ""
        with suppress(OSError):
            lines = self._log.read_bytes()[-LAST_BYTES:].decode("utf-8", "replace").splitlines()
            said = next((line.strip() for line in reversed(lines) if any(word in line for word in TELLING)), "")
        return f"the engine's process ended ({how})" + (f": {said}" if said else "")

    def kill(self) -> None:
        """End the child at once; from any thread. Whoever is receiving hears of it."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the child at once."""
        if self._process is None:
            return
        self._process.kill()
        self._process.join()
        self._process.close()
        self._process = None
        self._orders.close()
        self._news.close()
        if self._log is not None:
            with suppress(OSError):
                self._log.unlink()

    def __enter__(self) -> EngineHost:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
