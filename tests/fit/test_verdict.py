"""What is free is judged with room to spare, and called by its name."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fit.shapes import GIB
from localthink.fit.verdict import SAFE_SHARE, judge, worse
from localthink.machine.capacity import MemoryBudget


@given(st.integers(0, 64 * GIB), st.integers(0, 64 * GIB))
def test_what_fits_leaves_room_and_what_is_too_big_is_more_than_there_is(taken: int, free: int) -> None:
    verdict = judge(taken, free)
    assert (verdict == "too big") == (taken > free)
    assert (verdict == "fits") == (taken <= free * SAFE_SHARE)


def test_the_worse_of_two_verdicts_is_the_one_that_counts() -> None:
    assert worse("fits", "tight") == worse("tight", "fits") == "tight"
    assert worse("too big", "tight") == "too big"
    assert worse("fits", "fits") == "fits"


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
