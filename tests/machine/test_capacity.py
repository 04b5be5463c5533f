"""The memory that there is, said in words and divided."""
from __future__ import annotations

import pytest

from fit.shapes import GIB
from localthink.machine.capacity import MemoryBudget


@pytest.mark.parametrize(("room", "said"), [
    (MemoryBudget(8 * GIB), "8.00 GiB free"),
    (MemoryBudget(8 * GIB, 4 * GIB, "RTX 3050"), "4.00 GiB free on RTX 3050, 8.00 GiB beside it"),
    (MemoryBudget(8 * GIB, 5 * GIB, "Apple M2", True), "8.00 GiB free, of which Apple M2 may use 5.00 GiB"),
])
def test_it_is_said_where_the_memory_is(room: MemoryBudget, said: str) -> None:
    assert room.described() == said


def test_engines_side_by_side_share_what_there_is() -> None:
    assert MemoryBudget(8 * GIB, 4 * GIB, "GPU").divided(2) == MemoryBudget(4 * GIB, 2 * GIB, "GPU")
    assert MemoryBudget(8 * GIB, 4 * GIB, "GPU").without_device() == MemoryBudget(8 * GIB)
