"""Threads follow what the processor has to spare, and the text does not."""
from __future__ import annotations

import os
import subprocess
import sys

import pytest

import localthink
from localthink import locations
from localthink.engine.threads import LOOK_EVERY, Threads


class Processor:
    """A clock by hand, and cores to spare that it says."""

    def __init__(self, spare: float) -> None:
        self.now, self.spare = 0.0, spare

    def threads(self, most: int) -> Threads:
        return Threads(most, lambda: lambda: self.spare, lambda: self.now)


@pytest.mark.parametrize(("most", "spare", "count"), [
    (2, 2.0, 2), (2, 1.6, 2), (2, 1.33, 1), (2, 0.4, 1), (2, 0.0, 1), (8, 5.2, 5), (4, 64.0, 4), (4, float("inf"), 4)])
def test_there_are_as_many_as_there_is_room_for_and_at_least_one(most, spare, count):
    processor = Processor(spare)
    threads = processor.threads(most)
    processor.now += LOOK_EVERY
    assert (threads.look(), threads.count) == (count != most, count)


def test_the_processor_is_looked_at_every_few_seconds_and_they_come_back():
    processor = Processor(1.0)
    threads = processor.threads(2)
    processor.now = LOOK_EVERY / 2
    assert (threads.look(), threads.count) == (False, 2)
    processor.now = LOOK_EVERY
    assert (threads.look(), threads.count) == (True, 1)
    processor.spare = 2.0
    assert (threads.look(), threads.count) == (False, 1)
    processor.now = 2 * LOOK_EVERY
    assert (threads.look(), threads.count) == (True, 2)


def test_a_change_amid_a_text_changes_nothing_of_it(monkeypatch):
    counts = []
    with localthink.load(locations.bundled_model()) as engine:
        question = "Use 3, 5 and 12 to make 57."
        [[expected]] = engine.generate([question], seed=6)
        monkeypatch.setattr(engine._loop, "_threads", turning := _Turning(counts))
        [[trace]] = engine.generate([question], seed=6)
    assert trace.token_ids == expected.token_ids and len(counts) > 20 and turning.count in (1, 2)


class _Turning:
    """Another number of threads at every step."""

    def __init__(self, counts: list[int]) -> None:
        self.count, self._counts = 1, counts

    def look(self) -> bool:
        self.count = 3 - self.count
        self._counts.append(self.count)
        return True


@pytest.mark.parametrize(("given", "expected"), [
    ({}, "1000"), ({"GOMP_SPINCOUNT": "5"}, "5"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "None")])
def test_waiting_is_short_before_the_library_is_loaded_unless_somebody_chose(given, expected):
    bare = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    seen = subprocess.run([sys.executable, "-c", "import os, localthink.engine.bindings; "
                           "print(os.environ.get('GOMP_SPINCOUNT'))"], env=bare | given, capture_output=True, text=True)
    assert seen.stdout.strip() == expected
