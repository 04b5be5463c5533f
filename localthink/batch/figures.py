"""How far a run is, in figures: for the display, for the line every 30 seconds, and for `localthink status`."""
from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from localthink.batch.items import Item
from localthink.batch.ledger import Tally
from localthink.text.sizes import clocked

RECENT_SECONDS = 15.0  # over which the speed "now" is measured


@dataclass(frozen=True, slots=True)
class Figures:
    """A moment of a run. Speeds are tokens a second, times seconds; `seconds_left` is None while unknown.

    `samples_done`, `held`, `graded` and `correct` count the whole run, `tokens` and `seconds` this
    start of it.
    """

    state: str
    items: int = 0
    items_done: int = 0
    samples: int = 0
    samples_done: int = 0
    errors: int = 0
    tokens: int = 0
    held: float = 0.0
    graded: int = 0
    correct: int = 0
    cut_off: int = 0
    slots: int = 0
    busy: int = 0
    seconds: float = 0.0
    speed_now: float = 0.0
    speed: float = 0.0
    seconds_left: float | None = None

    def line(self) -> str:
        """All of it in one plain line."""
        parts = [f"{self.samples_done:,} of {self.samples:,} samples", f"{self.items_done:,} of {self.items:,} items",
                 f"{self.speed_now:,.0f} tokens/s now, {self.speed:,.0f} on average",
                 f"{self.busy} of {self.slots} slots", f"{self.held:,.0f} switches held"]
        if self.graded:
            parts.append(f"{self.correct / self.graded:.1%} of {self.graded:,} correct")
        if self.errors:
            parts.append(f"{self.errors:,} errors")
        if self.seconds_left is not None:
            parts.append(f"{clocked(self.seconds_left)} left")
        return " · ".join(parts)


class Meter:
    """Keeps count while a run goes on. Every engine reports for itself, and begins at zero again after a death."""

    def __init__(self, items: int, samples: int, tally: Tally, slots: int) -> None:
        self.items, self.samples, self.slots, self._tally = items, samples, slots, tally
        self.items_done = self.failed = 0
        self._missing: dict[int, int] = {}  # samples of the items that are under way, by their lines
        self._start, self._clock_runs = time.monotonic(), False
        self._begun = tally.samples
        self._held_before = tally.held
        self._tokens: dict[int, int] = {}
        self._held: dict[int, float] = {}
        self._busy: dict[int, int] = {}
        self._tokens_of_the_dead = 0
        self._lately: deque[tuple[float, int]] = deque([(self._start, 0)])

    def progress(self, worker: int, tokens: int, held: float, busy: int) -> None:
        self._tokens[worker], self._held[worker], self._busy[worker] = tokens, held, busy
        now = time.monotonic()
        if now - self._lately[-1][0] >= 0.5:
            self._lately.append((now, self.tokens))
        while now - self._lately[0][0] > RECENT_SECONDS and len(self._lately) > 2:
            self._lately.popleft()

    def loaded(self) -> None:
        """The first engine is ready: the clock of the average starts."""
        if not self._clock_runs:
            self._clock_runs, self._start = True, time.monotonic()
            self._lately = deque([(self._start, 0)])

    def begin(self, item: Item, missing: int) -> None:
        """An item's turn has come, and so many of its samples are not done yet."""
        if missing:
            self._missing[item.line] = missing
        else:
            self.items_done += 1

    def settled(self, item: Item, failed: bool = False) -> None:
        """One more sample of the item is done, or given up."""
        self.failed += failed
        self._missing[item.line] -= 1
        if not self._missing[item.line]:
            del self._missing[item.line]
            self.items_done += 1

    def died(self, worker: int) -> None:
        self._tokens_of_the_dead += self._tokens.pop(worker, 0)
        self._held.pop(worker, None)
        self._busy.pop(worker, None)

    @property
    def tokens(self) -> int:
        return self._tokens_of_the_dead + sum(self._tokens.values())

    def _held_so_far(self) -> float:
        """With what the unfinished samples have held."""
        return max(self._tally.held, self._held_before + sum(self._held.values()))

    def figures(self, state: str, errors: int) -> Figures:
        seconds = time.monotonic() - self._start
        (first, before), (last, after) = self._lately[0], self._lately[-1]
        fresh = self._tally.samples - self._begun
        left = max(0, self.samples - self._tally.samples - self.failed)
        return Figures(
            state=state, items=self.items, items_done=self.items_done, samples=self.samples,
            samples_done=self._tally.samples, errors=errors, tokens=self.tokens,
            held=self._held_so_far() if state == "running" else self._tally.held, graded=self._tally.graded,
            correct=self._tally.correct, cut_off=self._tally.cut_off, slots=self.slots,
            busy=sum(self._busy.values()), seconds=seconds,
            speed_now=(after - before) / (last - first) if last > first else 0.0,
            speed=self.tokens / seconds if seconds > 0 else 0.0,
            seconds_left=seconds * left / fresh if fresh and state == "running" else None)
