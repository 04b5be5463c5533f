"""Waiting for a screen: what a test expects comes about soon, but not after any given number of pauses."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

PATIENCE = 20.0  # seconds; a busy machine is not a failing test


async def wait_until(pilot: Pilot[Any], predicate: Callable[[], bool]) -> None:
    """Let the app work until `predicate` holds. Fails when it does not for very long."""
    end = time.monotonic() + PATIENCE
    while not predicate():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s in vain"
        await pilot.pause(0.01)
    await pilot.pause()
