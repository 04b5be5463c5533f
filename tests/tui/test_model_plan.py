"""What loading would take, in figures that add up, and in words that say what to do."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink import locations
from localthink.chat.asking import SLOTS
from localthink.fit import LEAST_CONTEXT, chat_memory, default_context, judge
from localthink.gguf_header import read_facts
from localthink.tui.widgets.model_plan import ModelRow, parameters, plan, trained

GIB = 2**30
FACTS = read_facts(locations.bundled_model())
LARGE = replace(FACTS, weight_bytes=4 * GIB, context_length=131_072, layers=28, key_length=128, value_length=128)
ROW = ModelRow(FACTS.path, "large", LARGE)


@given(st.none() | st.integers(LEAST_CONTEXT, 10**6), st.integers(0, 64 * GIB))
def test_the_figures_are_those_of_loading(context: int | None, free_bytes: int) -> None:
    found = plan(ROW, context, "f16", free_bytes)
    chosen = context or default_context(LARGE, SLOTS, free_bytes)
    assert found.memory == chat_memory(LARGE, chosen)
    assert found.memory is not None
    assert found.fit == judge(found.memory.total, free_bytes)
    assert f"{found.memory.context:,} tokens" in found.why


def test_the_arithmetic_is_shown_and_says_whether_it_fits() -> None:
    assert plan(ROW, 8192, "f16", 16 * GIB).why.startswith("✓ fits: 4.00 GiB weights + ")
    assert "of the 16.00 GiB that are free" in plan(ROW, 8192, "f16", 16 * GIB).why
    assert plan(ROW, 8192, "f16", int(4.6 * GIB)).why.startswith("~ tight (little is left")
    assert plan(ROW, 8192, "f16", GIB).why.startswith("✕ too big (the machine would swap")


def test_a_context_beyond_what_a_model_was_trained_for_is_told_of() -> None:
    small = ModelRow(FACTS.path, "small", FACTS)
    assert "a conversation gets no more" in plan(small, 10**5, "f16", GIB).why
    assert "a conversation gets no more" not in plan(small, SLOTS * FACTS.context_length, "f16", GIB).why


@pytest.mark.parametrize(("row", "context", "cache", "why"), [
    (ModelRow(Path("x"), "x"), None, "f16", "being read"),
    (ModelRow(Path("x"), "x", trouble="is a web page"), None, "f16", "is a web page"),
    (replace(ROW, facts=replace(FACTS, weight_bytes=0)), None, "f16", "a vocabulary without weights"),
    (ROW, 255, "f16", "context is 255"), (ROW, 2**31, "f16", "context is 2,147,483,648"),
    (replace(ROW, facts=replace(FACTS, key_length=20)), None, "q8_0", "use f16"),
])
def test_what_cannot_be_loaded_has_a_reason(row: ModelRow, context: int | None, cache: str, why: str) -> None:
    found = plan(row, context, cache, GIB)
    assert found.memory is None
    assert why in found.why


@pytest.mark.parametrize(("count", "said"), [
    (812, "812"), (67_500, "68K"), (1_800_000, "1.8M"), (1_777_088_000, "1.8B"), (70_553_706_496, "71B")])
def test_parameters_are_called_as_people_call_them(count: int, said: str) -> None:
    assert parameters(count) == said


@pytest.mark.parametrize(("tokens", "said"), [(131_072, "128k"), (1024, "1k"), (1000, "1,000"), (0, "0")])
def test_a_trained_context_is_called_as_people_call_it(tokens: int, said: str) -> None:
    assert trained(tokens) == said
