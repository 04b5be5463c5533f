"""The memory for a model is the machine's, and that of the GPUs that llama.cpp would use."""
from __future__ import annotations

from localthink.machine.capacity import MemoryBudget
from localthink.machine.devices import Device, devices
from localthink.machine.measuring import budget_of, memory_budget
from localthink.machine.resources import free_memory
from localthink.offload import Offload

GIB = 2**30
CPU = Device("CPU", "Some processor", "cpu", "CPU", 16 * GIB, 16 * GIB)
OWN = Device("CUDA0", "RTX 3060", "gpu", "CUDA", 11 * GIB, 12 * GIB)
SECOND = Device("CUDA1", "RTX 3090", "gpu", "CUDA", 23 * GIB, 24 * GIB)
METAL = Device("Metal", "Apple M2", "gpu", "Metal", 10 * GIB, 11 * GIB)
SHARED = Device("Vulkan0", "Iris Xe", "igpu", "Vulkan", 7 * GIB, 8 * GIB)
BLAS = Device("BLAS", "Accelerate", "accelerator", "BLAS", 0, 0)


def test_a_processor_alone_is_memory_alone() -> None:
    assert budget_of(16 * GIB, (CPU, BLAS), Offload()) == MemoryBudget(16 * GIB)


def test_gpus_with_memory_of_their_own_add_up_and_one_that_shares_is_left_out() -> None:
    assert budget_of(16 * GIB, (OWN, SHARED, CPU), Offload()) == MemoryBudget(16 * GIB, 11 * GIB, "RTX 3060")
    both = MemoryBudget(16 * GIB, 34 * GIB, "RTX 3060 and RTX 3090")
    assert budget_of(16 * GIB, (OWN, SECOND, CPU), Offload()) == both


def test_where_one_gpu_has_everything_only_its_memory_counts() -> None:
    alone = Offload(split="none", main_gpu=1)
    assert budget_of(16 * GIB, (OWN, SECOND), alone) == MemoryBudget(16 * GIB, 23 * GIB, "RTX 3090")
    assert budget_of(16 * GIB, (OWN, SECOND), Offload(split="none", main_gpu=5)) == MemoryBudget(16 * GIB)


def test_a_gpu_that_shares_the_memory_may_have_no_more_than_is_free() -> None:
    assert budget_of(16 * GIB, (METAL, BLAS, CPU), Offload()) == MemoryBudget(16 * GIB, 10 * GIB, "Apple M2", True)
    assert budget_of(4 * GIB, (SHARED, CPU), Offload()) == MemoryBudget(4 * GIB, 4 * GIB, "Iris Xe", True)


def test_here_llama_cpp_knows_its_processor_and_the_memory_is_what_is_free() -> None:
    found = devices()
    assert [device.kind for device in found].count("cpu") == 1
    assert all(0 <= device.free <= device.total for device in found)
    here = memory_budget()
    assert 0 < here.memory <= 2 * free_memory()  # which others take and give back meanwhile
    assert bool(here.device) == any(device.kind in ("gpu", "igpu") for device in found)
