"""Votes weighted by confidence."""
from __future__ import annotations

import pytest
from hypothesis import given

from localthink.records import ControlSpec, Generation
from localthink.solving.confident import Confident
from solving.making import attempt, pools


def warm(*confidences: float | None, answers: str = "1111111111"):
    return [attempt(number, answer, confidence=confidence)
            for number, (confidence, answer) in enumerate(zip(confidences, answers, strict=False))]


def control(generation: Generation) -> dict[str, object]:
    [spec] = [spec for spec in generation.controls if spec.name == "confidence"]
    return dict(spec.settings)


def test_while_warming_up_nothing_is_ended_and_no_more_are_begun():
    strategy = Confident(8, warm_up=4, group=32)
    assert strategy.move(warm(1, 2, 3)).begun == 4
    assert control(strategy.how(Generation(), 3, warm(1, 2, 3))) == {"group": 32, "least": 0}


@pytest.mark.parametrize(("keep", "least"), [(0.9, 1.0), (0.75, 2.0), (0.5, 3.0), (0.1, 4.0), (0.0, 4.0), (1.0, 1.0)])
def test_the_threshold_is_what_a_share_of_the_warm_up_reaches(keep, least):
    strategy = Confident(8, warm_up=4, keep=keep)
    assert strategy.threshold(warm(3, 1, 4, 2)) == least
    assert control(strategy.how(Generation(), 4, warm(3, 1, 4, 2)))["least"] == least


def test_it_takes_the_place_of_a_confidence_that_was_asked_for_and_leaves_other_controls():
    base = Generation(controls=(ControlSpec("confidence", (("least", 9),)), ControlSpec("no-wait")))
    assert [spec.name for spec in Confident(4).how(base, 0, []).controls] == ["no-wait", "confidence"]


def test_votes_weigh_what_their_confidence_is_and_doubtful_ones_nothing():
    ended = warm(3, 1, 4, 2, answers="1222")  # the second is below the threshold
    choice = Confident(4, warm_up=4, keep=0.75).choose(ended)
    assert [(group.said.text, group.weight) for group in choice.groups] == [("2", 6), ("1", 3)]
    assert choice.sure == pytest.approx(6 / 9)


def test_it_stops_once_the_leader_has_the_weight():
    assert Confident(8, warm_up=2, sure=0.9).move(warm(3, 3)).stop
    assert not Confident(8, warm_up=2, sure=0.9).move(warm(3, 3, answers="12")).stop
    assert not Confident(8, warm_up=2).move([attempt(0, None), attempt(1, None)]).stop, "there is no vote yet"


def test_where_nobody_looked_on_all_votes_weigh_the_same():
    choice = Confident(3, warm_up=2).choose(warm(None, None, None, answers="122"))
    assert [group.weight for group in choice.groups] == [2, 1]


@given(pools())
def test_weights_are_the_sums_of_those_above_the_threshold(pool):
    strategy = Confident(len(pool), warm_up=3, keep=0.5)
    first = sorted((a.confidence for a in pool[:3]), reverse=True)
    least = first[max(0, -(-len(first) // 2) - 1)]
    for group in strategy.choose(pool).groups:
        assert group.weight == pytest.approx(sum(
            a.confidence for a in pool if a.said == group.said and a.confidence >= least))
