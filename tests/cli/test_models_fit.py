"""`localthink models fit` gives one recommendation and its sum, for people and for programs."""
from __future__ import annotations

import json

import pytest

from cli.running import run
from localthink import locations
from localthink.machine import measuring
from localthink.machine.capacity import Bandwidth, MachineFigures, MemoryBudget
from tiny_gguf import write_tiny_gguf

GIB = 2**30


@pytest.fixture
def fit(capsys, monkeypatch):
    """`localthink models fit ARGUMENTS` on a made-up machine."""
    def call(*arguments, here=None):
        machine = here or MachineFigures(MemoryBudget(12 * GIB), Bandwidth(60e9), 80e9)
        monkeypatch.setattr(measuring, "measure_machine", lambda memory, measured: machine)
        return run(capsys, monkeypatch, "models", "fit", *arguments)

    return call


def test_without_a_model_there_is_one_recommendation_with_its_sum_and_the_next_step(fit):
    ran = fit()
    assert ran.code == 0
    assert ran.out.count("Recommended: ") == 1
    assert "Recommended: DeepSeek-R1-0528-Qwen3-8B (r1-0528-qwen3-8b) at Q4_K_M" in ran.out
    for part in ("weights", "cache", "compute", "output", "program", "total", "of 12.00 GiB free", "largest context",
                 "tokens/s", "16,384 tokens of 144 KiB, f16", "reads 60.0 GB/s of weights, of the 80.0 GB/s"):
        assert part in ran.out
    assert ran.out.endswith("Next: localthink models pull r1-0528-qwen3-8b:Q4_K_M\n")


def test_what_is_here_already_need_not_be_pulled(fit):
    folder = locations.local_models()
    folder.mkdir(parents=True)
    write_tiny_gguf(folder / "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf")
    assert fit("r1-qwen-7b").out.endswith("Next: localthink chat -m r1-qwen-7b:Q4_K_M\n")
    assert fit("r1-qwen-7b:Q5_K_M").out.endswith("Next: localthink models pull r1-qwen-7b:Q5_K_M\n")


def test_json_has_every_byte_the_verdict_and_the_largest_context(fit):
    ran = fit("--json")
    found = json.loads(ran.out)
    assert set(found["bytes"]) == {"weights", "cache", "compute", "output", "runtime", "total"}
    assert (found["verdict"], found["model"], found["pull"]) == (
        "fits", "r1-0528-qwen3-8b", "r1-0528-qwen3-8b:Q4_K_M")
    assert found["largest_context"] >= found["context"] == 16_384
    assert found["machine"]["decoding_bytes_per_second"]["memory"] == 60e9
    assert {each["model"] for each in found["others"]} > {"r1-qwen-1.5b", "r1-llama-70b"}


def test_a_model_of_the_catalogue_is_weighed_at_every_precision(fit):
    ran = fit("r1-qwen-7b")
    assert "DeepSeek-R1-Distill-Qwen-7B (r1-qwen-7b) at Q4_K_M" in ran.out
    for precision in ("Q3_K_M", "Q5_K_M", "Q6_K", "Q8_0"):
        assert precision in ran.out


def test_a_precision_that_is_named_is_the_one_that_is_judged(fit):
    found = json.loads(fit("r1-qwen-14b:q8_0", "--json").out)
    assert (found["model"], found["precision"], found["verdict"]) == ("r1-qwen-14b", "Q8_0", "too big")
    assert "Next:" not in fit("r1-qwen-14b:q8_0").out


def test_context_cache_and_slots_are_counted(fit):
    found = json.loads(fit("r1-qwen-7b", "--context", 30_000, "--cache", "q8_0", "--slots", 4, "--json").out)
    assert (found["context"], found["cache"]) == (30_208, "q8_0")
    assert found["bytes"]["cache"] == 30_208 * 28 * 4 * 128 * 2 // 32 * 34
    assert found["bytes"]["output"] == 4 * 152_064 * 4


def test_a_file_is_judged_by_its_header(fit, tmp_path):
    path = write_tiny_gguf(tmp_path / "mine-F16.gguf", context=2048)
    found = json.loads(fit(path, "--json").out)
    assert (found["model"], found["context"], found["estimated"], found["pull"]) == ("mine-F16", 2048, False, "")


def test_a_gpu_is_named_with_what_goes_to_it(fit):
    here = MachineFigures(MemoryBudget(30 * GIB, 11 * GIB, "RTX 3060"), Bandwidth(40e9, 300e9), 50e9)
    ran = fit(here=here)
    assert "RTX 3060, 11.00 GiB free" in ran.out
    assert "all layers on RTX 3060 (" in ran.out
    assert json.loads(fit("--json", "--gpu-layers", 0, here=here).out)["gpu_layers"] == 0


def test_a_machine_that_holds_nothing_is_told_so(fit):
    ran = fit(here=MachineFigures(MemoryBudget(GIB), Bandwidth(), None))
    assert ran.code == 0
    assert "None of the distilled R1 models fits" in ran.out and "close other programs" in ran.out


def test_a_measurement_that_was_disturbed_is_called_so(fit):
    here = MachineFigures(MemoryBudget(12 * GIB), Bandwidth(9e9), 20e9, 0.6)
    assert "other programs had 60% of the processor" in fit(here=here).out


@pytest.mark.parametrize("columns", ["0", "1", "2", "9" * 5000])
def test_a_terminal_of_any_width_is_written_on(fit, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    ran = fit("r1-qwen-7b")
    assert ran.code == 0 and ran.out.endswith("Next: localthink models pull r1-qwen-7b:Q4_K_M\n")


@pytest.mark.parametrize(("arguments", "said"), [
    (["r1-qwn-7b"], "there is no model called 'r1-qwn-7b'"), (["r1-qwen-7b:Q9"], "no precision 'Q9'"),
    (["--memory", "8"], "give a size with its unit"), (["--gpu-layers", "some"], "gpu-layers is 'some'"),
    (["/nowhere/x.gguf"], "there is no file /nowhere/x.gguf"), (["--context", "1"], "255<x|is not in the range"),
    (["--context", "9" * 20], "is not in the range"), (["--memory", "0G"], "give a size from 1 KiB to 1024 TiB"),
    (["--memory", "9" * 400 + "G"], "give a size from 1 KiB to 1024 TiB"),
    (["--gpu-layers", "99999"], "gpu-layers is 99999: give a number of layers, all, or auto"),
    (["--gpu-layers", "-7"], "gpu-layers is -7: give a number of layers, all, or auto"),
])
def test_what_is_wrong_is_said_in_a_line_before_anything_is_measured(fit, monkeypatch, arguments, said):
    ran = fit(*arguments, here=MachineFigures(MemoryBudget(GIB), Bandwidth(), None))
    assert ran.code == 2
    assert any(part in ran.err for part in said.split("|"))
    assert "Traceback" not in ran.err and ran.out == ""


def test_the_real_machine_is_looked_at_and_its_memory_can_be_replaced(capsys, monkeypatch):
    ran = run(capsys, monkeypatch, "models", "fit", "r1-qwen-1.5b", "--memory", "8GiB", "--no-measure", "--json")
    found = json.loads(ran.out)
    assert found["free"]["memory"] == 8 * GIB
    assert found["machine"]["decoding_bytes_per_second"] == {"memory": None, "device": None}
