"""A seed is a sample's own whatever is done to its thoughts; a key is of everything that its text depends on."""
from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.batch.settings import Settings, result_key
from localthink.engine.randomness import SEED_BITS, sample_seed
from localthink.errors import UsageError
from localthink.records import ControlSpec, Generation, Sampling, Tip

ENGINE = {"model": "5e" * 32, "cache": "f16", "context": 4096, "slots": None, "markers_sha256": "3a" * 32}
BASE = Settings(Generation(Sampling(0.6, 0.95, 0, 0.0), Tip(3.0, 600, "thinking", ("switch",)), 100, stop=("Stop",)),
                4, 7)


def generating(old: Settings, **changes: Any) -> Settings:
    return replace(old, generation=replace(old.generation, **changes))


CHANGES: dict[str, Callable[[Settings], Settings]] = {
    "temperature": lambda old: generating(old, sampling=replace(old.generation.sampling, temperature=0.7)),
    "top_p": lambda old: generating(old, sampling=replace(old.generation.sampling, top_p=0.9)),
    "top_k": lambda old: generating(old, sampling=replace(old.generation.sampling, top_k=40)),
    "min_p": lambda old: generating(old, sampling=replace(old.generation.sampling, min_p=0.1)),
    "alpha": lambda old: generating(old, tip=replace(old.generation.tip, alpha=5.0)),
    "alpha inf": lambda old: generating(old, tip=replace(old.generation.tip, alpha=math.inf)),
    "beta": lambda old: generating(old, tip=replace(old.generation.tip, beta=300)),
    "beta inf": lambda old: generating(old, tip=replace(old.generation.tip, beta=math.inf)),
    "where": lambda old: generating(old, tip=replace(old.generation.tip, where="everywhere")),
    "groups": lambda old: generating(old, tip=replace(old.generation.tip, groups=("switch", "check"))),
    "seed": lambda old: replace(old, seed=8),
    "max_tokens": lambda old: generating(old, max_tokens=101),
    "no max_tokens": lambda old: generating(old, max_tokens=None),
    "stop": lambda old: generating(old, stop=("Stop", "Halt")),
    "no stop": lambda old: generating(old, stop=()),
    "grace": lambda old: generating(old, tip=replace(old.generation.tip, grace=8)),
    "think": lambda old: generating(old, think="free"),
    "max_thinking": lambda old: generating(old, max_thinking=50),
    "min_thinking": lambda old: generating(old, min_thinking=50),
    "landing": lambda old: generating(old, landing=0.0),
    "closing": lambda old: generating(old, closing="So."),
    "answer_room": lambda old: generating(old, answer_room=50),
    "controls": lambda old: generating(old, controls=(ControlSpec("no-wait"),)),
    "settings of a control": lambda old: generating(old, controls=(ControlSpec("no-wait", (("words", "so"),)),)),
    "raw": lambda old: replace(old, raw=True),
    "own_seed": lambda old: replace(old, own_seed=True),
}


def key_of(item: str = "a", content: str = "c0", sample: int = 0, settings: Settings = BASE,
           engine: dict[str, Any] | None = None) -> str:
    return result_key(item, content, sample, settings, engine or ENGINE)


@pytest.mark.parametrize("change", sorted(CHANGES.keys() - {"seed", "own_seed"}))
def test_the_luck_of_a_sample_does_not_depend_on_how_it_is_sampled_or_penalised(change: str) -> None:
    changed = CHANGES[change](BASE)
    assert changed != BASE
    assert [changed.seed_of("a", n) for n in range(4)] == [BASE.seed_of("a", n) for n in range(4)]


def test_the_luck_of_a_sample_does_not_depend_on_the_number_of_its_siblings() -> None:
    assert replace(BASE, samples=100).seed_of("a", 3) == BASE.seed_of("a", 3)


def test_seeds_differ_by_run_item_and_sample() -> None:
    seeds = {replace(BASE, seed=seed).seed_of(item, sample)
             for seed in range(10) for item in ("", "a", "b", "1", "11", "思", "a/1") for sample in range(16)}
    assert len(seeds) == 10 * 7 * 16


def test_seeds_are_the_same_in_every_version() -> None:
    assert Settings(seed=7).seed_of("a", 0) == 0xF8F92E41B7D9
    assert Settings().seed_of("思", 2) == 0xCE5BA7DC649C


@given(st.integers(0, 2**SEED_BITS - 1), st.text(), st.integers(0, 1000), st.booleans())
def test_a_seed_can_be_given_again_as_a_setting(seed: int, item: str, sample: int, own: bool) -> None:
    found = replace(BASE, seed=seed, own_seed=own).seed_of(item, sample)
    assert 0 <= found < 2**SEED_BITS
    assert replace(BASE, seed=found, own_seed=True).seed_of("another", 0) == found


@given(st.integers(0, 2**SEED_BITS - 1), st.text())
def test_a_seed_of_the_items_own_means_what_it_means_to_ask(seed: int, item: str) -> None:
    own = BASE.overridden({"seed": seed})
    assert own.seed_of(item, 0) == seed
    assert [own.seed_of(item, sample) for sample in range(8)] == [sample_seed(seed, sample) for sample in range(8)]


def test_an_item_keeps_the_settings_of_the_run_but_for_those_that_it_names() -> None:
    own = {"temperature": 0.0, "alpha": 0.0, "markers": ["check"], "n": 2, "stop": ["End"]}
    base = BASE.generation
    assert BASE.overridden(own) == replace(
        generating(BASE, sampling=replace(base.sampling, temperature=0.0),
                   tip=replace(base.tip, alpha=0.0, groups=("check",)), stop=("End",)), samples=2)
    assert BASE.overridden({}) == BASE
    assert BASE.overridden({"seed": 7}).own_seed
    assert BASE.overridden({"seed": 7}).overridden({}).own_seed


@pytest.mark.parametrize(("name", "value"), [
    ("temperature", -1.0), ("top_p", 0.0), ("min_p", 1.0), ("top_k", -1), ("beta", -1.0), ("alpha", math.nan),
    ("n", 0), ("max_tokens", 0), ("max_thinking", 0), ("seed", -1),
])
def test_a_value_out_of_its_range_is_refused_with_the_value(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=re.escape(str(value))):
        BASE.overridden({name: value})


def test_a_control_that_takes_a_slot_of_its_own_is_refused_in_a_batch() -> None:
    with pytest.raises(UsageError, match="a batch takes all slots"):
        BASE.overridden({"controls": ["deer"]})


def test_a_key_is_the_same_in_every_version() -> None:
    assert key_of() == "8464689bf2a4ea8183c87f6cc95f8e45"
    assert re.fullmatch("[0-9a-f]{32}", key_of("思", "", 10**6))


def test_every_setting_changes_the_key_and_no_two_changes_give_one() -> None:
    found = {key_of(settings=change(BASE)) for change in CHANGES.values()} | {key_of()}
    assert len(found) == len(CHANGES) + 1


def test_the_changes_that_are_tested_are_of_all_settings() -> None:
    names = {name for part in (Settings, Generation, Sampling, Tip) for name in part.__dataclass_fields__}
    assert names - {"generation", "sampling", "tip", "samples"} <= set(CHANGES)


@pytest.mark.parametrize("change", [
    {"item": "b"}, {"item": "A"}, {"item": ""}, {"content": "c1"}, {"content": "a", "item": "c0"}, {"sample": 1},
])
def test_item_content_and_sample_change_the_key(change: dict[str, Any]) -> None:
    assert key_of(**change) != key_of()


@pytest.mark.parametrize("name", ENGINE)
def test_whatever_the_engine_is_changes_the_key(name: str) -> None:
    assert key_of(engine={**ENGINE, name: "another"}) != key_of()


def test_the_order_of_what_the_engine_is_does_not_change_the_key() -> None:
    assert key_of(engine=dict(reversed(ENGINE.items()))) == key_of()


@pytest.mark.parametrize("samples", [1, 5, 1000])
def test_the_number_of_samples_does_not_change_the_key(samples: int) -> None:
    assert key_of(settings=replace(BASE, samples=samples)) == key_of()


def test_a_whole_number_and_the_same_as_a_fraction_give_one_key() -> None:
    whole = Settings(Generation(Sampling(1, 1, 0, 0), Tip(3, 600)))
    fraction = Settings(Generation(Sampling(1.0, 1.0, 0, 0.0), Tip(3.0, 600.0)))
    assert key_of(settings=whole) == key_of(settings=fraction)


identities = st.tuples(st.text(), st.text(), st.integers(0, 99), st.builds(
    Settings, st.builds(
        Generation,
        st.builds(Sampling, st.floats(0, 2), st.floats(0.1, 1), st.integers(0, 100), st.floats(0, 0.5)),
        st.builds(Tip, st.floats(-9, 9), st.integers(0, 900) | st.just(math.inf)),
        st.none() | st.integers(1, 99), st.none() | st.integers(1, 99), st.lists(st.text(min_size=1)).map(tuple)),
    st.just(4), st.integers(0, 99)))


@given(identities, identities)
def test_two_results_have_one_key_only_where_all_is_equal(one: Any, other: Any) -> None:
    assert (key_of(*one) == key_of(*other)) == (one == other)
    assert key_of(*one) == key_of(*one)
