"""The guard helps a loop once, closes the thinking when it comes back, and ends an answer that goes round."""
from __future__ import annotations

import pytest

from control.scenes import DOT, END_THINK, Scene, biases
from localthink.control.interface import Finish
from localthink.control.loop_guard import FOLLOWING, STRENGTH, LoopGuard

CIRCLE = list(range(10, 30))
HELP = 40


def guard() -> LoopGuard:
    return LoopGuard(rounds=3, tokens=40, heat=1.5, help=HELP)


def until_help(scene: Scene) -> None:
    """Go round until the guard helps."""
    for turn in range(200):
        scene.write(CIRCLE[turn % len(CIRCLE)])
        if scene.plan().temperature != 1:
            return
    raise AssertionError("no help came")


def test_nothing_is_done_while_nothing_goes_round():
    scene = Scene(guard())
    for token in range(5000):
        scene.told(token * 7 % 4999)
        assert scene.plan().bias is None and scene.plan().temperature == 1
    assert scene.why == []


def test_a_loop_raises_the_temperature_and_penalises_what_would_come_next_in_the_circle():
    scene = Scene(guard())
    until_help(scene)
    at = scene.view.position
    step = scene.plan()
    assert step.temperature == 1.5
    assert biases(step) == {CIRCLE[at % len(CIRCLE)]: -STRENGTH * 8}
    assert scene.why[0].startswith("a loop of 20 tokens, 3.") and scene.why[0].endswith("100% alike: helps it out")


def test_a_text_that_has_left_the_circle_is_not_penalised_and_one_that_is_back_in_it_is_more_and_more():
    scene = Scene(guard())
    until_help(scene)
    scene.told(55)
    assert biases(scene.plan()) == {} and scene.plan().temperature == 1.5
    at = scene.view.position
    seen = []
    for turn in range(at, at + 4):
        scene.told(CIRCLE[turn % len(CIRCLE)])
        seen.append(next(iter(biases(scene.plan()).values()), 0))
    assert seen == [0.0 if n < FOLLOWING else -STRENGTH * n for n in (1, 2, 3, 4)]


def test_the_help_ends():
    scene = Scene(guard())
    until_help(scene)
    for token in range(HELP):
        assert scene.plan().temperature == 1.5
        scene.told(1000 + token)
    assert scene.plan().temperature == 1 and len(set(scene.why)) == 1


def test_a_loop_that_comes_back_closes_the_thinking_where_a_sentence_ends():
    scene = Scene(guard())
    until_help(scene)
    circle = [*CIRCLE[:-1], DOT]
    for turn in range(1000):
        if scene.write(circle[turn % len(circle)]) == END_THINK:
            break
    assert scene.view.tracker.part == "answer" and scene.view.text(2) == " it."
    assert scene.why[-1].endswith("came back, and closes the thinking") and len(set(scene.why)) == 2


def test_where_no_sentence_ends_it_is_closed_all_the_same():
    scene = Scene(guard())
    until_help(scene)
    tokens = [scene.write(CIRCLE[turn % len(CIRCLE)]) for turn in range(300)]
    assert END_THINK in tokens


def test_an_answer_that_goes_round_ends_for_its_loop():
    scene = Scene(guard(), thinking=False)
    until_help(scene)
    for turn in range(1000):
        if (step := scene.plan()).request is not None:
            break
        scene.told(CIRCLE[turn % len(CIRCLE)])
    assert step.request == Finish("loop") and scene.why[-1].endswith("came back, and ends the answer")


def test_the_answer_has_help_of_its_own_after_a_loop_in_the_thinking():
    scene = Scene(guard())
    until_help(scene)
    scene.told(END_THINK)
    assert scene.plan().temperature == 1
    until_help(scene)
    assert scene.plan().request is None


def test_while_a_person_wants_it_to_think_on_it_is_helped_again_and_not_closed():
    scene = Scene(guard())
    scene.view.wish = "think"
    tokens = [scene.write(CIRCLE[turn % len(CIRCLE)]) for turn in range(1500)]
    assert END_THINK not in tokens and len(scene.controls.interventions) > 3
    assert all(why.endswith("helps it out") for why in scene.why)


@pytest.mark.parametrize("place", [30, 70, 90, 130, 170])
def test_behind_an_earlier_attempt_it_goes_on_as_that_would_have(place):
    whole, again = Scene(guard()), Scene(guard())
    tokens = [whole.write(CIRCLE[turn % len(CIRCLE)]) for turn in range(place)]
    for token in tokens:
        again.told(token)
    for turn in range(place, place + 150):
        one, other = whole.plan(), again.plan()
        assert biases(one) == biases(other) and one.temperature == other.temperature
        assert whole.write(CIRCLE[turn % len(CIRCLE)]) == again.write(CIRCLE[turn % len(CIRCLE)])
