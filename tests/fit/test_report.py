"""A report says of a model whether it fits, with all the bytes, and how fast it would write."""
from __future__ import annotations

import json

import pytest

from fit.shapes import GIB, LARGE, LARGE_WEIGHTS, SMALL_WEIGHTS
from localthink import locations
from localthink.fit.choice import Asked, choose
from localthink.fit.report import MEAN_CONTEXT, of_file, of_spec, report, reports, score_of, tokens_per_second
from localthink.gguf.header import read_facts
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.shelf.catalogue import ModelSpec, parse_name, read_catalogue


def spec(name: str) -> ModelSpec:
    return parse_name(name)[0]


def test_a_program_gets_every_byte_and_the_verdict() -> None:
    found = report(of_spec(spec("r1-qwen-7b"), "Q4_K_M"), MemoryBudget(16 * GIB), Asked(), Bandwidth(30e9)).as_object()
    assert found == json.loads(json.dumps(found))
    assert set(found["bytes"]) == {"weights", "cache", "compute", "output", "runtime", "total"}
    assert found["bytes"]["total"] == sum(size for part, size in found["bytes"].items() if part != "total")
    assert (found["verdict"], found["context"], found["cache"]) == ("fits", 16_384, "f16")
    assert found["largest_context"] > 16_384
    assert found["free"]["memory"] == 16 * GIB
    assert 5 < found["tokens_per_second"] < 8
    assert found["estimated"] is True


def test_a_file_is_reported_by_its_own_header() -> None:
    facts = read_facts(locations.bundled_model())
    found = report(of_file(facts), MemoryBudget(GIB), Asked(), Bandwidth())
    assert found.choice.needs.weights == facts.weight_bytes
    assert found.choice.needs.context == facts.context_length
    assert found.tokens_per_second is None
    assert not found.candidate.estimated


@pytest.mark.parametrize("each", read_catalogue(), ids=lambda each: each.name)
def test_every_model_of_the_catalogue_can_be_reported_at_every_precision(each: ModelSpec) -> None:
    found = reports(each, MemoryBudget(400 * GIB), Asked(), Bandwidth(100e9))
    assert [one.candidate.precision for one in found] == list(each.precisions)
    totals = [one.choice.needs.total for one in found]
    speeds = [one.tokens_per_second or 0.0 for one in found]
    assert totals == sorted(totals) and speeds == sorted(speeds, reverse=True)
    assert all(one.verdict == "fits" for one in found)
    for one in found:
        weights = one.candidate.weights
        assert 0 < weights.output < weights.blocks < weights.total
        assert 0 < weights.step <= weights.total


def test_what_is_estimated_from_the_catalogue_is_near_what_the_file_will_say() -> None:
    known = of_spec(spec("r1-qwen-1.5b"), "Q4_K_M").weights
    exact = (SMALL_WEIGHTS.total, SMALL_WEIGHTS.blocks, SMALL_WEIGHTS.step)
    assert (known.total, known.blocks, known.step) == pytest.approx(exact, rel=0.05)


def test_a_score_is_the_mean_of_two_and_none_where_one_is_missing() -> None:
    assert score_of(spec("r1-qwen-1.5b")) == pytest.approx((28.9 + 33.8) / 2)
    without = [each for each in read_catalogue() if "GPQA Diamond" not in each.scores]
    assert all(score_of(each) is None for each in without)


def speed(bandwidth: Bandwidth, device: int = 0, context: int = 16_384) -> float | None:
    here = MemoryBudget(64 * GIB, device, "GPU" if device else "")
    choice = choose(LARGE, LARGE_WEIGHTS, here, Asked(1, context, "f16"))
    return tokens_per_second(choice, LARGE_WEIGHTS, LARGE.layers, bandwidth)


def test_it_is_the_bandwidth_over_what_a_token_reads() -> None:
    read = LARGE_WEIGHTS.step + MEAN_CONTEXT * LARGE.cache_bytes_per_token()
    assert speed(Bandwidth(40e9)) == pytest.approx(40e9 / read)
    assert speed(Bandwidth(40e9), context=131_072) == pytest.approx(40e9 / read)  # an empty cache is not read
    assert speed(Bandwidth(40e9), context=1024) == pytest.approx(
        40e9 / (LARGE_WEIGHTS.step + 1024 * LARGE.cache_bytes_per_token()))


def test_layers_on_a_gpu_are_read_at_its_speed_and_the_others_at_theirs() -> None:
    whole = speed(Bandwidth(40e9, 400e9), 24 * GIB)
    part = speed(Bandwidth(40e9, 400e9), 4 * GIB)
    none = speed(Bandwidth(40e9, 400e9))
    assert whole is not None and part is not None and none is not None
    assert whole == pytest.approx(10 * none)
    assert none < part < whole


@pytest.mark.parametrize(("bandwidth", "device"), [(Bandwidth(), 0), (Bandwidth(40e9), 24 * GIB),
                                                   (Bandwidth(None, 400e9), 4 * GIB)])
def test_what_was_not_measured_is_not_promised(bandwidth: Bandwidth, device: int) -> None:
    assert speed(bandwidth, device) is None


def test_what_is_not_read_need_not_be_measured() -> None:
    assert speed(Bandwidth(None, 400e9), 24 * GIB) is not None
