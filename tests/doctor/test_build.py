"""Whether a build suits a machine: made-up builds on made-up machines."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from localthink.doctor import build
from localthink.doctor.build import Graphics
from localthink.doctor.findings import Finding
from localthink.doctor.llama import LlamaFacts
from localthink.machine.devices import Device
from localthink.machine.processor_features import ARM_FLAGS, X86_FLAGS, from_cpu_info, from_sysctl, processor_features

CPU = Device("CPU", "a processor", "cpu", "CPU", 1, 2)
CUDA = Device("CUDA0", "NVIDIA GeForce RTX 4090", "gpu", "CUDA", 20 * 2**30, 24 * 2**30)
NVIDIA = Graphics("RTX 4090", "CUDA", ("Vulkan",))
FULL = {"AVX": True, "AVX2": True, "FMA": True, "F16C": True, "AVX512": True, "AMX_INT8": False}


def levels(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.level for finding in findings}


def test_a_build_that_uses_everything_is_well():
    found = list(build.compare(["AVX", "AVX2", "FMA", "F16C", "AVX512", "OPENMP"], FULL))
    assert {finding.level for finding in found} == {"ok"}


def test_a_build_without_what_matters_most_is_a_warning_with_the_command():
    found = list(build.compare(["AVX"], FULL))
    [lacking] = [finding for finding in found if finding.level == "warning"]
    assert "AVX2, FMA, F16C, AVX512" in lacking.value and "AMX" not in lacking.value
    assert lacking.command.startswith("pip install --force-reinstall")


def test_a_build_that_lacks_the_newest_is_only_noted():
    assert levels(list(build.compare(["AVX", "AVX2", "FMA", "F16C"], FULL)))["not used"] == "note"


def test_a_build_for_another_processor_is_trouble():
    found = list(build.compare(["AVX", "AVX2", "FMA", "F16C", "AVX512"], FULL | {"AVX512": False}))
    assert levels(found)["instructions"] == "trouble"


def test_amx_is_noted_as_avoided_and_never_missed():
    assert levels(list(build.compare(["AMX_INT8"], {"AMX_INT8": True})))["AMX"] == "note"
    assert levels(list(build.compare([], {"AMX_INT8": True}))) == {"compiled with": "ok", "instructions": "ok"}


def test_where_the_processor_is_not_known_nothing_is_said_of_it():
    assert levels(list(build.compare(["NEON"], {}))) == {"compiled with": "ok"}


def test_instructions_are_those_that_all_cores_have():
    text = "flags\t\t: fpu pni avx avx2\nmodel name : x\nflags\t\t: fpu pni avx\n"
    found = from_cpu_info(text, X86_FLAGS)
    assert found["SSE3"] and found["AVX"] and not found["AVX2"]
    assert from_cpu_info("Features\t: fp asimd asimddp\n", ARM_FLAGS)["DOTPROD"]
    assert from_cpu_info("nothing of the kind\n", X86_FLAGS) == {}


def test_apples_instructions_are_read_and_those_it_does_not_name_left_open():
    assert from_sysctl("hw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_I8MM: 0\n") == {
        "DOTPROD": True, "MATMUL_INT8": False}


def test_this_processor_can_be_looked_at():
    assert all(isinstance(there, bool) for there in processor_features().values())


def test_backends_are_known_by_their_libraries(tmp_path: Path):
    for name in ("libggml.so", "libggml-base.so.0", "libggml-cpu.so", "ggml-cpu-haswell.dll", "libggml-cuda.so",
                 "ggml-vulkan.dll", "libllama.so", "libggml-metal.dylib"):
        (tmp_path / name).touch()
    assert build.library_backends(tmp_path) == ["CPU", "CUDA", "Metal", "Vulkan"]
    assert build.library_backends(tmp_path / "nowhere") == [] == build.library_backends(None)


def test_devices_are_shown_with_their_memory():
    found = {finding.name: finding.value for finding in build.backends(LlamaFacts(True, devices=(CPU, CUDA)))}
    assert found["CUDA0"] == "NVIDIA GeForce RTX 4090, 20.00 GiB free of 24.00 GiB"
    assert "CUDA" in found["built for"] and "CPU" not in found


def test_a_gpu_that_llama_cpp_sees_is_no_news():
    assert list(build.serve(NVIDIA, LlamaFacts(True, devices=(CPU, CUDA)), ["CPU", "CUDA"])) == []


def test_a_gpu_without_a_build_for_it_is_a_warning_with_the_readmes_command():
    [finding] = build.serve(NVIDIA, LlamaFacts(True, devices=(CPU,)), ["CPU"])
    assert finding.level == "warning" and finding.command.startswith('CMAKE_ARGS="-DGGML_CUDA=on" pip install')


def test_a_gpu_that_the_build_does_not_see_may_be_hidden(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    [finding] = build.serve(NVIDIA, LlamaFacts(True, devices=(CPU,)), ["CPU", "CUDA"])
    assert finding.level == "warning" and "CUDA_VISIBLE_DEVICES=''" in finding.advice and not finding.command


def test_a_gpu_that_shares_memory_is_only_noted():
    [finding] = build.serve(Graphics("Intel", "Vulkan", strong=False), LlamaFacts(True, devices=(CPU,)), ["CPU"])
    assert finding.level == "note" and "-DGGML_VULKAN=on" in finding.command


def test_linux_lists_amd_and_intel_and_each_device_once(tmp_path: Path):
    for node, vendor, memory in (("renderD128", "0x1002", 8 * 2**30), ("renderD129", "0x8086", 0),
                                 ("renderD130", "0x1af4", 0)):
        device = tmp_path / node / "device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
        if memory:
            (device / "mem_info_vram_total").write_text(f"{memory}\n")
    found = build.direct_rendering(tmp_path)
    assert [(gpu.name, gpu.strong) for gpu in found] == [("AMD", True), ("Intel", False)]
    assert build.direct_rendering(tmp_path / "nowhere") == []


@pytest.mark.parametrize(("code", "out", "gpus", "problem"), [
    (0, "NVIDIA H100, 81559 MiB\n", ["NVIDIA H100, 81559 MiB"], ""),
    (9, "NVIDIA-SMI has failed because it couldn't communicate with the driver\n", [], "has failed"),
    (0, "\n", [], "")])
def test_nvidias_program_is_believed(monkeypatch, code, out, gpus, problem):
    monkeypatch.setattr(build.shutil, "which", lambda name: name)
    monkeypatch.setattr(build.subprocess, "run",
                        lambda command, **_: subprocess.CompletedProcess(command, code, out, ""))
    found, why = build.nvidia()
    assert [gpu.name for gpu in found] == gpus and problem in why and bool(why) == bool(problem)


def test_a_llama_cpp_that_cannot_be_used_is_trouble_with_the_command():
    [finding] = build.version(LlamaFacts(problem="ImportError: libcuda.so.1 is missing"))
    assert finding.level == "trouble" and "libcuda.so.1" in finding.value and finding.command
    assert list(build.backends(LlamaFacts(problem="x"))) == [] == list(build.instructions(LlamaFacts(problem="x")))


def test_another_library_than_the_packages_own_is_noted(monkeypatch, tmp_path):
    monkeypatch.setenv(build.LIBRARIES, str(tmp_path))
    assert [finding.level for finding in build.version(LlamaFacts(True))] == ["ok", "note"]
    assert build.library_folder() == tmp_path


def test_a_library_that_is_not_where_the_variable_says_is_no_reason_to_install_anything(monkeypatch, tmp_path):
    monkeypatch.setenv(build.LIBRARIES, str(tmp_path))
    [finding] = build.version(LlamaFacts(problem="FileNotFoundError: Shared library with base name 'llama' not found"))
    assert finding.level == "trouble" and finding.command == ""
    assert finding.advice == f"unset {build.LIBRARIES}: it has the library taken from {tmp_path}"
