"""A model on its way from the Hub while a conversation goes on: begun, watched, ended. Knows no screen."""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from localthink.errors import UsageError
from localthink.hub.news import Checking, Failed, Found, Note, Pulled, PullNews, PullProgress, Waiting
from localthink.hub.pull import Pull
from localthink.hub.wanted import Wanted
from localthink.text.sizes import lasted, sized

RECENT_SECONDS = 10.0  # over which the speed is measured
LEAST_SECONDS = 1.0  # of measuring before a speed is told
Phase = Literal["none", "asking", "loading", "checking", "waiting", "here", "failed", "stopped"]
RUNNING: tuple[Phase, ...] = ("asking", "loading", "checking", "waiting")


class Puller(Protocol):
    """What is needed of a pull; `hub.pull.Pull` says what each of these does."""

    def start(self) -> None: ...

    def poll(self) -> list[PullNews]: ...

    def cancel(self) -> None: ...


MakePull = Callable[[Wanted, Sequence[str]], Puller]


@dataclass(frozen=True, slots=True)
class PullState:
    """How it stands with the latest pull. `bytes` of `total` are here, 0 of 0 as long as nobody knows.

    `name` is how it was asked for, `model` its name in the catalogue, empty for others. `share` is of what is being
    checked; `speed` is in bytes a second, 0 where that is not known. `reason` says what is waited for, or what failed.
    """

    phase: Phase = "none"
    name: str = ""
    model: str = ""
    bytes: int = 0
    total: int = 0
    share: float = 0.0
    speed: float = 0.0
    reason: str = ""
    path: Path | None = None

    @property
    def running(self) -> bool:
        return self.phase in RUNNING

    @property
    def done(self) -> float:
        """The share of it that is here, as far as that is known."""
        return self.bytes / self.total if self.total else 0.0

    @property
    def figures(self) -> str:
        """How far it is, in words."""
        match self.phase:
            case "asking":
                return "asking the Hub"
            case "checking":
                return f"checking what is here · {self.share:.0%}"
            case "waiting":
                return f"waiting: {self.reason} · {self._amount}"
            case "loading":
                return self._pace + self._amount
            case "here":
                return f"here, {sized(self.total)}"
            case "failed":
                again = "; pull it again: what is here is not loaded twice" if self.bytes else ""
                return f"not pulled: {self.reason}{again}"
            case "stopped":
                return f"stopped{f' at {self.done:.0%}' if self.total else ''}: pulling it again goes on from there"
        return ""

    @property
    def _amount(self) -> str:
        return f"{sized(self.bytes)} of {sized(self.total)}" if self.total else "nothing is here yet"

    @property
    def _pace(self) -> str:
        if not self.speed:
            return f"{self.done:.0%} · "
        return f"{self.done:.0%} · {lasted((self.total - self.bytes) / self.speed)} left · {sized(self.speed)}/s · "


def start_pull(wanted: Wanted, prefer: Sequence[str]) -> Puller:
    """A download in a process of its own."""
    return Pull(wanted, prefer=prefer)


class Pulls:
    """One pull at a time. `said` are lines worth a person's while; whoever shows them empties the list."""

    def __init__(self, clock: Callable[[], float], make: MakePull = start_pull) -> None:
        self._clock, self._make = clock, make
        self._pull: Puller | None = None
        self._lately: deque[tuple[float, int]] = deque()  # seconds, and the bytes that were here then
        self.state = PullState()
        self.said: list[str] = []

    def begin(self, wanted: Wanted, prefer: Sequence[str] = ()) -> None:
        """Pull it; `prefer` are precisions, best first, for where that is left open. Raises UsageError."""
        if self.state.running:
            raise UsageError(f"{self.state.name} is being pulled: wait for it, or stop it first")
        self._lately.clear()
        self.state = PullState("asking", wanted.text, wanted.model)
        self._pull = self._make(wanted, prefer)
        try:
            self._pull.start()
        except OSError as error:  # no memory, no process
            self._fail(f"the download's process cannot be started: {error}")

    def pump(self) -> bool:
        """Take in what has happened; returns whether anything has."""
        heard = self._pull.poll() if self._pull is not None else []
        for news in heard:
            self._hear(news)
        return bool(heard)

    def stop(self) -> None:
        """End it at once; what has come stays, and another pull goes on with it."""
        if self.state.running:
            self._end()
            self.state = replace(self.state, phase="stopped")

    def close(self) -> None:
        self.stop()
        self._end()

    def _hear(self, news: PullNews) -> None:
        match news:
            case Found(bytes=total, here=here):
                self.state = replace(self.state, phase="loading", bytes=here, total=total)
            case PullProgress(bytes, total):
                self.state = replace(self.state, phase="loading", bytes=bytes, total=total, speed=self._speed(bytes))
            case Checking(share):
                self.state = replace(self.state, phase="checking", share=share)
            case Waiting(_, reason):
                self._lately.clear()
                self.state = replace(self.state, phase="waiting", speed=0.0, reason=reason)
            case Note(text):
                self.said.append(text)
            case Pulled(receipt):
                self._end()
                self.state = replace(self.state, phase="here", bytes=receipt.bytes, total=receipt.bytes, speed=0.0,
                                     path=receipt.path)
            case Failed(reason):
                self._fail(reason)

    def _speed(self, bytes: int) -> float:
        """Over the last seconds; 0 as long as there are too few of them."""
        now, lately = self._clock(), self._lately
        if lately and bytes < lately[-1][1]:  # it began anew
            lately.clear()
        lately.append((now, bytes))
        while now - lately[0][0] > RECENT_SECONDS:
            lately.popleft()
        seconds = now - lately[0][0]
        return (bytes - lately[0][1]) / seconds if seconds >= LEAST_SECONDS else 0.0

    def _fail(self, reason: str) -> None:
        self._end()
        self.state = replace(self.state, phase="failed", speed=0.0, reason=reason)

    def _end(self) -> None:
        if self._pull is not None:
            self._pull.cancel()
            self._pull = None
