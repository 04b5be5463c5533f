"""What nobody says is chosen: as much context as fits, in the best type of cache, and never more than there is."""
from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fit.shapes import GIB, LARGE, LARGE_WEIGHTS, SMALL, SMALL_WEIGHTS
from localthink.errors import UsageError
from localthink.fit.choice import USUAL_CONTEXT, Asked, Choice, choose, largest_for, plan, refusal
from localthink.fit.memory import LEAST_CONTEXT, ORDER, ROUND, Verdict
from localthink.machine.capacity import MemoryBudget


def chosen(free: int, asked: Asked | None = None, device: int = 0) -> Choice:
    return choose(LARGE, LARGE_WEIGHTS, MemoryBudget(free, device, "GPU" if device else ""), asked or Asked())


@pytest.mark.parametrize(("gib", "context", "cache", "verdict"), [
    (24, USUAL_CONTEXT, "f16", "fits"), (8, USUAL_CONTEXT, "f16", "fits"), (7, USUAL_CONTEXT, "q8_0", "fits"),
    (6, 8192, "q8_0", "fits"), (5.8, 4096, "q8_0", "fits"), (5.2, 4096, "q8_0", "tight"), (4.9, 1024, "q8_0", "tight"),
    (3, 8192, "q8_0", "too big"),
])
def test_a_full_context_comes_first_then_a_smaller_cache_then_a_shorter_context(
        gib: float, context: int, cache: str, verdict: str) -> None:
    found = chosen(int(gib * GIB))
    assert (found.verdict, found.needs.cache_type) == (verdict, cache)
    assert found.needs.context == context if context >= 8192 or (verdict == "tight" and context == 4096) else (
        context // 2 <= found.needs.context < 2 * context)


@given(st.integers(int(4.5 * GIB), 20 * GIB), st.integers(0, 4 * GIB), st.integers(1, 4),
       st.none() | st.sampled_from(["f16", "q8_0"]))
def test_more_memory_never_gives_a_shorter_context(free: int, more: int, slots: int, cache: str | None) -> None:
    less, rest = chosen(free, Asked(slots, None, cache)), chosen(free + more, Asked(slots, None, cache))
    if less.verdict != "too big":
        assert rest.verdict != "too big"
        assert rest.needs.context >= less.needs.context


@given(st.integers(0, 40 * GIB), st.integers(0, 12 * GIB), st.sampled_from(["f16", "q8_0"]), st.integers(1, 8),
       st.booleans(), st.none() | st.integers(-1, 40), st.sampled_from(["fits", "tight"]))
def test_the_largest_context_fits_and_one_step_more_does_not(
        free: int, device: int, cache: str, slots: int, split: bool, layers: int | None, verdict: Verdict) -> None:
    room = MemoryBudget(free, device, "GPU" if device else "")
    asked = Asked(slots, None, cache, layers, split)
    found = largest_for(LARGE, LARGE_WEIGHTS, room, asked, cache, verdict)
    step = ROUND * (slots if split else 1)
    assert found % step == 0
    if found:
        assert ORDER.index(plan(LARGE, LARGE_WEIGHTS, room, asked, found, cache).verdict) <= ORDER.index(verdict)
    if found < slots * LARGE.context_length:
        assert ORDER.index(plan(LARGE, LARGE_WEIGHTS, room, asked, found + step, cache).verdict) > ORDER.index(verdict)


def test_a_context_is_no_longer_than_the_model_was_trained_for() -> None:
    short = replace(LARGE, context_length=4096)
    assert choose(short, LARGE_WEIGHTS, MemoryBudget(64 * GIB), Asked(slots=2)).needs.context == 8192
    unsaid = replace(LARGE, context_length=0)
    assert choose(unsaid, LARGE_WEIGHTS, MemoryBudget(64 * GIB), Asked()).needs.context == USUAL_CONTEXT


def test_every_slot_gets_a_full_context_where_there_is_room() -> None:
    assert chosen(64 * GIB, Asked(slots=4)).needs.context == 4 * USUAL_CONTEXT


@given(st.integers(0, 64 * GIB), st.none() | st.integers(256, 300_000), st.none() | st.sampled_from(["f16", "q4_0"]),
       st.integers(1, 8), st.integers(0, 12 * GIB))
def test_what_is_named_is_kept_and_what_is_chosen_fits_where_anything_does(
        free: int, context: int | None, cache: str | None, slots: int, device: int) -> None:
    asked = Asked(slots, context, cache)
    found = chosen(free, asked, device)
    if context is not None:
        assert 0 <= found.needs.context - context < 256
    if cache is not None:
        assert found.needs.cache_type == cache
    room = MemoryBudget(free, device, "GPU" if device else "")
    if found.verdict == "too big":
        least = Asked(slots, context or LEAST_CONTEXT, cache or "q8_0")
        assert choose(LARGE, LARGE_WEIGHTS, room, least).verdict == "too big"


def test_heads_that_cannot_be_packed_keep_their_cache_in_f16() -> None:
    odd = replace(SMALL, key_length=80, value_length=80)
    assert choose(odd, SMALL_WEIGHTS, MemoryBudget(int(1.5 * GIB)), Asked()).needs.cache_type == "f16"
    with pytest.raises(UsageError, match="use f16"):
        choose(odd, SMALL_WEIGHTS, MemoryBudget(8 * GIB), Asked(cache="q8_0"))


def test_all_layers_on_the_gpu_are_worth_a_smaller_cache() -> None:
    found = chosen(64 * GIB, device=int(6.5 * GIB))
    assert found.needs.cache_type == "q8_0"
    assert found.placement.gpu_layers == LARGE.layers + 1


def test_where_a_gpu_holds_a_part_the_rest_stays_in_memory() -> None:
    found = chosen(64 * GIB, device=3 * GIB)
    assert 0 < found.placement.gpu_layers < LARGE.layers
    assert found.verdict == "fits"
    assert (found.needs.context, found.needs.cache_type) == (USUAL_CONTEXT, "f16")


def test_a_gpu_that_is_not_wanted_is_not_used() -> None:
    assert chosen(64 * GIB, Asked(gpu_layers=0), 24 * GIB).placement.gpu_layers == 0


def refused(room: MemoryBudget, asked: Asked) -> str:
    found = choose(LARGE, LARGE_WEIGHTS, room, asked)
    assert found.verdict == "too big"
    error = refusal("my-model", LARGE, LARGE_WEIGHTS, asked, found)
    assert error.exit_code == 2 and error.advice.endswith("--force tries it anyway")
    return error.on_command_line()


def test_a_refusal_has_the_arithmetic_the_room_and_what_would_fit() -> None:
    said = refused(MemoryBudget(6 * GIB), Asked(context=131_072, cache="f16"))
    assert said.startswith("my-model does not fit: 4.58 GiB weights + 16.00 GiB cache (131,072 tokens, f16) + ")
    largest = largest_for(LARGE, LARGE_WEIGHTS, MemoryBudget(6 * GIB), Asked(cache="f16"), "f16")
    assert f"and there is 6.00 GiB free: a context of at most {largest:,} tokens fits" in said
    assert "take a smaller model or precision" in refused(MemoryBudget(GIB), Asked())


def test_a_refusal_for_a_gpu_says_what_does_not_fit_there() -> None:
    room = MemoryBudget(64 * GIB, 8 * GIB, "GPU")
    said = refused(room, Asked(context=131_072, cache="f16", gpu_layers=-1))
    largest = largest_for(LARGE, LARGE_WEIGHTS, room, Asked(cache="f16", gpu_layers=-1), "f16")
    assert 0 < largest < 131_072
    assert "of it on the GPU)" in said and f"a context of at most {largest:,} tokens fits" in said
    assert "--gpu-layers auto finds" in refused(MemoryBudget(64 * GIB, 4 * GIB, "GPU"), Asked(gpu_layers=-1))


def test_a_line_says_what_was_chosen() -> None:
    assert chosen(24 * GIB).described("big", LARGE.layers, 131_072) == (
        "big: context 16,384 tokens · f16 cache 2.00 GiB · needs 6.80 GiB of 24.00 GiB free")
    assert "all layers on GPU (" in chosen(24 * GIB, device=24 * GIB).described("big", LARGE.layers, 131_072)
    assert " of 33 layers on GPU (" in chosen(24 * GIB, device=3 * GIB).described("big", LARGE.layers, 131_072)


def test_the_context_that_is_told_is_what_one_sample_may_have() -> None:
    assert chosen(64 * GIB, Asked(2, 8_192)).described("big", LARGE.layers, 4_096).startswith(
        "big: context 4,096 tokens · f16 cache 1.00 GiB for 8,192 tokens · ")


def test_a_context_beyond_what_was_trained_is_told_to_be_of_no_use() -> None:
    long = chosen(64 * GIB, Asked(context=200_000))
    said = long.described("big", LARGE.layers, 131_072)
    assert said.endswith("trained for 131,072 tokens: the rest of the context is of no use")
    assert not chosen(64 * GIB, Asked(2, 200_000)).waste()
    assert not chosen(64 * GIB, Asked(context=131_072)).waste()
