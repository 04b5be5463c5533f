"""The scheduler against a cache that counts its cells."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scripted import ScriptedEngine, follower
from localthink.engine.scheduler import Copy, Job, Scheduler, common_prefix


def expected(prompt: list[int], wanted: int) -> list[int]:
    tokens = list(prompt)
    for _ in range(wanted):
        tokens.append(follower(tokens))
    return tokens


def test_one_job_reads_its_prompt_in_chunks_and_then_writes_a_token_a_step():
    engine = ScriptedEngine(cells=64, slots=1, batch=4)
    job = engine.submit([1, 2, 3, 4, 5, 6, 7, 8, 9], wanted=3)
    plans = []
    while not engine.scheduler.idle:
        plans.append([(chunk.count, chunk.output) for chunk in engine.scheduler.plan().chunks])
        engine.step()
    assert plans == [[(4, False)], [(4, False)], [(1, True)], [(1, True)], [(1, True)]]
    assert job.tokens == expected([1, 2, 3, 4, 5, 6, 7, 8, 9], 3)


def test_samples_of_one_prompt_read_it_once():
    engine = ScriptedEngine(cells=256, slots=8, batch=16)
    prompt = list(range(40))
    jobs = [engine.submit(prompt, wanted=5) for _ in range(8)]
    engine.run()
    assert engine.decoded == 40 + 7 + 8 * 4  # the prompt, its last token for the seven others, four fed tokens each
    assert all(job.tokens == expected(prompt, 5) for job in jobs)


def test_samples_beyond_the_slots_reuse_the_prompt_that_was_left_behind():
    engine = ScriptedEngine(cells=256, slots=2, batch=16)
    prompt = list(range(40))
    for _ in range(6):
        engine.submit(prompt, wanted=5)
    engine.run()
    assert engine.decoded == 40 + 5 + 6 * 4


def test_decoding_goes_on_while_a_long_prompt_is_read():
    engine = ScriptedEngine(cells=512, slots=2, batch=8)
    first = engine.submit([1, 2], wanted=50)
    engine.step()
    engine.submit(list(range(100, 160)), wanted=1)
    before = len(first.tokens)
    for _ in range(5):
        engine.step()
    assert len(first.tokens) == before + 5


def test_a_request_with_another_prompt_is_not_held_up_by_a_few_shared_tokens():
    engine = ScriptedEngine(cells=512, slots=2, batch=8)
    engine.submit([0, 1, *range(100, 160)], wanted=1)
    engine.step()
    engine.submit([0, 1, *range(200, 230)], wanted=1)
    engine.step()
    assert len(engine.scheduler.running) == 2


def test_the_next_turn_of_a_conversation_reads_only_what_is_new():
    engine = ScriptedEngine(cells=256, slots=2, batch=64)
    history = list(range(30))
    engine.submit(history, wanted=4)
    engine.run()
    engine.decoded = 0
    engine.submit([*history, 77, 78, 79], wanted=1)
    engine.run()
    assert engine.decoded == 3


def test_an_unrelated_request_leaves_a_conversation_in_its_slot_while_another_is_empty():
    engine = ScriptedEngine(cells=256, slots=2, batch=64)
    history = list(range(30))
    engine.submit(history, wanted=1)
    engine.run()
    engine.submit([0, 99], wanted=1)
    engine.run()
    engine.decoded = 0
    engine.submit([*history, 77], wanted=1)
    engine.run()
    assert engine.decoded == 1


def test_a_full_cache_preempts_the_youngest_and_loses_nothing():
    engine = ScriptedEngine(cells=40, slots=3, batch=16)
    jobs = [engine.submit([10 * n, 10 * n + 1, 10 * n + 2], wanted=30) for n in range(3)]
    engine.run()
    assert [job.tokens for job in jobs] == [expected([10 * n, 10 * n + 1, 10 * n + 2], 30) for n in range(3)]
    assert list(engine.ended) == jobs  # the older a job, the sooner it is done


def test_a_job_that_fills_the_cache_alone_ends_by_length():
    engine = ScriptedEngine(cells=16, slots=2, batch=16)
    job = engine.submit([1, 2, 3], wanted=100)
    engine.run()
    assert engine.ended[job] == "length"
    assert len(job.tokens) == 17  # every cell is used, and the last token needs none


def test_without_sharing_nothing_is_copied_or_kept():
    engine = ScriptedEngine(cells=256, slots=4, batch=64, shares=False)
    for _ in range(6):
        engine.submit(list(range(20)), wanted=3)
    while not engine.scheduler.idle:
        plan = engine.scheduler.plan()
        assert not any(isinstance(edit, Copy) or edit.length for edit in plan.edits)
        engine.cache.edit(plan)
        engine.step()
    assert engine.decoded == 6 * 22


def test_ending_a_waiting_job_takes_it_out_of_the_queue():
    scheduler = Scheduler(slots=1, batch=4)
    first, second = Job([1, 2]), Job([3, 4])
    scheduler.submit(first)
    scheduler.submit(second)
    scheduler.plan()
    scheduler.end(second, 0)
    scheduler.end(first, 0)
    assert scheduler.idle


def test_forgetting_the_cache_reads_every_running_job_again_and_loses_none():
    engine = ScriptedEngine(cells=256, slots=3, batch=8)
    jobs = [engine.submit([n, n, n, n], wanted=9) for n in range(5)]
    for _ in range(4):
        engine.step()
    engine.scheduler.forget()
    engine.run()
    assert [job.tokens for job in jobs] == [expected([n, n, n, n], 9) for n in range(5)]


@pytest.mark.parametrize(("slots", "batch"), [(0, 4), (5, 4)])
def test_more_slots_than_a_batch_has_rows_are_refused(slots, batch):
    with pytest.raises(ValueError, match=f"{slots} slots"):
        Scheduler(slots, batch)


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_the_common_prefix_is_what_a_plain_loop_finds(a, b):
    plain = 0
    while plain < min(len(a), len(b)) and a[plain] == b[plain]:
        plain += 1
    assert common_prefix(a, b) == plain


arrivals = st.lists(
    st.tuples(
        st.integers(0, 12),  # the step at which it arrives
        st.lists(st.integers(0, 1), min_size=1, max_size=14),  # a prompt; two letters, so that prefixes are shared
        st.integers(1, 20),  # how many tokens it will write
        st.one_of(st.none(), st.integers(0, 30)),  # the step at which it is cancelled
    ),
    min_size=1, max_size=14,
)


@settings(max_examples=300, deadline=None)
@given(arrivals, st.integers(16, 60), st.integers(1, 6), st.integers(6, 20), st.booleans())
def test_every_request_ends_none_starves_and_no_cell_leaks(arrivals, cells, slots, batch, shares):
    engine = ScriptedEngine(cells, slots, batch, shares)
    to_come = sorted(enumerate(arrivals), key=lambda item: item[1][0])
    cancel_at: dict[int, list[Job]] = {}
    jobs = {}
    for step in range(20_000):
        while to_come and to_come[0][1][0] <= step:
            number, (_, prompt, wanted, cancelled) = to_come.pop(0)
            jobs[number] = engine.submit(prompt, wanted)
            if cancelled is not None:
                cancel_at.setdefault(max(step, cancelled), []).append(jobs[number])
        for job in cancel_at.pop(step, ()):
            if job not in engine.ended:
                engine.end(job, "cancelled")
        if not to_come and not cancel_at and engine.scheduler.idle:
            break
        engine.step()
    assert len(engine.ended) == len(arrivals)
    for number, (_, prompt, wanted, _) in enumerate(arrivals):
        job = jobs[number]
        complete = expected(prompt, wanted)
        assert job.tokens == complete[:len(job.tokens)]
        if engine.ended[job] == "stop":
            assert len(job.tokens) == len(complete)
        if engine.ended[job] == "length":
            assert len(job.tokens) == cells + 1
    engine.cache.edit(engine.scheduler.plan())
    assert engine.cache.used <= cells
    while any(engine.cache.held):
        assert engine.scheduler.make_room() is None
        engine.cache.edit(engine.scheduler.plan())
