"""Ctrl+C, and the polite signal to end: the first asks, the second insists."""
from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130  # the exit code after Ctrl+C, by custom 128 and the signal's number
TERMINATED = 143


@contextmanager
def interrupts(received: list[int] | None = None, terminate: bool = False) -> Iterator[list[int]]:
    """A list of signal numbers that is no longer empty once Ctrl+C was pressed; a second press raises at once.

    `received` is that list, where there is one already. With `terminate`, SIGTERM counts as well: job
    schedulers send it before they kill.
    """
    received = [] if received is None else received

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt

    numbers = [signal.SIGINT, *([signal.SIGTERM] if terminate else [])]
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code(received: Sequence[int]) -> int:
    return TERMINATED if received[0] == signal.SIGTERM else INTERRUPTED
