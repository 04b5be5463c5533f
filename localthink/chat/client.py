"""The engine's process as a conversation uses it: orders go in at any time, news is there when it is asked for."""
from __future__ import annotations

import queue
import threading
from typing import Protocol

from localthink.engine.host import EngineHost, Serve, serve_engine
from localthink.engine.messages import Died, News, Order

LISTEN_SECONDS = 0.5  # until a listener notices that its engine was closed before it spoke


class Client(Protocol):
    """What a conversation needs of an engine."""

    def start(self) -> None:
        """A fresh process, in place of the one that may be running."""

    def send(self, order: Order) -> None: ...

    def receive(self) -> list[News]:
        """What has been said since; does not wait."""

    def close(self) -> None:
        """End the process; its memory is free when this returns."""


class EngineClient:
    """An engine's process with a thread that empties its pipe, so that the engine never waits for a screen."""

    def __init__(self, serve: Serve = serve_engine) -> None:
        self._host = EngineHost(serve)
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._listener: threading.Thread | None = None
        self._closing = threading.Event()

    @property
    def pid(self) -> int | None:
        return self._host.pid

    def start(self) -> None:
        self.close()
        self._news, self._closing = queue.SimpleQueue(), threading.Event()
        self._host.start()
        self._listener = threading.Thread(target=self._listen, args=(self._news, self._closing), daemon=True)
        self._listener.start()

    def _listen(self, inbox: queue.SimpleQueue[News], closing: threading.Event) -> None:
        while not closing.is_set():
            for news in self._host.receive(LISTEN_SECONDS):
                inbox.put(news)
                if isinstance(news, Died):
                    return

    def send(self, order: Order) -> None:
        if self._listener is not None:
            self._host.send(order)

    def receive(self) -> list[News]:
        heard: list[News] = []
        while not self._news.empty():
            heard.append(self._news.get())
        return heard

    def close(self) -> None:
        if self._listener is None:
            return
        self._closing.set()
        self._host.kill()
        self._listener.join()
        self._listener = None
        self._host.close()
        self._news = queue.SimpleQueue()  # its last words were about this end, which is no news
