"""A pull and a machine that are what a test says: no process, no network, no measurement."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from localthink.chat.surveying import Machine
from localthink.hub.news import Failed, Found, Pulled, PullNews, PullProgress
from localthink.hub.wanted import Wanted
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.shelf.receipts import PulledFile, Receipt

MIB = 2**20
SIZE = 1000 * MIB
LAPTOP = Machine(MemoryBudget(0), Bandwidth(60e9))  # bytes a second
FOUND = Found("me/model", "c0ffee", "Q4_K_M", ("model.gguf",), SIZE, 0)
PATH = Path("/hub/model.gguf")
DONE = Pulled(Receipt("me/model", "c0ffee", "Q4_K_M", (PulledFile("model.gguf", str(PATH), SIZE, ""),), checked=True))
FAILED = Failed("the Hub cannot be reached", 1)


def here(share: float) -> PullProgress:
    return PullProgress(int(share * SIZE), SIZE)


class ScriptedPull:
    """A `Puller` that tells what it is given."""

    def __init__(self, wanted: Wanted, prefer: Sequence[str] = ()) -> None:
        self.wanted, self.prefer = wanted, tuple(prefer)
        self.started = self.cancelled = False
        self._news: list[PullNews] = []

    def tell(self, *news: PullNews) -> None:
        self._news += news

    def start(self) -> None:
        self.started = True

    def poll(self) -> list[PullNews]:
        assert self.started and not self.cancelled
        news, self._news = self._news, []
        return news

    def cancel(self) -> None:
        self.cancelled = True


class Seen:
    """A look that has told already what there is to tell, which is a laptop; of its speed only when it measures."""

    def __init__(self, measure: bool) -> None:
        self._news = [LAPTOP if measure else replace(LAPTOP, bandwidth=Bandwidth())]
        self.finished = False

    def poll(self, seconds: float = 0) -> list[Machine]:
        news, self._news, self.finished = self._news, [], True
        return news

    def close(self) -> None: ...
