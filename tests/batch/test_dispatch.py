"""Every sample is settled or given up once, whatever dies; only what brings engines down is given up."""
from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localthink.batch.dispatch import MOST_WAITING, Dispatch, Work
from localthink.batch.items import Item, read_item
from localthink.batch.settings import Settings


def feed(count: int) -> Iterator[Work]:
    item = read_item({"prompt": "Why?"}, 1, Settings())
    assert isinstance(item, Item)
    return (Work(item, number, f"{number:032x}") for number in range(count))


def samples(given: list[tuple[int, Work]]) -> list[int]:
    return [work.sample for _, work in given]


def settle_all(dispatch: Dispatch, worker: int, given: list[tuple[int, Work]]) -> None:
    for number, work in given:
        assert dispatch.settle(worker, number) is work


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_samples_are_asked_in_their_order_a_window_at_a_time(slots: int) -> None:
    dispatch, window = Dispatch(feed(30), 1, slots), slots + min(slots + 2, MOST_WAITING)
    given = dispatch.give(0)
    assert samples(given) == list(range(window))
    assert dispatch.give(0) == []
    settle_all(dispatch, 0, given[:2])
    assert samples(dispatch.give(0)) == [window, window + 1]


def test_no_more_is_drawn_from_the_feed_than_is_asked() -> None:
    source = feed(1000)
    dispatch = Dispatch(source, 2, slots=3)
    asked = samples(dispatch.give(0)) + samples(dispatch.give(1))
    assert asked == list(range(16))
    assert next(source).sample == 16


def test_it_is_idle_once_the_last_sample_is_settled_and_not_before() -> None:
    dispatch = Dispatch(feed(2), 1, slots=4)
    assert not dispatch.idle
    (first, _), (second, _) = dispatch.give(0)
    dispatch.settle(0, first)
    assert not dispatch.idle
    dispatch.settle(0, second)
    assert dispatch.idle


def test_without_samples_it_is_idle_at_the_first_look_for_one() -> None:
    dispatch = Dispatch(feed(0), 2, slots=4)
    assert dispatch.give(0) == []
    assert dispatch.idle


def test_an_answer_counts_once_and_only_from_the_worker_that_was_asked() -> None:
    dispatch = Dispatch(feed(20), 2, slots=1)
    (number, work), *_ = dispatch.give(0)
    dispatch.give(1)
    assert dispatch.settle(1, number) is None
    assert dispatch.settle(0, number) is work
    assert dispatch.settle(0, number) is None


def test_an_answer_that_comes_after_the_death_counts_for_nothing() -> None:
    dispatch = Dispatch(feed(1), 1, slots=1)
    [(old, _)] = dispatch.give(0)
    dispatch.died(0, loaded=True)
    [(new, work)] = dispatch.give(0)
    assert dispatch.settle(0, old) is None
    assert not dispatch.idle
    assert dispatch.settle(0, new) is work


def test_after_a_death_all_that_was_asked_is_asked_again_in_the_old_order_before_anything_new() -> None:
    dispatch = Dispatch(feed(30), 1, slots=2)
    settle_all(dispatch, 0, dispatch.give(0)[1:3])
    dispatch.give(0)  # 0, 3, 4, 5, 6, 7 are asked
    assert dispatch.died(0, loaded=True) == []
    assert samples(dispatch.give(0)) == [0, 3, 4, 5, 6, 7]
    assert dispatch.give(0) == []


def test_what_ran_when_two_engines_died_waits_for_the_end_and_then_runs_alone() -> None:
    dispatch = Dispatch(feed(8), 1, slots=2)
    dispatch.give(0)
    dispatch.died(0, loaded=True)
    dispatch.give(0)
    assert dispatch.died(0, loaded=True) == []
    given = dispatch.give(0)
    assert samples(given) == [2, 3, 4, 5, 6, 7]  # these only waited: no suspicion falls on them
    settle_all(dispatch, 0, given)
    for suspect in (0, 1):
        alone = dispatch.give(0)
        assert samples(alone) == [suspect]
        assert dispatch.give(0) == []  # nothing beside it
        settle_all(dispatch, 0, alone)
    assert dispatch.idle


def test_two_deaths_in_company_of_different_samples_are_counted_by_each_sample() -> None:
    dispatch = Dispatch(feed(4), 1, slots=2)
    given = dispatch.give(0)
    dispatch.died(0, loaded=True)  # 0 and 1 ran
    given = dispatch.give(0)
    settle_all(dispatch, 0, given[:1])
    dispatch.died(0, loaded=True)  # 1 and 2 ran
    assert samples(dispatch.give(0)) == [2, 3]


@pytest.mark.parametrize("slots", [2, 7])
def test_three_deaths_alone_after_two_in_company_and_the_sample_is_given_up(slots: int) -> None:
    dispatch = Dispatch(feed(1 + slots), 1, slots)
    for _ in range(2):
        dispatch.give(0)
        assert dispatch.died(0, loaded=True) == []
    settle_all(dispatch, 0, dispatch.give(0))  # the one that never ran
    for _ in range(2):
        assert samples(dispatch.give(0)) == [0]
        assert dispatch.died(0, loaded=True) == []
    assert samples(dispatch.give(0)) == [0]
    assert [work.sample for work in dispatch.died(0, loaded=True)] == [0]
    assert samples(dispatch.give(0)) == [1]


def test_with_one_slot_every_death_is_alone_and_the_third_is_the_last() -> None:
    dispatch = Dispatch(feed(3), 1, slots=1)
    assert samples(dispatch.give(0)) == [0, 1, 2]
    assert dispatch.died(0, loaded=True) == []
    given = dispatch.give(0)
    assert samples(given) == [1, 2]
    settle_all(dispatch, 0, given)
    assert samples(dispatch.give(0)) == [0]
    assert dispatch.died(0, loaded=True) == []
    assert samples(dispatch.give(0)) == [0]
    assert [work.sample for work in dispatch.died(0, loaded=True)] == [0]
    assert dispatch.idle


def test_a_suspect_that_survives_alone_is_settled_like_any_other() -> None:
    dispatch = Dispatch(feed(1), 1, slots=1)
    for _ in range(2):
        dispatch.give(0)
        assert dispatch.died(0, loaded=True) == []
    settle_all(dispatch, 0, dispatch.give(0))
    assert dispatch.idle


def test_deaths_before_the_model_was_loaded_are_no_samples_fault() -> None:
    dispatch = Dispatch(feed(3), 1, slots=1)
    for _ in range(20):
        assert samples(dispatch.give(0)) == [0, 1, 2]
        assert dispatch.died(0, loaded=False) == []


def test_a_death_takes_nothing_from_the_other_workers_who_take_over_what_it_leaves() -> None:
    dispatch = Dispatch(feed(8), 2, slots=1)
    assert samples(dispatch.give(0)) == [0, 1, 2, 3]
    others = dispatch.give(1)
    assert samples(others) == [4, 5, 6, 7]
    dispatch.died(0, loaded=True)
    settle_all(dispatch, 1, others)
    assert samples(dispatch.give(1)) == [1, 2, 3]
    assert samples(dispatch.give(0)) == [0]  # the suspect, in an engine of its own


def test_what_a_death_leaves_goes_to_no_worker_that_has_a_suspect() -> None:
    dispatch = Dispatch(feed(8), 2, slots=1)
    dispatch.give(0)
    dispatch.give(1)
    dispatch.died(0, loaded=True)  # 0 is a suspect
    settle_all(dispatch, 0, dispatch.give(0))
    suspect = dispatch.give(0)
    assert samples(suspect) == [0]
    dispatch.died(1, loaded=True)  # 5, 6 and 7 are to be asked again
    assert dispatch.give(0) == []
    settle_all(dispatch, 0, suspect)
    assert samples(dispatch.give(0)) == [5, 6, 7]


def test_a_worker_whose_suspect_was_given_up_takes_part_again() -> None:
    dispatch = Dispatch(feed(8), 2, slots=1)
    dispatch.give(0)
    dispatch.give(1)
    dispatch.died(0, loaded=True)  # 0 is a suspect
    settle_all(dispatch, 0, dispatch.give(0))
    for _ in range(2):
        assert samples(dispatch.give(0)) == [0]
        given_up = dispatch.died(0, loaded=True)
    assert [work.sample for work in given_up] == [0]
    dispatch.died(1, loaded=True)
    assert samples(dispatch.give(0)) == [5, 6, 7]


class Engines:
    """Engines that run the first `slots` of what they are asked, and die of any of `poison`."""

    def __init__(self, dispatch: Dispatch, workers: int, slots: int, poison: set[int]) -> None:
        self.dispatch, self.slots, self.poison = dispatch, slots, poison
        self.asked: list[dict[int, Work]] = [{} for _ in range(workers)]
        self.settled: Counter[int] = Counter()
        self.given_up: Counter[int] = Counter()
        self.poisoned = 0

    def give(self, worker: int) -> None:
        for number, work in self.dispatch.give(worker):
            assert all(number not in asked for asked in self.asked)
            assert all(work is not other for asked in self.asked for other in asked.values())
            self.asked[worker][number] = work
        assert len(self.asked[worker]) <= self.slots + min(self.slots + 2, MOST_WAITING)

    def die(self, worker: int) -> None:
        self.asked[worker] = {}
        self.given_up.update(work.sample for work in self.dispatch.died(worker, loaded=True))

    def finish(self, worker: int, rng: random.Random) -> None:
        """One of the running samples ends: with an answer, or with the engine."""
        running = list(self.asked[worker])[:self.slots]
        if not running:
            return
        number = rng.choice(running)
        work = self.asked[worker][number]
        if work.sample in self.poison:
            self.poisoned += 1
            self.die(worker)
        else:
            del self.asked[worker][number]
            assert self.dispatch.settle(worker, number) is work
            self.settled[work.sample] += 1


@settings(max_examples=300)
@given(st.data(), st.integers(1, 25), st.integers(1, 3), st.integers(1, 5), st.integers(0, 6),
       st.randoms(use_true_random=False))
def test_every_sample_is_settled_or_given_up_once_and_the_poison_is_given_up(
        data: st.DataObject, count: int, workers: int, slots: int, kills: int, rng: random.Random) -> None:
    poison = data.draw(st.sets(st.integers(0, count - 1), max_size=3), "poison")
    engines = Engines(Dispatch(feed(count), workers, slots), workers, slots, poison)
    unrelated = 0
    for _ in range(5000):
        worker = rng.randrange(workers)
        engines.give(worker)
        if engines.dispatch.idle:
            break
        if unrelated < kills and rng.random() < 0.2:
            unrelated += 1
            engines.die(worker)
        else:
            engines.finish(worker, rng)
    assert engines.dispatch.idle
    assert engines.settled + engines.given_up == Counter(range(count))
    assert set(engines.given_up) >= poison
    assert engines.poisoned <= 5 * len(poison)  # two in company and three alone
    if unrelated < 3:
        assert set(engines.given_up) == poison
