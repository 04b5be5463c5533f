"""Who does the work of a run: engines in processes of their own, here one, elsewhere several."""
from __future__ import annotations

from typing import Protocol

from localthink.engine.host import EngineHost
from localthink.engine.messages import Loading, News, Order


class Workers(Protocol):
    """`size` workers, by number. Each has one engine; what happens to it is news.

    `engines_here` is how many engines share one machine's memory and cores.
    """

    size: int
    engines_here: int

    def start(self, worker: int, loading: Loading) -> None:
        """Begin, or begin again after a death, with an engine that knows nothing yet."""

    def send(self, worker: int, orders: list[Order]) -> None: ...

    def receive(self, seconds: float) -> list[tuple[int, News]]:
        """What the workers have said, after waiting up to `seconds` for the first of it."""

    def close(self) -> None:
        """End all work at once."""


class LocalWorkers:
    """One engine in a child process of this one."""

    size = 1
    engines_here = 1

    def __init__(self, host: EngineHost | None = None) -> None:
        self._host = host or EngineHost()

    def start(self, worker: int, loading: Loading) -> None:
        self._host.start()
        self._host.send(loading)

    def send(self, worker: int, orders: list[Order]) -> None:
        for order in orders:
            self._host.send(order)

    def receive(self, seconds: float) -> list[tuple[int, News]]:
        return [(0, news) for news in self._host.receive(seconds)]

    def close(self) -> None:
        self._host.close()
