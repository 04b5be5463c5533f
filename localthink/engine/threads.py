"""How many threads decode: as many as the machine has room for, looked at again every few seconds.

llama.cpp's threads wait for each other after every operation. Where another program takes a core, all of them wait for
the one that was put aside, and two threads decode slower than one. The number changes no text: every thread computes
whole rows, the same whoever does.
"""
from __future__ import annotations

import time
from collections.abc import Callable

from localthink.machine.resources import cores_to_spare

LOOK_EVERY = 2.0  # seconds


class Threads:
    """The threads of an engine, `most` at first. `watch` begins to watch the processor, `clock` gives seconds."""

    def __init__(self, most: int, watch: Callable[[], Callable[[], float]] = cores_to_spare,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.most = self.count = most
        self._watch, self._clock = watch, clock
        self._spare, self._looked = watch(), clock()

    def look(self) -> bool:
        """Whether `count` has changed since the last call; between two looks at the processor it does not."""
        now = self._clock()
        if self.most == 1 or now - self._looked < LOOK_EVERY:
            return False
        before, self.count = self.count, max(1, round(min(self.most, self._spare())))
        self._spare, self._looked = self._watch(), now
        return self.count != before
