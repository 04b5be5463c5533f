"""The benchmark: that it measures what it says, ends when asked, and does not take noise for a cost."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import localthink
from localthink.bench.figures import Figures, median_interval
from localthink.bench.measuring import PENALTY, PLAIN, Bench
from localthink.bench.work import LEAST_WRITTEN, MOST_READ, MOST_WRITTEN, ROUNDS_SECONDS, SPARE, Work, chosen
from localthink.engine.engine import Engine
from localthink.errors import UsageError
from tiny_gguf import END_THINK, THINK, tiny_tokens, write_tiny_gguf


@pytest.fixture
def engine() -> Iterator[Engine]:
    with localthink.load(slots=2, context=2048, threads=1, layout="split") as loaded:
        yield loaded


def bench(engine: Engine, work: Work, stopped=lambda: False) -> Bench:
    return Bench(engine, work, stopped, lambda _: None)


def test_every_round_reads_and_writes_what_was_asked(engine):
    measured = bench(engine, Work((1, 2), rounds=2, prompt=64, tokens=5))
    measured.run()
    for slots, figures in measured.figures.items():
        assert (figures.slots, figures.read, len(figures.readings)) == (slots, 64, 2)
        assert len(figures.plain) == len(figures.penalty) == 10
        assert figures.reading_speed > 0 < figures.plain_speed
    assert engine.idle


def test_steps_with_and_without_the_penalty_take_turns_and_neither_is_always_first(engine, monkeypatch):
    turned, steer = [], engine.steer

    def noted(request, tip=None, wish=None):
        turned.append(tip)
        steer(request, tip, wish)

    measured = bench(engine, Work((1,), rounds=1, prompt=64, tokens=4))
    measured._warm_up()
    monkeypatch.setattr(engine, "steer", noted)
    measured.run()
    steps = [tip for tip in turned if tip is not None]
    assert steps[-8:] == [PLAIN, PENALTY, PENALTY, PLAIN] * 2
    assert len(turned) == 1 + 8 + 1 + 6, "the warm-up's steps, the round's, and the wish before either"


def test_the_penalty_is_on_where_it_is_said_to_be(engine, monkeypatch):
    held, draw = {PLAIN.alpha: 0, PENALTY.alpha: 0}, engine._loop.sampler.draw
    tips = []
    steer = engine.steer
    monkeypatch.setattr(engine, "steer", lambda request, tip=None, wish=None: (
        tips.append(tip or PLAIN), steer(request, tip, wish)))

    def watched(*arguments):
        drawn = draw(*arguments)
        if tips:
            held[tips[-1].alpha] += drawn.held
        return drawn

    monkeypatch.setattr(engine._loop.sampler, "draw", watched)
    bench(engine, Work((1,), rounds=2, prompt=64, tokens=100)).run()
    assert held[0.0] == 0 < held[3.0]


def test_no_prompt_is_found_in_the_cache(engine):
    measured = bench(engine, Work((2,), rounds=1, prompt=64, tokens=4))
    prompts = [measured._prompt(32) for _ in range(20)]
    assert len({prompt[1:8] for prompt in prompts}) == 20 and {len(prompt) for prompt in prompts} == {32}
    assert all(engine.model.begins_thinking(prompt) for prompt in prompts)


def test_it_ends_when_it_is_asked_to_with_what_it_has(engine):
    asked = []

    def stopped() -> bool:
        asked.append(None)
        return len(asked) > 60

    measured = bench(engine, Work((1, 2), rounds=50, prompt=64, tokens=20), stopped)
    measured.run()
    assert len(asked) < 120 and engine.idle
    assert 0 < len(measured.figures[1].plain) < 1000
    assert len(measured.figures[1].plain) == len(measured.figures[1].penalty)


def test_asked_to_end_at_once_it_has_nothing(engine):
    measured = bench(engine, Work((1, 2)), lambda: True)
    measured.run()
    assert not any(figures.readings or figures.plain for figures in measured.figures.values())


def test_a_model_that_ends_its_text_early_is_measured_as_far_as_it_goes(tmp_path, monkeypatch):
    plain = [token for token in tiny_tokens() if token not in (THINK, END_THINK)]
    path = write_tiny_gguf(tmp_path / "m.gguf", tokens=plain)
    with localthink.load(path, slots=1, context=512, threads=1, layout="split") as engine:
        ends = engine.model.vocabulary.ends_generation
        monkeypatch.setattr(engine.model.vocabulary, "ends_generation", lambda token: token % 8 == 0 or ends(token))
        measured = bench(engine, Work((1,), rounds=2, prompt=32, tokens=20))
        measured.run()
        assert 0 < len(measured.figures[1].plain) <= 40 and engine.idle


def test_a_slot_that_is_too_small_is_refused_with_the_numbers(engine):
    with pytest.raises(UsageError, match=r"a slot holds 1024 tokens, and .* 1508: .*--context 3016"):
        bench(engine, Work((1, 2), prompt=500, tokens=500))


@pytest.mark.parametrize(("arguments", "said"), [
    ({"slots": (1, 0)}, "slots is 0"), ({"slots": (1,), "rounds": 0}, "rounds is 0"),
    ({"slots": (1,), "tokens": 0}, "tokens is 0"), ({"slots": (1, 4), "prompt": 31}, "at least 32")])
def test_work_that_cannot_be_done_is_refused(arguments, said):
    with pytest.raises(UsageError, match=said):
        Work(**arguments)


speeds = st.floats(1e-6, 1e3, allow_nan=False)


@given(speeds, speeds, st.integers(1, 20), st.integers(300, 40_000))
def test_what_is_chosen_fits_and_takes_no_longer_than_it_may(reading, writing, rounds, longest):
    warm = [Figures(slots, 32, [reading], [writing], [writing]) for slots in (1, 4)]
    work = chosen(Work((1, 4), rounds), warm, longest)
    assert work.prompt + 2 * work.tokens + SPARE <= longest
    assert work.least_prompt <= work.prompt <= MOST_READ and LEAST_WRITTEN <= work.tokens <= MOST_WRITTEN
    takes = rounds * 2 * (work.prompt * reading / 32 + 2 * work.tokens * writing)
    if work.prompt > work.least_prompt and work.tokens > LEAST_WRITTEN:
        assert takes <= ROUNDS_SECONDS * 1.001


def test_what_was_asked_for_is_kept():
    warm = [Figures(1, 32, [1e9], [1e9], [1e9])]
    assert chosen(Work((1,), 2, 400, 100), warm, 1024) == Work((1,), 2, 400, 100)


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=60))
def test_an_interval_holds_the_median_and_is_made_of_values(values):
    found = median_interval(values)
    assert (found is None) == (len(values) < 6)  # 2 / 2**5 is more than 5 %
    if found is not None:
        assert min(values) <= found[0] <= statistics.median(values) <= found[1] <= max(values)
        assert set(found) <= set(values)


def test_an_interval_is_that_of_the_binomial():
    assert median_interval(range(1, 7)) == (1, 6)
    assert median_interval(range(1, 21)) == (6, 15)  # P(5 or fewer of 20 below) is 2.07 %, of 6 or fewer 5.8 %
    assert median_interval(range(1, 21), sure=0.99) == (4, 17)


def test_intervals_hold_the_median_as_often_as_they_say():
    import random

    draws = random.Random(3)
    hits = [low <= 0 <= high for _ in range(600) for low, high in
            [median_interval([draws.gauss(0, 1) for _ in range(25)])]]
    assert 0.93 <= sum(hits) / len(hits) <= 0.99  # 25 values: 95.7 %


def test_ratios_are_of_pairs():
    figures = Figures(2, 0, [], [1.0, 4.0, 1.0], [2.0, 2.0, 1.0])
    assert figures.ratios == [0.5, 2.0, 1.0]
    assert (figures.plain_speed, figures.penalty_speed, figures.reading_speed) == (2.0, 1.0, 0.0)
