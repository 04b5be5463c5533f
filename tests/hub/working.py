"""The code that downloads, run order by order in one process of its own: the client reads its settings once."""
from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hub.loopback import Hub
from localthink.hub.news import LAST, Failed, Pulled, PullNews, PullOrder, RetryPolicy
from localthink.hub.pull import Pull, answer
from localthink.hub.wanted import parse_wanted
from localthink.shelf.receipts import Receipt

HASTY = RetryPolicy(tries=4, tries_to_begin=3, first_seconds=0.001, most_seconds=0.002)
TOKEN = "hf_ThisMustStaySecret"


def environment(hub: Hub, folder: Path, **others: str) -> dict[str, str]:
    """What the client is told, and nothing of what a person may have set; all of it is kept below `folder`."""
    kept = {name: value for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith(("HF_", "HUGGING"))}
    return kept | {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(folder / "hf"), "HF_TOKEN": TOKEN,
                   "HF_HUB_DISABLE_TELEMETRY": "1", "LOCALTHINK_HOME": str(folder / "home"), **others}


@contextmanager
def told(settings: dict[str, str]) -> Iterator[None]:
    """Within, these are the environment's variables, also for processes that are started."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def work(connection: Connection[Any, Any]) -> None:
    while (order := connection.recv()) is not None:
        answer(order, connection.send)


class Worker:
    """Follows orders; `cache` is the Hub's cache that it fills."""

    def __init__(self, hub: Hub, folder: Path, **others: str) -> None:
        self.folder, self.cache = folder, folder / "hf" / "hub"
        spawn = multiprocessing.get_context("spawn")
        self._connection, theirs = spawn.Pipe()
        with told(environment(hub, folder, **others)):
            self._process = spawn.Process(target=work, args=(theirs,), daemon=True)
            self._process.start()
        theirs.close()

    def follow(self, order: PullOrder) -> list[PullNews]:
        self._connection.send(order)
        news: list[PullNews] = []
        while not news or not isinstance(news[-1], LAST):
            assert self._connection.poll(30), f"nothing is heard any more after {news}"
            news.append(self._connection.recv())
        return news

    def pull(self, text: str, prefer: Sequence[str] = (), spare: int = 0,
             policy: RetryPolicy = HASTY) -> list[PullNews]:
        return self.follow(PullOrder(parse_wanted(text), tuple(prefer), False, policy, spare))

    def close(self) -> None:
        self._connection.send(None)
        self._process.join(10)
        self._process.kill()


def to_the_end(pull: Pull) -> list[PullNews]:
    """Everything that a pull tells until its last word."""
    news: list[PullNews] = []
    while not pull.finished:
        heard = pull.wait(30)
        assert heard, f"nothing is heard any more after {news}"
        news += heard
    return news


def pulled(news: Sequence[PullNews]) -> Receipt:
    assert isinstance(news[-1], Pulled), news[-1]
    return news[-1].receipt


def failed(news: Sequence[PullNews]) -> str:
    """Why it failed: one line, without anything secret."""
    assert isinstance(news[-1], Failed), news[-1]
    reason = news[-1].reason
    assert reason.isprintable() and TOKEN not in reason and "secret" not in reason, reason
    return reason
