"""The figures of a run go on counting, whatever dies, and say what they mean in a line."""
from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.ledgers import result
from localthink.batch.figures import Figures, Meter
from localthink.batch.items import Item, read_item
from localthink.batch.ledger import Tally
from localthink.batch.settings import Settings
from localthink.text.sizes import clocked

FIGURES = Figures(state="running", items=1200, items_done=34, samples=4800, samples_done=1136, errors=0, tokens=999,
                  held=1234.5, graded=0, correct=0, cut_off=0, slots=16, busy=15, seconds=10.0, speed_now=56.4,
                  speed=51.6, seconds_left=None)


class Clock:
    """`time.monotonic`, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def item(line: int) -> Item:
    read = read_item({"prompt": "Why?"}, line, Settings())
    assert isinstance(read, Item)
    return read


def test_a_line_says_what_is_known_and_no_more() -> None:
    assert FIGURES.line() == ("1,136 of 4,800 samples · 34 of 1,200 items · 56 tokens/s now, 52 on average · "
                              "15 of 16 slots · 1,234 switches held")
    more = replace(FIGURES, graded=200, correct=151, errors=1234, seconds_left=3725.2)
    assert more.line() == FIGURES.line() + " · 75.5% of 200 correct · 1,234 errors · 1:02:05 left"


def test_a_line_says_so_where_nothing_is_left_and_where_none_was_correct() -> None:
    assert replace(FIGURES, graded=3, seconds_left=0.0).line().endswith(" · 0.0% of 3 correct · 0:00 left")


@pytest.mark.parametrize(("seconds", "text"), [
    (0, "0:00"), (0.4, "0:00"), (1, "0:01"), (59.4, "0:59"), (59.6, "1:00"), (61, "1:01"), (3599.4, "59:59"),
    (3599.6, "1:00:00"), (3661, "1:01:01"), (86_400, "24:00:00"), (360_000, "100:00:00"),
])
def test_a_duration_reads_like_a_clock(seconds: float, text: str) -> None:
    assert clocked(seconds) == text


@given(st.integers(0, 10**7))
def test_a_duration_of_whole_seconds_can_be_read_back(seconds: int) -> None:
    parts = [int(part) for part in clocked(seconds).split(":")]
    assert sum(part * 60**power for power, part in enumerate(reversed(parts))) == seconds


def test_tokens_go_on_counting_across_a_death(clock: Clock) -> None:
    meter = Meter(4, 8, Tally(), slots=6)
    meter.loaded()
    for worker, tokens, held, busy in ((0, 100, 1.5, 2), (1, 40, 0.5, 3), (0, 130, 2.0, 2)):
        meter.progress(worker, tokens, held, busy)
    clock.now += 10
    figures = meter.figures("running", errors=2)
    assert (figures.tokens, figures.held, figures.busy, figures.slots) == (170, 2.5, 5, 6)
    assert (figures.errors, figures.seconds, figures.speed) == (2, 10.0, 17.0)
    meter.died(0)
    assert (meter.tokens, meter.figures("running", 0).busy) == (170, 3)
    meter.progress(0, 7, 0.0, 1)  # the next engine begins at zero
    assert (meter.tokens, meter.figures("running", 0).busy) == (177, 4)
    meter.died(0)
    meter.died(0)
    assert meter.tokens == 177


def test_held_never_falls_below_what_the_results_say(clock: Clock) -> None:
    tally = Tally()
    meter = Meter(1, 4, tally, slots=2)
    meter.progress(0, 100, 3.0, 2)
    tally.add(result("a", 0, held=2.5))
    assert meter.figures("running", 0).held == 3.0
    meter.died(0)
    meter.progress(0, 1, 0.25, 2)
    assert meter.figures("running", 0).held == 2.5


def test_held_and_samples_count_the_whole_run_and_tokens_this_start(clock: Clock) -> None:
    tally = Tally(samples=3, tokens=500, held=4.0, cut_off=1, graded=3, correct=2)
    meter = Meter(2, 8, tally, slots=2)
    meter.progress(0, 10, 0.5, 1)
    figures = meter.figures("running", 0)
    assert (figures.samples_done, figures.tokens, figures.held) == (3, 10, 4.5)
    assert (figures.cut_off, figures.graded, figures.correct) == (1, 3, 2)


def test_an_item_is_done_with_its_last_sample() -> None:
    meter = Meter(3, 6, Tally(), slots=2)
    first, second = item(1), item(5)
    meter.begin(first, 2)
    meter.begin(second, 1)
    assert meter.items_done == 0
    meter.settled(first)
    assert meter.items_done == 0
    meter.settled(second)
    assert meter.items_done == 1
    meter.settled(first)
    assert meter.items_done == 2


def test_an_item_of_which_nothing_is_missing_is_done_when_its_turn_comes() -> None:
    meter = Meter(3, 6, Tally(samples=2), slots=2)
    meter.begin(item(1), 0)
    assert meter.items_done == 1


def test_how_long_it_takes_is_not_known_before_the_first_sample_and_then_follows_the_average(clock: Clock) -> None:
    tally = Tally(samples=2, tokens=50)
    meter = Meter(4, 8, tally, slots=2)
    meter.loaded()
    clock.now += 30
    meter.progress(0, 500, 0.0, 2)
    assert meter.figures("running", 0).seconds_left is None
    tally.add(result("a", 2))
    assert meter.figures("running", 0).seconds_left == pytest.approx(30 * 5)  # what was done before tells nothing
    clock.now += 6
    tally.add(result("a", 3))
    meter.failed += 1
    assert meter.figures("running", 0).seconds_left == pytest.approx(18 * 3)
    for sample in range(4, 7):
        tally.add(result("a", sample))
    assert meter.figures("running", 0).seconds_left == 0


@pytest.mark.parametrize("state", ["complete", "stopped", "failed"])
def test_nothing_is_foretold_of_a_run_that_has_ended(clock: Clock, state: str) -> None:
    tally = Tally()
    meter = Meter(1, 8, tally, slots=2)
    clock.now += 30
    tally.add(result("a"))
    assert meter.figures(state, 0).seconds_left is None


def test_the_clock_of_the_average_starts_with_the_first_engine_that_is_ready(clock: Clock) -> None:
    meter = Meter(1, 8, Tally(), slots=2)
    clock.now += 100
    meter.loaded()
    clock.now += 10
    meter.progress(0, 50, 0.0, 2)
    assert (meter.figures("running", 0).seconds, meter.figures("running", 0).speed) == (10.0, 5.0)
    meter.loaded()  # another engine, or the next after a death
    clock.now += 10
    assert meter.figures("running", 0).seconds == 20.0


def test_the_speed_now_is_that_of_the_last_seconds(clock: Clock) -> None:
    meter = Meter(1, 8, Tally(), slots=2)
    meter.loaded()
    assert meter.figures("running", 0).speed_now == meter.figures("running", 0).speed == 0.0
    tokens = 0
    for second in range(120):
        clock.now += 1
        tokens += 100 if second < 60 else 10
        meter.progress(0, tokens, 0.0, 2)
    figures = meter.figures("running", 0)
    assert figures.speed_now == pytest.approx(10)
    assert figures.speed == pytest.approx(55)


def test_a_death_makes_no_speed_negative(clock: Clock) -> None:
    meter = Meter(1, 8, Tally(), slots=2)
    for tokens in (100, 200, 5, 10):
        clock.now += 1
        if tokens == 5:
            meter.died(0)
        meter.progress(0, tokens, 0.0, 2)
        assert meter.figures("running", 0).speed_now > 0
