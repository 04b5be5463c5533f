"""The speed of decoding is measured on made-up weights, and nothing is left of them."""
from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest

from localthink.errors import EngineError
from localthink.machine import measuring, probe
from localthink.machine.capacity import MemoryBudget
from localthink.machine.probe import decoding_bandwidth


def test_a_measurement_is_a_number_of_bytes_a_second_and_leaves_no_file(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(probe, "LAYERS", 1)
    found = decoding_bandwidth(threads=1, seconds=0.0)
    assert math.isfinite(found) and found > 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_token_reads_is_every_matrix_but_the_embedding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from localthink.gguf.bytes import open_header

    monkeypatch.setattr(probe, "LAYERS", 1)
    read = probe._write(tmp_path / "probe.gguf")
    with open_header(tmp_path / "probe.gguf") as header:
        sizes = {tensor.name: tensor.bytes for tensor in header.tensors if tensor.type == "Q4_K"}
    assert read == sum(sizes.values()) - sizes["token_embd.weight"]


def test_a_survey_measures_the_memory_and_a_gpu_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(on_gpu: bool = False) -> float:
        return 500e9 if on_gpu else 20e9

    monkeypatch.setattr(measuring, "decoding_bandwidth", measured)
    monkeypatch.setattr(measuring, "memory_bandwidth", lambda seconds: 30e9)
    monkeypatch.setattr(measuring, "memory_budget", lambda: MemoryBudget(1000, 500, "GPU"))
    found = measuring.measure_machine()
    assert (found.bandwidth.memory, found.bandwidth.device, found.ceiling) == (20e9, 500e9, 30e9)
    monkeypatch.setattr(measuring, "memory_budget", lambda: MemoryBudget(1000))
    assert measuring.measure_machine().bandwidth.device is None


def test_a_gpu_that_cannot_be_measured_is_used_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(on_gpu: bool = False) -> float:
        if on_gpu:
            raise EngineError("the driver is too old")
        return 20e9

    monkeypatch.setattr(measuring, "decoding_bandwidth", measured)
    monkeypatch.setattr(measuring, "memory_bandwidth", lambda seconds: 30e9)
    monkeypatch.setattr(measuring, "memory_budget", lambda: MemoryBudget(1000, 500, "GPU"))
    found = measuring.measure_machine()
    assert (found.room.device, found.bandwidth.device, found.bandwidth.memory) == (500, None, 20e9)


def test_another_memory_takes_the_place_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "memory_budget", lambda: MemoryBudget(1000, 800, "Apple M2", True))
    assert measuring.measure_machine(400, measured=False).room == MemoryBudget(400, 400, "Apple M2", True)
    monkeypatch.setattr(measuring, "memory_budget", lambda: MemoryBudget(1000, 800, "RTX 3060"))
    assert measuring.measure_machine(400, measured=False).room == MemoryBudget(400, 800, "RTX 3060")
