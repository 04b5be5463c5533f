"""What loading would take, in figures that add up, and in words that say what to do."""
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink import locations
from localthink.chat.asking import SLOTS
from localthink.chat.stock import Stock
from localthink.chat.surveying import Machine
from localthink.fit.choice import Asked, choose
from localthink.fit.memory import LEAST_CONTEXT
from localthink.gguf.header import read_facts
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.shelf.catalogue import read_catalogue
from localthink.shelf.receipts import PulledFile, Receipt
from localthink.tui.widgets.model_plan import (
    ModelRow,
    OfferRow,
    Plan,
    best_of,
    parameters,
    plan,
    plan_offer,
    speed,
    trained,
)

GIB = 2**30
FACTS = read_facts(locations.bundled_model())
WEIGHTS = replace(FACTS.weights, total=4 * GIB)
LARGE = replace(FACTS, weights=WEIGHTS, context_length=131_072, layers=28, key_length=128, value_length=128)
ROW = ModelRow(FACTS.path, "large", LARGE)
SPEC = next(spec for spec in read_catalogue() if spec.name == "r1-qwen-7b")
STOCK = Stock((), read_catalogue(), Path("/hub"), 100 * GIB)


def planned(row: ModelRow, context: int | None, cache: str | None, room: MemoryBudget) -> Plan:
    return plan(row, Asked(SLOTS, context, cache), Machine(room))


@given(st.none() | st.integers(LEAST_CONTEXT, 10**6), st.none() | st.sampled_from(["f16", "q8_0"]),
       st.integers(0, 64 * GIB))
def test_the_figures_are_those_of_loading(context: int | None, cache: str | None, free_bytes: int) -> None:
    found = planned(ROW, context, cache, MemoryBudget(free_bytes))
    assert found.choice == choose(LARGE.shape, WEIGHTS, MemoryBudget(free_bytes), Asked(SLOTS, context, cache))
    assert found.choice is not None
    assert found.verdict == found.choice.verdict
    assert f"{found.choice.needs.context:,} tokens" in found.why


def test_the_arithmetic_is_shown_and_says_whether_it_fits() -> None:
    assert planned(ROW, 8192, "f16", MemoryBudget(16 * GIB)).why.startswith("✓ fits: 4.00 GiB weights + ")
    assert planned(ROW, 8192, "f16", MemoryBudget(16 * GIB)).why.endswith(", of 16.00 GiB free")
    fast = plan(ROW, Asked(SLOTS, 8192), Machine(MemoryBudget(16 * GIB), Bandwidth(50e9)))
    assert re.search(r"GiB free; about \d+ tokens/s$", fast.why)
    gpu = planned(ROW, 8192, "f16", MemoryBudget(16 * GIB, 16 * GIB, "a card"))
    assert gpu.why.endswith("; 29 of 29 layers on the GPU")
    assert planned(ROW, 8192, "f16", MemoryBudget(int(4.4 * GIB))).why.startswith("~ tight (little is left")
    assert planned(ROW, 8192, "f16", MemoryBudget(GIB)).why.startswith("✕ too big (the machine would swap")


def test_a_context_beyond_what_a_model_was_trained_for_is_told_of() -> None:
    small = ModelRow(FACTS.path, "small", FACTS)
    assert "a conversation gets no more" in planned(small, 10**5, "f16", MemoryBudget(GIB)).why
    most = SLOTS * FACTS.context_length
    assert "a conversation gets no more" not in planned(small, most, "f16", MemoryBudget(GIB)).why


@pytest.mark.parametrize(("row", "context", "cache", "why"), [
    (ModelRow(Path("x"), "x"), None, "f16", "being read"),
    (ModelRow(Path("x"), "x", trouble="is a web page"), None, "f16", "is a web page"),
    (replace(ROW, facts=replace(FACTS, weights=replace(WEIGHTS, total=0))), None, "f16", "a vocabulary without"),
    (ROW, 255, "f16", "context is 255"), (ROW, 2**31, "f16", "context is 2,147,483,648"),
    (replace(ROW, facts=replace(FACTS, key_length=20)), None, "q8_0", "use f16"),
])
def test_what_cannot_be_loaded_has_a_reason(row: ModelRow, context: int | None, cache: str, why: str) -> None:
    found = planned(row, context, cache, MemoryBudget(GIB))
    assert found.choice is None
    assert why in found.why


@pytest.mark.parametrize(("count", "said"), [
    (812, "812"), (67_500, "68K"), (1_800_000, "1.8M"), (1_777_088_000, "1.8B"), (70_553_706_496, "71B")])
def test_parameters_are_called_as_people_call_them(count: int, said: str) -> None:
    assert parameters(count) == said


@pytest.mark.parametrize(("tokens", "said"), [(131_072, "128k"), (1024, "1k"), (1000, "1,000"), (0, "0")])
def test_a_trained_context_is_called_as_people_call_it(tokens: int, said: str) -> None:
    assert trained(tokens) == said


@pytest.mark.parametrize(("value", "said"),
                         [(0.01, "<0.1"), (2.64, "2.6"), (10.6, "11"), (1204, "1,204"), (15_400, "15k")])
def test_a_speed_has_five_cells(value: float, said: str) -> None:
    assert speed(value) == said


def test_a_model_that_is_not_here_is_planned_at_the_precision_that_suits_or_was_chosen() -> None:
    wish, machine = Asked(SLOTS), Machine(MemoryBudget(22 * GIB), Bandwidth(120e9))
    row, found = plan_offer(SPEC, None, wish, machine, STOCK)
    assert row == OfferRow(SPEC, "Q8_0")
    assert found.verdict == "fits"
    assert found.why.endswith(". To pull, about 7.54 GiB of the 100.00 GiB that the disk of /hub has free")
    row, found = plan_offer(SPEC, "Q3_K_M", wish, machine, STOCK)
    assert row.precision == "Q3_K_M"
    assert found.why.endswith(". Best at Q8_0 here")
    assert "4.00 GiB" not in found.why and "3.55 GiB weights" in found.why


def test_what_an_earlier_pull_has_left_is_told() -> None:
    file = PulledFile("a.gguf", "/hub/a.gguf", GIB, "")
    begun = replace(STOCK, unfinished=((Receipt("a/b", "c", "Q4_K_M", (file,), SPEC.name), 2**28),))
    _, found = plan_offer(SPEC, "Q4_K_M", Asked(SLOTS), Machine(MemoryBudget(22 * GIB)), begun)
    assert "about 4.36 GiB, of which 256 MiB are here, of the 100.00 GiB" in found.why
    _, found = plan_offer(SPEC, "Q8_0", Asked(SLOTS), Machine(MemoryBudget(22 * GIB)), begun)
    assert "are here" not in found.why


def test_what_was_begun_goes_on_where_no_other_precision_is_chosen() -> None:
    file = PulledFile("a.gguf", "/hub/a.gguf", GIB, "")
    begun = Receipt("a/b", "c", "Q3_K_M", (file,), SPEC.name)
    for receipt, precision in ((begun, "Q3_K_M"), (begun.doubted(), "Q8_0")):
        stock = replace(STOCK, unfinished=((receipt, 2**28),))
        row, _ = plan_offer(SPEC, None, Asked(SLOTS), Machine(MemoryBudget(22 * GIB), Bandwidth(120e9)), stock)
        assert row.precision == precision


def test_nothing_is_recommended_before_the_machine_was_measured_or_for_a_wrong_context() -> None:
    measured = Machine(MemoryBudget(22 * GIB), Bandwidth(20e9))
    assert best_of(STOCK, Machine(measured.room), Asked(SLOTS)) is None
    assert best_of(STOCK, measured, Asked(SLOTS, 12)) is None
    found = best_of(STOCK, measured, Asked(SLOTS))
    assert found is not None and found.spec.name == "r1-qwen-1.5b"
