"""Layers go to a GPU as far as it holds them, and what they take is counted on the right side."""
from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fit.shapes import GIB, LARGE, LARGE_WEIGHTS
from localthink.fit.memory import SAFE_SHARE, needs
from localthink.fit.placement import place
from localthink.machine.capacity import MemoryBudget

NEEDS = needs(LARGE, LARGE_WEIGHTS.total, 8192)
ALL = LARGE.layers + 1


def test_without_a_gpu_all_of_it_is_in_memory() -> None:
    found = place(NEEDS, LARGE, LARGE_WEIGHTS, MemoryBudget(16 * GIB), gpu_layers=20)
    assert (found.gpu_layers, found.on_device, found.in_memory) == (0, 0, NEEDS.total)


def test_a_large_gpu_gets_every_layer_and_the_embedding_stays_behind() -> None:
    found = place(NEEDS, LARGE, LARGE_WEIGHTS, MemoryBudget(16 * GIB, 24 * GIB, "GPU"))
    assert found.gpu_layers == ALL
    assert found.on_device == LARGE_WEIGHTS.blocks + LARGE_WEIGHTS.output + NEEDS.cache + NEEDS.compute
    embedding = LARGE_WEIGHTS.total - LARGE_WEIGHTS.blocks - LARGE_WEIGHTS.output
    inputs = 512 * (2 * NEEDS.context + 4 * LARGE.width)
    assert found.in_memory == embedding + inputs + NEEDS.output + NEEDS.runtime
    assert found.verdict == "fits"
    assert found.whole(LARGE, MemoryBudget(16 * GIB, 24 * GIB, "GPU"))


def test_a_model_that_uses_its_embedding_as_output_has_it_on_both_sides() -> None:
    tied = replace(LARGE_WEIGHTS, total=LARGE_WEIGHTS.blocks + LARGE_WEIGHTS.output, tied=True)
    needed = needs(LARGE, tied.total, 8192)
    found = place(needed, LARGE, tied, MemoryBudget(16 * GIB, 24 * GIB, "GPU"))
    assert found.on_device == tied.total + needed.cache + needed.compute
    assert found.in_memory > tied.output


def test_what_begins_in_memory_and_goes_on_a_gpu_has_buffers_on_both_sides() -> None:
    found = place(NEEDS, LARGE, LARGE_WEIGHTS, MemoryBudget(64 * GIB, 3 * GIB, "GPU"))
    assert 0 < found.gpu_layers < LARGE.layers
    assert found.on_device + found.in_memory == NEEDS.total + NEEDS.compute
    assert not found.whole(LARGE, MemoryBudget(64 * GIB, 3 * GIB, "GPU"))


@given(st.integers(1, 12 * GIB))
def test_as_many_layers_as_fit_with_room_and_not_one_more(device: int) -> None:
    room = MemoryBudget(64 * GIB, device, "GPU")
    found = place(NEEDS, LARGE, LARGE_WEIGHTS, room)
    assert found.verdict == "fits"
    assert found.on_device <= device * SAFE_SHARE
    if found.gpu_layers < ALL:
        assert place(NEEDS, LARGE, LARGE_WEIGHTS, room, found.gpu_layers + 1).on_device > device * SAFE_SHARE


@given(st.integers(-1, 100))
def test_a_number_of_layers_is_kept_and_judged(layers: int) -> None:
    found = place(NEEDS, LARGE, LARGE_WEIGHTS, MemoryBudget(64 * GIB, 3 * GIB, "GPU"), layers)
    assert found.gpu_layers == (ALL if layers < 0 else min(layers, ALL))
    assert (found.verdict == "too big") == (found.on_device > 3 * GIB)


def test_a_shared_device_takes_from_the_machine_too() -> None:
    found = place(NEEDS, LARGE, LARGE_WEIGHTS, MemoryBudget(8 * GIB, 8 * GIB, "Apple M2", True))
    assert found.gpu_layers == ALL
    assert found.in_memory == NEEDS.total
    tight = place(NEEDS, LARGE, LARGE_WEIGHTS, MemoryBudget(5 * GIB, 8 * GIB, "Apple M2", True))
    assert tight.verdict == "too big"


def test_a_gpu_too_small_for_one_layer_is_left_alone() -> None:
    assert place(NEEDS, LARGE, LARGE_WEIGHTS, MemoryBudget(16 * GIB, 2**20, "GPU")).gpu_layers == 0
