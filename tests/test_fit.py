"""A batch has as many slots as memory, cores and samples allow, and a conversation a context that fits."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink import locations
from localthink.errors import UsageError
from localthink.fit import (
    LEAST_CONTEXT,
    MOST_SLOTS,
    ON_GPU,
    PER_CORE,
    ROUND,
    SHARE,
    SPARE,
    USUAL_CONTEXT,
    BatchFit,
    ChatMemory,
    chat_memory,
    default_context,
    even_slots,
    fit_batch,
    judge,
)
from localthink.gguf_header import read_facts

GIB = 2**30
FACTS = read_facts(locations.bundled_model())
PER_TOKEN = FACTS.cache_bytes_per_token()


def memory_for(slots: int, longest: int) -> int:
    """Free bytes of which a run may take `slots` times `longest` tokens, and a little more."""
    return FACTS.weight_bytes + SPARE + int(slots * longest * PER_TOKEN / SHARE) + 1000


def fit(longest: int = 1024, samples: int = 1000, free: int = 64 * GIB, cores: int = 2, **given: Any) -> BatchFit:
    return fit_batch(FACTS, longest, samples, free, cores, **given)


machines: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict, longest=st.integers(1, 40_000), samples=st.integers(1, 2000), free=st.integers(0, 8 * GIB),
    cores=st.integers(1, 128), gpu=st.booleans())


@given(machines)
def test_slots_are_never_more_than_samples_cores_and_memory_allow_and_at_least_one(machine: dict[str, Any]) -> None:
    found = fit(**machine)
    assert 1 <= found.slots <= min(machine["samples"], MOST_SLOTS)
    assert found.slots <= (ON_GPU if machine["gpu"] else PER_CORE * machine["cores"])
    room = max(0.0, (machine["free"] - FACTS.weight_bytes - SPARE) * SHARE)
    assert found.slots == 1 or found.slots * found.longest * PER_TOKEN <= room
    assert found.cells * PER_TOKEN <= max(room, found.longest * PER_TOKEN)


@given(machines)
def test_one_slot_more_would_go_beyond_one_of_the_limits(machine: dict[str, Any]) -> None:
    found = fit(**machine)
    more = found.slots + 1
    room = (machine["free"] - FACTS.weight_bytes - SPARE) * SHARE
    assert (more > machine["samples"] or more > MOST_SLOTS or more * found.longest * PER_TOKEN > room
            or more > (ON_GPU if machine["gpu"] else PER_CORE * machine["cores"]))


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
    if found.split:
        assert found.cells == found.slots * found.longest


@given(machines, st.integers(1, 300))
def test_a_cache_is_split_of_itself_exactly_where_every_slot_has_its_own_longest(
        machine: dict[str, Any], slots: int) -> None:
    found = fit(**machine, slots=slots)
    room = max(0.0, (machine["free"] - FACTS.weight_bytes - SPARE) * SHARE)
    assert found.split == (slots > 1 and slots * found.longest * PER_TOKEN <= room)


def test_slots_that_do_not_fit_share_one_cache_of_all_that_memory_holds() -> None:
    found = fit(2048, free=memory_for(5, 2048), slots=16)
    assert not found.split
    assert 5 * 2048 <= found.cells < 5 * 2048 + 100


def test_one_slot_needs_no_split_cache() -> None:
    assert fit(1024, samples=1) == BatchFit(1, 1024, 1024, False, fit(1024, samples=1).why)


@pytest.mark.parametrize(("longest", "rounded"), [(1, 256), (256, 256), (257, 512), (16_384, 16_384)])
def test_the_longest_is_rounded_up_as_llama_cpp_wants_it(longest: int, rounded: int) -> None:
    assert fit(longest).longest == rounded


@pytest.mark.parametrize(("given", "slots", "reason"), [
    ({}, 16, "8 a core on 2 cores"), ({"cores": 1}, 8, "8 a core on 1 core"), ({"gpu": True}, 64, "64 with a GPU"),
    ({"samples": 5}, 5, "one for each sample"), ({"free": memory_for(7, 1024)}, 7, "all that memory holds"),
    ({"free": memory_for(7, 1024), "gpu": True}, 7, "all that memory holds"), ({"slots": 30}, 30, "as asked"),
    ({"slots": 16}, 16, "as asked"), ({"free": 0}, 1, "the least there is"),
])
def test_the_reason_names_what_set_the_limit(given: dict[str, Any], slots: int, reason: str) -> None:
    found = fit(**given)
    assert found.slots == slots
    assert found.why.startswith(f"{slots} {'slots' if slots > 1 else 'slot'} ({reason}; ")


def test_no_more_slots_are_chosen_than_llama_cpp_takes() -> None:
    assert fit(samples=10_000, cores=64).slots == MOST_SLOTS


def test_the_most_that_llama_cpp_takes_is_not_called_the_least() -> None:
    assert "the least" not in fit(samples=10_000, cores=64).why


def test_the_arithmetic_is_shown() -> None:
    found = fit(16_384, free=memory_for(3, 16_384))
    assert f"hold 3 slots of 16,384 tokens at {PER_TOKEN / 1024:.1f} KiB a token" in found.why
    assert found.why.endswith(f"split cache of {3 * 16_384 * PER_TOKEN / 2**20:,.0f} MiB")
    assert "\n" not in found.why
    assert "unified cache" in fit(samples=1).why


def test_a_smaller_type_of_cache_holds_more() -> None:
    free = memory_for(4, 8192)
    assert fit(8192, free=free).slots == 4
    wider = fit(8192, free=free, cache="f32")
    assert wider.slots == 2


def test_a_type_of_cache_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="f17"):
        fit(cache="f17")


@pytest.mark.parametrize(("slots", "even"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 4), (7, 4), (8, 8), (18, 16)])
def test_even_slots_are_few_or_come_in_fours(slots: int, even: int) -> None:
    assert even_slots(slots) == even
    assert even_slots(even) == even


def test_a_conversation_takes_its_weights_and_a_cache_in_whole_steps() -> None:
    found = chat_memory(FACTS, 1000)
    assert found == ChatMemory(1024, FACTS.weight_bytes, 1024 * PER_TOKEN)
    assert found.total == FACTS.weight_bytes + 1024 * PER_TOKEN


def test_a_cache_of_another_type_takes_what_its_blocks_take() -> None:
    assert chat_memory(FACTS, 1024, "f32").cache == 2 * chat_memory(FACTS, 1024).cache
    with pytest.raises(UsageError, match="f17"):
        chat_memory(FACTS, 1024, "f17")


@given(st.integers(1, 8), st.integers(0, 64 * GIB))
def test_what_is_chosen_takes_at_most_a_quarter_of_the_memory_and_no_more_than_full_contexts(
        slots: int, free_bytes: int) -> None:
    context = default_context(FACTS, slots, free_bytes)
    assert LEAST_CONTEXT <= context <= max(LEAST_CONTEXT, slots * FACTS.context_length)
    assert context == LEAST_CONTEXT or chat_memory(FACTS, context).cache <= free_bytes / 4


def test_a_long_context_is_chosen_no_longer_than_usual() -> None:
    long = replace(FACTS, context_length=131_072)
    assert default_context(long, 2, 64 * GIB) == 2 * USUAL_CONTEXT
    assert default_context(replace(FACTS, context_length=0), 1, 64 * GIB) == USUAL_CONTEXT


@given(st.integers(0, 64 * GIB), st.integers(0, 64 * GIB))
def test_what_fits_leaves_room_and_what_is_too_big_is_more_than_there_is(total: int, free_bytes: int) -> None:
    fit = judge(total, free_bytes)
    assert (fit == "too big") == (total > free_bytes)
    assert fit != "fits" or free_bytes - total >= SPARE
    assert judge(total, 2 * (total + SPARE)) == "fits"
