"""A run has as many slots as memory, cores and samples allow."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fit.shapes import GIB, SMALL, SMALL_WEIGHTS
from localthink.errors import UsageError
from localthink.fit.batch import MOST_SLOTS, SLOTS_ON_GPU, SLOTS_PER_CORE, BatchFit, even_slots, fit_batch
from localthink.fit.choice import Asked, plan
from localthink.fit.memory import ROUND, SAFE_SHARE, needs
from localthink.machine.capacity import MemoryBudget

PER_TOKEN = SMALL.cache_bytes_per_token()
WEIGHTS = SMALL_WEIGHTS.total


def taken(slots: int, longest: int, cache: str = "f16") -> int:
    return needs(SMALL, WEIGHTS, slots * longest, cache, slots, slots > 1).total


def memory_for(slots: int, longest: int, cache: str = "f16") -> int:
    """Free bytes of which a run may take `slots` times `longest` tokens, and a little more."""
    return int(taken(slots, longest, cache) / SAFE_SHARE) + 1000


def fit(longest: int = 1024, samples: int = 1000, free: int = 64 * GIB, cores: int = 2, device: int = 0,
        **given: Any) -> BatchFit:
    room = MemoryBudget(free, device, "GPU" if device else "")
    return fit_batch(SMALL, SMALL_WEIGHTS, longest, samples, room, cores, **given)


machines: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict, longest=st.integers(1, 40_000), samples=st.integers(1, 2000), free=st.integers(0, 32 * GIB),
    cores=st.integers(1, 40), cache=st.none() | st.sampled_from(["f16", "q8_0"]))


@given(machines)
def test_slots_are_never_more_than_samples_cores_and_memory_allow_and_at_least_one(machine: dict[str, Any]) -> None:
    found = fit(**machine)
    assert 1 <= found.slots <= min(machine["samples"], MOST_SLOTS, SLOTS_PER_CORE * machine["cores"])
    if found.slots > 1:
        assert taken(found.slots, found.longest, found.cache) <= machine["free"] * SAFE_SHARE
    assert found.fits == (found.choice.needs.total <= machine["free"])


@given(machines)
def test_one_slot_more_would_go_beyond_one_of_the_limits(machine: dict[str, Any]) -> None:
    found = fit(**machine)
    more = found.slots + 1
    assert (more > machine["samples"] or more > MOST_SLOTS or more > SLOTS_PER_CORE * machine["cores"]
            or taken(more, found.longest, found.cache) > machine["free"] * SAFE_SHARE)


@given(machines, st.none() | st.integers(1, 300), st.none() | st.booleans())
def test_what_is_given_is_kept_and_the_cache_covers_what_was_promised(
        machine: dict[str, Any], slots: int | None, split: bool | None) -> None:
    found = fit(**machine, slots=slots, split=split)
    assert found.longest % ROUND == 0
    assert 0 <= found.longest - machine["longest"] < ROUND
    assert found.cells >= found.longest
    if slots is not None:
        assert found.slots == slots
    if split is not None:
        assert found.split == split
    if machine["cache"] is not None:
        assert found.cache == machine["cache"]
    if found.split:
        assert found.cells == found.slots * found.longest


@given(machines, st.integers(1, 300))
def test_a_cache_is_split_of_itself_exactly_where_every_slot_has_its_own_longest(
        machine: dict[str, Any], slots: int) -> None:
    found = fit(**machine, slots=slots)
    fits = taken(slots, found.longest, found.cache) <= machine["free"] * SAFE_SHARE
    assert found.split == (slots > 1 and fits)


def test_slots_that_do_not_fit_share_one_cache_of_all_that_memory_holds() -> None:
    found = fit(16_384, free=memory_for(5, 16_384), slots=16, cache="f16")
    assert not found.split
    assert 16_384 < found.cells < 5 * 16_384
    assert found.fits


def test_a_sample_that_f16_does_not_hold_gets_a_smaller_cache() -> None:
    free = memory_for(1, 32_768, "q8_0")
    assert fit(32_768, free=free).cache == "q8_0"
    assert fit(32_768, free=memory_for(1, 32_768)).cache == "f16"
    assert not fit(32_768, free=GIB).fits


@pytest.mark.parametrize(("longest", "rounded"), [(1, 256), (256, 256), (257, 512), (16_384, 16_384)])
def test_the_longest_is_rounded_up_as_llama_cpp_wants_it(longest: int, rounded: int) -> None:
    assert fit(longest).longest == rounded


@pytest.mark.parametrize(("given", "slots", "reason"), [
    ({}, 16, "8 a core on 2 cores"), ({"cores": 1}, 8, "8 a core on 1 core"),
    ({"device": 32 * GIB}, 64, "64 with a GPU"),
    ({"samples": 5}, 5, "one for each sample"), ({"free": memory_for(7, 1024)}, 7, "all that memory holds"),
    ({"slots": 30}, 30, "as asked"), ({"slots": 16}, 16, "as asked"), ({"free": 0}, 1, "the least there is"),
])
def test_the_reason_names_what_set_the_limit(given: dict[str, Any], slots: int, reason: str) -> None:
    found = fit(**given)
    assert found.slots == slots
    assert found.why.startswith(f"{slots} {'slots' if slots > 1 else 'slot'} ({reason}) of ")


def test_no_more_slots_are_chosen_than_llama_cpp_takes() -> None:
    found = fit(samples=10_000, cores=64)
    assert found.slots == MOST_SLOTS
    assert "the least" not in found.why


def test_the_arithmetic_is_shown() -> None:
    found = fit(16_384, free=memory_for(3, 16_384))
    assert f"of 16,384 tokens at {PER_TOKEN / 1024:.1f} KiB a token, split f16 cache of 1,344 MiB" in found.why
    assert f"needs {taken(3, 16_384) / GIB:.1f} GiB of {memory_for(3, 16_384) / GIB:.2f} GiB free" in found.why
    assert "\n" not in found.why
    assert "unified f16 cache" in fit(samples=1).why


def test_a_gpu_that_holds_all_layers_gets_as_many_slots_as_fit_beside_them() -> None:
    room = MemoryBudget(3 * GIB, 12 * GIB, "GPU")
    found = fit(16_384, free=room.memory, device=room.device)
    assert 1 < found.slots < SLOTS_ON_GPU
    assert found.choice.placement.whole(SMALL, room) and found.choice.verdict == "fits"
    more = plan(SMALL, SMALL_WEIGHTS, room, Asked(found.slots + 1, split=True), (found.slots + 1) * 16_384, "f16")
    assert more.verdict != "fits" or not more.placement.whole(SMALL, room)
    assert fit(device=32 * GIB).slots == SLOTS_ON_GPU


def test_a_gpu_that_holds_a_part_is_no_reason_for_the_slots_of_a_gpu() -> None:
    found = fit(device=GIB)
    assert found.slots == 2 * SLOTS_PER_CORE
    assert not found.choice.placement.whole(SMALL, MemoryBudget(64 * GIB, GIB, "GPU"))


def test_a_type_of_cache_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="f17"):
        fit(cache="f17")
    with pytest.raises(UsageError, match="use f16"):
        fit_batch(replace(SMALL, key_length=80), SMALL_WEIGHTS, 1024, 1, MemoryBudget(GIB), 1, cache="q8_0")


@pytest.mark.parametrize(("slots", "even"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 4), (7, 4), (8, 8), (18, 16)])
def test_even_slots_are_few_or_come_in_fours(slots: int, even: int) -> None:
    assert even_slots(slots) == even
    assert even_slots(even) == even
