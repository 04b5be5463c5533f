"""The memory that a model takes is the sum of its parts, each as llama.cpp allots it, and is judged with a margin."""
from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fit.shapes import GIB, LARGE, LARGE_WEIGHTS, MIB, SMALL
from localthink.errors import UsageError
from localthink.fit.memory import SAFE_SHARE, judge, needs, worse
from localthink.gguf.shape import ModelShape

# What llama.cpp 0.3.36's log calls the size of its compute buffer, MiB, in steps of 512 tokens with flash attention.
COMPUTE = [
    (SMALL, 512, 1, False, 65.01), (SMALL, 4096, 1, False, 68.51), (SMALL, 16_384, 1, False, 80.51),
    (SMALL, 65_536, 1, False, 128.51), (SMALL, 131_072, 1, False, 192.51), (SMALL, 32_768, 16, False, 96.51),
    (SMALL, 32_768, 16, True, 66.51), (LARGE, 4096, 1, False, 120.01), (LARGE, 4096, 64, False, 120.01),
    (LARGE, 4096, 256, False, 141.25),
]


@pytest.mark.parametrize(("shape", "context", "slots", "split", "logged"), COMPUTE)
def test_the_compute_buffer_is_the_one_that_llama_cpp_logs(shape: ModelShape, context: int, slots: int, split: bool,
                                                           logged: float) -> None:
    assert needs(shape, 0, context, slots=slots, split=split).compute / MIB == pytest.approx(logged, abs=5)


@pytest.mark.parametrize(("shape", "slots", "logged"), [(SMALL, 1, 0.58), (SMALL, 16, 9.27), (LARGE, 64, 31.31)])
def test_the_output_buffer_is_the_one_that_llama_cpp_logs(shape: ModelShape, slots: int, logged: float) -> None:
    assert needs(shape, 0, 4096, slots=slots).output / MIB == pytest.approx(logged, abs=0.01)


@pytest.mark.parametrize(("shape", "cache", "kib"), [
    (SMALL, "f16", 28), (LARGE, "f16", 128), (LARGE, "q8_0", 68), (LARGE, "q4_0", 36)])
def test_the_cache_takes_so_much_for_each_token(shape: ModelShape, cache: str, kib: int) -> None:
    assert needs(shape, 0, 8192, cache).cache == 8192 * kib * 1024


def test_the_whole_is_the_sum_of_the_parts_and_so_it_is_written() -> None:
    found = needs(LARGE, LARGE_WEIGHTS.total, 8192)
    parts = found.as_object()
    assert parts.pop("total") == found.total == sum(parts.values())
    assert parts["weights"] == LARGE_WEIGHTS.total
    assert found.runtime > 340 * LARGE.vocabulary


@pytest.mark.parametrize(("asked", "given"), [(1, 256), (256, 256), (257, 512), (1000, 1024), (16_384, 16_384)])
def test_a_context_is_rounded_up_as_llama_cpp_rounds_it(asked: int, given: int) -> None:
    assert needs(SMALL, 0, asked).context == given


@pytest.mark.parametrize(("slots", "asked", "given"), [
    (64, 256, 16_384), (16, 1000, 4096), (3, 1000, 1536), (4, 4096, 4096), (1, 1000, 1024)])
def test_a_split_cache_is_rounded_up_for_every_slot(slots: int, asked: int, given: int) -> None:
    assert needs(SMALL, 0, asked, slots=slots, split=True).context == given


def test_a_type_of_cache_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="f17"):
        needs(SMALL, 0, 4096, "f17")
    with pytest.raises(UsageError, match="heads have 80"):
        needs(replace(SMALL, key_length=80), 0, 4096, "q8_0")


@given(st.integers(256, 200_000), st.integers(256, 200_000), st.integers(1, 64))
def test_more_context_and_more_slots_never_take_less(one: int, other: int, slots: int) -> None:
    less, more = sorted((one, other))
    assert needs(LARGE, 0, less, slots=slots).total <= needs(LARGE, 0, more, slots=slots).total
    assert needs(LARGE, 0, less, slots=slots).total <= needs(LARGE, 0, less, slots=slots + 1).total


@given(st.integers(0, 64 * GIB), st.integers(0, 64 * GIB))
def test_what_fits_leaves_room_and_what_is_too_big_is_more_than_there_is(taken: int, free: int) -> None:
    verdict = judge(taken, free)
    assert (verdict == "too big") == (taken > free)
    assert (verdict == "fits") == (taken <= free * SAFE_SHARE)


def test_the_worse_of_two_verdicts_is_the_one_that_counts() -> None:
    assert worse("fits", "tight") == worse("tight", "fits") == "tight"
    assert worse("too big", "tight") == "too big"
    assert worse("fits", "fits") == "fits"
