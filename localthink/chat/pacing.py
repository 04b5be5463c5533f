"""An answer at a speed that can be watched, however fast it was written."""
from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

from localthink.chat.turn import Turn
from localthink.records import Event, FinishReason

SPEED = 35.0  # tokens a second: a laptop with a real model


class PacedTurn(Turn):
    """A turn that keeps what it is given until `play` is called, and then takes as much as is due."""

    def __init__(self, seed: int = 0, alpha: float = 0.0, beta: float = 0.0, started: float = 0.0) -> None:
        super().__init__(seed, alpha, beta, started)
        self._kept: deque[Event] = deque()
        self._end: tuple[FinishReason | Literal["interrupted"], str] | None = None
        self._due: float | None = None  # when the next of them is

    def take(self, events: Sequence[Event], now: float) -> None:
        self._kept.extend(events)
        self._due = now if self._due is None else self._due

    def end(self, state: FinishReason | Literal["interrupted"], reason: str = "", speed: float | None = None) -> None:
        """The engine's `speed` is not that of what is played."""
        self._end = state, reason
        if not self._kept:
            super().end(state, reason)

    def play(self, now: float) -> None:
        """Take what is due by now; it ends where the end is known and nothing is left."""
        while self._kept and self._due is not None and self._due <= now:
            super().take((self._kept.popleft(),), self._due)
            self._due += 1 / SPEED
        if self._end is not None and self.running and not self._kept:
            super().end(*self._end)
