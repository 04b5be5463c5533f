"""llama.cpp is asked in a process of its own, which may die of it."""
from __future__ import annotations

import json
import sys

import pytest

from localthink.doctor.llama import LlamaFacts, ask_llama
from localthink.machine.devices import Device

CPU = {"name": "CPU", "description": "a processor", "kind": "cpu", "backend": "CPU", "free": 1, "total": 2}


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_the_llama_cpp_that_is_installed_says_how_it_was_built():
    found = ask_llama(seconds=60)
    assert found.imported and not found.problem and "CPU" in found.features
    assert any(device.kind == "cpu" for device in found.devices)


def test_features_are_told_apart_by_backend_and_those_that_are_off_left_out():
    found = LlamaFacts(True, "CUDA : ARCHS = 890 | USE_GRAPHS = 1 | CPU : AVX = 1 | AVX2 = 0 | OPENMP = 1")
    assert found.features == {"CUDA": ("ARCHS", "USE_GRAPHS"), "CPU": ("AVX", "OPENMP")}
    assert LlamaFacts(True, "").features == {}


def test_what_it_said_before_it_died_is_kept():
    found = ask_llama(python("import os; print('{\"built\": \"CPU : AVX = 1\"}', flush=True); os.abort()"))
    assert found.imported and found.features == {"CPU": ("AVX",)}
    assert "SIGABRT" in found.problem or "exit code" in found.problem


def test_one_that_hangs_is_ended_and_what_it_said_is_kept():
    found = ask_llama(python("import time; print('{\"built\": \"\"}', flush=True); time.sleep(60)"), seconds=1.5)
    assert found.imported and "1.5 seconds" in found.problem


def test_an_error_is_told_with_its_name():
    found = ask_llama(python("print('{\"error\": \"ImportError: no llama_cpp\"}')"))
    assert not found.imported and found.problem == "ImportError: no llama_cpp"


@pytest.mark.parametrize("said", ["", "[1]\n", "{\"half", "noise\n"])
def test_one_that_says_nothing_of_use_is_a_problem(said):
    found = ask_llama(python(f"print({said!r})"))
    assert not found.imported and found.problem


def test_a_process_that_cannot_be_started_is_a_problem():
    assert "cannot be started" in ask_llama(("/no/such/python",)).problem


def test_devices_arrive_as_they_were():
    told = json.dumps({"devices": [CPU]})
    found = ask_llama(python(f"print('{{\"built\": \"\"}}'); print({told!r})"))
    assert found.devices == (Device(**CPU),) and not found.problem
