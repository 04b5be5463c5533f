"""One recommendation: the best scores of what fits and is quick enough, and what kept better ones out."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fit.shapes import GIB
from localthink.fit.choice import Asked
from localthink.fit.recommend import FAMILY, GOOD_SPEED, LEAST_SPEED, USUAL, Recommendation, precision_for, recommend
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.shelf.catalogue import parse_name, read_catalogue

CATALOGUE = read_catalogue()


def on(memory: float, bandwidth: float | None = None, device: float = 0, shared: bool = False,
       of_device: float | None = None) -> Recommendation | None:
    room = MemoryBudget(int(memory * GIB), int(device * GIB), "GPU" if device else "", shared)
    return recommend(CATALOGUE, room, Asked(), Bandwidth(bandwidth and bandwidth * 1e9, of_device and of_device * 1e9))


@pytest.mark.parametrize(("machine", "model", "precision"), [
    ((2.0, 15.0), "r1-qwen-1.5b", "Q4_K_M"), ((5.0, 40.0), "r1-qwen-1.5b", "Q8_0"),
    ((5.7, 50.0), "r1-qwen-7b", "Q4_K_M"), ((11.0, 60.0), "r1-0528-qwen3-8b", "Q4_K_M"),
    ((60.0, 200.0), "r1-0528-qwen3-8b", "Q8_0"), ((24.0, 14.0), "r1-qwen-1.5b", "Q4_K_M"),
    ((20.0, 40.0, 11.0), "r1-0528-qwen3-8b", "Q4_K_M"), ((16.0, 60.0, 11.0, True, 90.0), "r1-0528-qwen3-8b", "Q4_K_M"),
])
def test_a_machine_gets_the_model_that_suits_it(machine: tuple[float, ...], model: str, precision: str) -> None:
    found = on(*machine)
    assert found is not None
    assert (found.report.candidate.name, found.report.candidate.precision) == (model, precision)


def test_where_nothing_fits_nothing_is_recommended() -> None:
    assert on(1.0, 40.0) is None


@given(st.floats(0.5, 200), st.floats(1, 500))
def test_the_rule_holds_on_any_machine(memory: float, bandwidth: float) -> None:
    found = on(memory, bandwidth)
    usable = [] if found is None else [each for each in found.considered if each.verdict == "fits"]
    if found is None:
        return
    chosen = found.report
    assert chosen.verdict == "fits" and chosen.choice.needs.context >= 8192
    assert chosen.tokens_per_second is not None
    assert found.spec.family == FAMILY
    assert all(each.candidate.precision == USUAL for each in found.considered)
    if chosen.candidate.precision != USUAL:
        assert chosen.tokens_per_second >= GOOD_SPEED
    better = [each for each in usable if (each.candidate.score or 0) > (chosen.candidate.score or 0)
              and each.choice.needs.context >= 8192]
    assert all((each.tokens_per_second or 0) < LEAST_SPEED for each in better)
    for each in better:
        assert each.candidate.name in found.why


def test_what_kept_better_ones_out_is_said() -> None:
    found = on(24.0, 14.0)
    assert found is not None
    assert found.why.startswith("the best published scores of what fits and is quick enough; better but slower than 6")
    assert "r1-0528-qwen3-8b (2.7)" in found.why
    assert "better but too large: r1-llama-70b" in found.why


def test_what_fits_with_too_short_a_context_is_not_called_too_large() -> None:
    found = on(21.0, 14.0)
    assert found is not None
    assert "with less than 8,192 tokens of context: r1-qwen-32b (" in found.why
    assert found.why.endswith("better but too large: r1-llama-70b")


def test_where_all_are_slow_the_quickest_is_recommended_and_called_so() -> None:
    found = on(24.0, 2.0)
    assert found is not None
    assert found.report.candidate.name == "r1-qwen-1.5b"
    assert found.why.startswith("nothing that fits writes 6 tokens/s here, and this is the quickest")


@pytest.mark.parametrize(("memory", "bandwidth", "precision"), [
    (64, 400.0, "Q8_0"), (64, 40.0, "Q4_K_M"), (64, None, "Q4_K_M"), (5.1, 40.0, "Q3_K_M"), (1, 40.0, "Q3_K_M")])
def test_a_model_that_is_named_gets_the_precision_that_suits(
        memory: float, bandwidth: float | None, precision: str) -> None:
    spec, _ = parse_name("r1-qwen-7b")
    room = MemoryBudget(int(memory * GIB))
    found = precision_for(spec, room, Asked(), Bandwidth(bandwidth and bandwidth * 1e9))
    assert found.candidate.precision == precision
