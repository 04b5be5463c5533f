"""Early exit, DEER and DeepConf: when thinking is closed, or a sample ended, for what the model thinks of it."""
from __future__ import annotations

import math

import numpy as np
import pytest

from control.scenes import DOT, END_THINK, VOCABULARY, WAIT, Scene
from localthink.control.budget import GRACE_TOKENS
from localthink.control.confidence import Confidence, lowest_group
from localthink.control.deer import Deer
from localthink.control.early_exit import EarlyExit
from localthink.control.interface import Finish, Fork


def margin(scene: Scene, value: float) -> None:
    scene.view.logits = np.zeros(VOCABULARY, np.float32)
    scene.view.logits[END_THINK] = -value


@pytest.mark.parametrize(("behind", "closes"), [(0.0, True), (0.25, True), (0.26, False), (9.0, False), (-3.0, True)])
def test_thinking_closes_at_a_sentence_end_where_the_margin_is_small(behind, closes):
    scene = Scene(EarlyExit(margin=0.25))
    margin(scene, behind)
    assert scene.write_all([1, 2, DOT])[-1] == DOT, "not in the middle of a sentence"
    assert scene.write(3) == (END_THINK if closes else 3)


def test_the_first_tokens_may_be_left_alone_and_so_is_what_a_person_wants_thought_on():
    scene = Scene(EarlyExit(margin=1, after=6))
    margin(scene, 0.5)
    assert scene.write_all([1, DOT, 2, 3, 4, DOT]) == [1, DOT, 2, 3, 4, DOT]
    scene.view.wish = "think"
    assert scene.write(5) == 5 and scene.write(DOT) == DOT
    scene.view.wish = "free"
    assert scene.write(6) == END_THINK and scene.why == ["closed the thinking 0.50 behind the likeliest token, after 8 "
                                                         "tokens"]


def test_an_answer_is_tried_out_behind_each_wait_one_at_a_time():
    control = Deer(certainty=0.9, tokens=5)
    scene = Scene(control)
    scene.told(1)
    assert scene.plan().request is None
    scene.told(WAIT)
    assert scene.plan().request == Fork((1, 2), 5)
    scene.told(WAIT)
    assert scene.plan().request is None, "the first is still under way"
    control.forked(scene.view, [4, 5], [math.log(0.5), math.log(0.9)])
    scene.told(WAIT)
    assert scene.plan().request is not None


@pytest.mark.parametrize(("probabilities", "certain"), [((0.99, 0.9), True), ((0.99, 0.8), False), ((), False)])
def test_a_trial_is_certain_by_the_geometric_mean_of_its_probabilities(probabilities, certain):
    control = Deer(certainty=0.94)
    scene = Scene(control)
    scene.told(WAIT)
    scene.plan()
    control.forked(scene.view, range(len(probabilities)), [math.log(p) for p in probabilities])
    taken = scene.write_all([1, 2, DOT, 3])
    assert taken == ([1, 2, DOT, END_THINK] if certain else [1, 2, DOT, 3])


def test_what_is_certain_is_closed_soon_where_no_sentence_ends():
    control = Deer()
    scene = Scene(control)
    scene.told(WAIT)
    scene.plan()
    control.forked(scene.view, [1], [0.0])
    assert scene.write_all([1] * (GRACE_TOKENS + 1)).index(END_THINK) == GRACE_TOKENS
    assert scene.why == ["closed the thinking: an answer was 1.000 certain"]


def sure(scene: Scene, confidence: float) -> None:
    """A row whose two likeliest tokens have this mean negative log-probability."""
    p = 0.5 - math.sqrt(max(0.0, 0.25 - math.exp(-2 * confidence)))  # p (1 - p) = e^(-2 C)
    scene.view.logits = np.full(VOCABULARY, -100.0, np.float32)
    scene.view.logits[:2] = math.log(p), math.log(1 - p)


def test_a_sample_ends_once_a_whole_group_is_below_the_threshold():
    scene = Scene(Confidence(least=1.5, group=4, top=2))
    for confidence in (1.0, 1.0, 1.0, 3.0, 1.2):
        sure(scene, confidence)
        assert scene.plan().request is None  # 1, 1, 1, 3 have a mean of 1.5, and 1, 1, 3, 1.2 of 1.55
        scene.told(1)
    sure(scene, 0.7)
    assert scene.plan().request == Finish("confidence")
    assert scene.why == ["the confidence of 4 tokens is 1.475, below 1.5"]


def test_a_threshold_of_zero_ends_nothing_and_the_trace_tells_the_lowest_group():
    scene = Scene(Confidence(least=0, group=2, top=2))
    for confidence in (2.0, 1.0, 1.5, 3.0):
        sure(scene, confidence)
        assert scene.plan().request is None
        scene.told(1)
    scene.controls.ended()
    assert scene.why == ["lowest group 1.250"]


def test_a_sample_shorter_than_a_group_is_one_group_and_one_without_tokens_none():
    scene = Scene(Confidence(least=0, top=2))
    scene.controls.ended()
    assert scene.why == []
    for confidence in (2.0, 1.0):
        sure(scene, confidence)
        scene.plan()
    scene.controls.ended()
    assert scene.why == ["lowest group 1.500"]


def test_the_lowest_group_is_read_as_it_was_told():
    assert lowest_group([("tip", "lowest group 3"), ("confidence", "the confidence of 4 tokens is 1, below 2"),
                         ("confidence", "lowest group 1.250")]) == 1.25
    assert lowest_group([("tip", "lowest group 3")]) is None
