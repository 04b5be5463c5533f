"""The scheduler for a split cache: rows in order, gaps filled, and with fixed shapes no sample knows of another."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scripted import ScriptedEngine, SplitCache
from localthink.engine.scheduler import WORTH_COPYING, WORTH_FILLING


def rows(engine: ScriptedEngine) -> list[tuple[int, int, bool]]:
    """The next batch as (slot, count, whether it is a filler)."""
    engine.step()
    return engine.batches[-1]


def with_slots(engine: ScriptedEngine, lengths: list[int]) -> None:
    """One job a slot, in their order; each writes so many tokens."""
    for number, wanted in enumerate(lengths):
        engine.submit([number, number], wanted)
    engine.step()


def test_a_small_gap_between_busy_slots_is_filled():
    engine = ScriptedEngine(64, 4, 16, shapes="ordered")
    with_slots(engine, [9, 1, 9, 9])
    assert rows(engine) == [(0, 1, False), (1, 1, True), (2, 1, False), (3, 1, False)]


def test_a_wide_gap_is_left_and_slots_before_the_first_and_after_the_last_are_never_filled():
    engine = ScriptedEngine(64, WORTH_FILLING + 5, 16, shapes="ordered")
    with_slots(engine, [1, 9, *[1] * (WORTH_FILLING + 1), 9, 1])
    assert [slot for slot, _, _ in rows(engine)] == [1, WORTH_FILLING + 3]


def test_what_a_filler_wrote_is_gone_before_the_slot_is_used_again():
    engine = ScriptedEngine(64, 3, 16, shapes="ordered")
    with_slots(engine, [9, 1, 9])
    engine.step()
    late = engine.submit([1, 1, 5], 3)
    engine.run()
    assert len(late.tokens) == 6  # the cache's own assertions saw to the rest


def test_a_split_cache_copies_a_long_prompt_and_reads_a_short_one_again():
    for length, copies in ((WORTH_COPYING - 1, 0), (WORTH_COPYING + 2, 3)):
        engine = ScriptedEngine(256, 4, 64, shapes="ordered")
        for _ in range(4):
            engine.submit(list(range(length)), 5)
        engine.run()
        assert isinstance(engine.cache, SplitCache)
        assert engine.cache.copied == copies


def test_with_fixed_shapes_a_prompt_is_read_alone_and_every_other_batch_is_full():
    engine = ScriptedEngine(64, 4, 8, shapes="fixed")
    engine.submit(list(range(12)), 3)
    engine.submit(list(range(50, 55)), 2)
    engine.run()
    seen = engine.batches
    prompts = [batch for batch in seen if len(batch) == 1]
    assert prompts == [[(0, 8, False)], [(0, 3, False)], [(1, 4, False)]]
    assert all([slot for slot, _, _ in batch] == [0, 1, 2, 3] for batch in seen if len(batch) > 1)
    assert len(seen) == len(prompts) + 3


def test_with_fixed_shapes_only_the_same_prompt_is_shared():
    engine = ScriptedEngine(256, 4, 64, shapes="fixed")
    prompt = list(range(40))
    for longer in (prompt, prompt, [*prompt, 1], prompt[:-1]):
        engine.submit(longer, 4)
    engine.run()
    assert isinstance(engine.cache, SplitCache)
    assert engine.cache.copied == 1


arrivals = st.lists(
    st.tuples(
        st.integers(0, 12),  # the step at which it arrives
        st.lists(st.integers(0, 1), min_size=1, max_size=14) | st.just([1] * 40),
        st.integers(1, 20),  # how many tokens it will write
    ),
    min_size=1, max_size=14,
)


def written(work, slots, batch, shares, shapes) -> list[list[int]]:
    """The tokens of each job of `work`, which arrive when they say."""
    engine = ScriptedEngine(64, slots, batch, shares, shapes)
    jobs, step = {}, 0
    while len(jobs) < len(work) or not engine.scheduler.idle:
        for number, (arrival, prompt, wanted) in enumerate(work):
            if number not in jobs and arrival <= step:
                jobs[number] = engine.submit(prompt, wanted)
        engine.step()
        step += 1
        assert step < 20_000, "somebody starves"
    assert set(engine.ended.values()) == {"stop"}
    return [jobs[number].tokens for number in range(len(work))]


@settings(max_examples=200)
@given(arrivals, st.integers(1, 6), st.integers(6, 20), st.booleans())
def test_with_fixed_shapes_a_sample_is_the_same_in_any_company(work, slots, batch, shares):
    together = written(work, slots, batch, shares, "fixed")
    for (_, prompt, wanted), tokens in zip(work, together, strict=True):
        assert [tokens] == written([(0, prompt, wanted)], slots, batch, shares, "fixed")


@settings(max_examples=200)
@given(arrivals, st.integers(1, 6), st.integers(6, 20), st.booleans())
def test_an_ordered_batch_serves_everybody(work, slots, batch, shares):
    for (_, prompt, wanted), tokens in zip(work, written(work, slots, batch, shares, "ordered"), strict=True):
        assert tokens[:len(prompt)] == prompt
        assert len(tokens) == len(prompt) + wanted


def test_in_the_simulation_shapes_do_matter():
    """Else the test above it could not fail."""
    alone = written([(0, [1, 0, 1], 20)], 4, 16, True, "ordered")
    company = written([(0, [1, 0, 1], 20), (3, [0, 0], 20)], 4, 16, True, "ordered")
    assert alone[0] != company[0]


@pytest.mark.parametrize("shapes", ["ordered", "fixed"])
def test_forgetting_the_cache_loses_no_job(shapes):
    engine = ScriptedEngine(256, 3, 8, shapes=shapes)
    jobs = [engine.submit([n, n, n, n], wanted=9) for n in range(5)]
    for _ in range(4):
        engine.step()
    engine.scheduler.forget()
    engine.run()
    assert [len(job.tokens) for job in jobs] == [13] * 5
