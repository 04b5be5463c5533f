"""Threads and memory, on machines and in containers that are made up."""
from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from localthink.doctor import machine
from localthink.machine import resources


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Control groups: a function that writes a file of one, and which group this process is in."""
    monkeypatch.setattr(resources, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(resources, "CONTROL_GROUPS", tmp_path / "groups")

    def write(own: str, **files: str) -> None:
        (tmp_path / "own").write_text(own)
        for path, text in files.items():
            place = tmp_path / "groups" / path.replace("__", "/").replace("_max", ".max").replace("_cfs", ".cfs")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    return write


def test_threads_that_a_container_limits_are_explained(groups, monkeypatch):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 16 if logical else 8)
    monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda self: list(range(16)), raising=False)
    groups("0::/\n", cpu_max="250000 100000\n")
    [finding] = machine.threads()
    assert finding.value == "2: the container or job gives 2.5 processors' time"


def test_fewer_threads_than_cores_are_explained(groups, monkeypatch):
    monkeypatch.setattr(resources, "physical_cores", lambda: 2)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 16 if logical else 8)
    [finding] = machine.threads()
    assert finding.value == "2: of 8 physical cores this process may use so many"


@pytest.mark.parametrize(("busy", "noted"), [(0.5, False), (3.9, True)])
def test_a_busy_machine_is_noted(monkeypatch, busy, noted):
    monkeypatch.setattr(psutil, "getloadavg", lambda: (busy, 0.0, 0.0))
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 4)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert bool(list(machine.load())) == noted


def test_a_laptop_on_battery_is_noted(monkeypatch):
    monkeypatch.setattr(psutil, "getloadavg", lambda: (0.0, 0.0, 0.0))
    battery = SimpleNamespace(power_plugged=False, percent=41.7)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert "42 %" in next(iter(machine.load())).value


def test_little_memory_is_a_warning_and_a_limit_is_named(monkeypatch):
    monkeypatch.setattr(resources, "free_memory", lambda: 2**29)
    monkeypatch.setattr(resources, "total_memory", lambda: 2**34)
    [finding] = machine.free()
    assert finding.level == "warning" and finding.value.startswith("512 MiB free of 16.00 GiB, by the limit")


def test_bandwidth_bounds_the_speed(monkeypatch):
    monkeypatch.setattr(resources, "memory_bandwidth", lambda seconds: 2.0**35)
    [finding] = machine.bandwidth()
    assert "34.4 GB/s" in finding.value and "at most 8.0 tokens/s" in finding.value
