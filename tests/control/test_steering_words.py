"""NoWait, CyclicReflex and AlphaOne do, token by token, what their papers say; the placebo what the penalty does."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.scenes import BUT, DOT, END_THINK, SWITCH, WAIT, WAIT_SPACED, Scene, biases
from localthink.control.alpha_one import AlphaOne
from localthink.control.cyclic_reflex import CyclicReflex, wave
from localthink.control.no_wait import NoWait
from localthink.control.placebo import Placebo
from localthink.control.tip import penalty
from localthink.records import Tip


def test_banned_words_never_come_while_it_thinks_in_any_form_that_is_one_token():
    scene = Scene(NoWait("wait+but"))
    assert biases(scene.plan()) == {WAIT: -np.inf, WAIT_SPACED: -np.inf, BUT: -np.inf}
    scene.told(END_THINK)
    assert biases(scene.plan()) == {}


@pytest.mark.parametrize(("share", "height"), [(0, 0), (1 / 8, 0.5), (1 / 4, 1), (1 / 2, 0), (3 / 4, -1), (1, 0)])
def test_the_wave_is_a_triangle_that_begins_at_zero_and_rises(share, height):
    assert wave(int(800 * share), 5.0, 800) == pytest.approx(5 * height)


@given(st.integers(0, 10**6), st.floats(0.1, 100), st.integers(4, 10**5))
def test_the_wave_stays_within_its_amplitude_and_comes_again_after_a_period(position, amplitude, period):
    assert abs(wave(position, amplitude, period)) <= amplitude * (1 + 1e-9)
    assert wave(position + period, amplitude, period) == pytest.approx(wave(position, amplitude, period), abs=1e-6)


def test_words_of_reflection_follow_the_wave_and_the_answer_is_left_alone():
    scene = Scene(CyclicReflex(amplitude=4, period=8))
    seen = []
    for _ in range(8):
        found = biases(scene.plan())
        assert found.keys() <= {WAIT, WAIT_SPACED, BUT}
        seen.append(found.get(WAIT, 0.0))
        scene.told(1)
    assert seen == [0, 2, 4, 2, 0, -2, -4, -2]
    scene.told(END_THINK)
    assert biases(scene.plan()) == {}


def paragraphs(scene: Scene, count: int) -> list[int]:
    """As many paragraphs of nine words; what is taken behind the end of each."""
    taken = []
    for _ in range(count):
        for _ in range(9):
            scene.told(1)
        scene.view._texts[-1] = " w.\n\n"
        taken.append(scene.write(2))
    return taken


def test_wait_is_put_in_behind_paragraphs_less_and_less_until_the_alpha_moment():
    shares = np.zeros(4)
    for seed in range(200):
        scene = Scene(AlphaOne(alpha=2.0, length=200))
        scene.view.seed = seed
        shares += [np.mean([token == WAIT for token in paragraphs(scene, 10)]) for _ in range(4)]
    assert np.allclose(shares / 200, [0.87, 0.62, 0.37, 0.12], atol=0.05)
    assert paragraphs(scene, 20) == [2] * 20


def test_the_same_seed_has_the_same_wait_at_the_same_place():
    def taken(seed: int) -> list[int]:
        scene = Scene(AlphaOne())
        scene.view.seed = seed
        return paragraphs(scene, 60)

    assert taken(7) == taken(7) != taken(8)


def test_behind_the_alpha_moment_the_first_wait_is_the_end_of_the_thinking():
    scene = Scene(AlphaOne(alpha=1.0, length=10))
    assert scene.write_all([1, WAIT, *[1] * 8]) == [1, WAIT, *[1] * 8]
    assert scene.write(WAIT_SPACED) == END_THINK
    assert scene.why == ["closed the thinking in place of a Wait, after 10 tokens"]
    assert scene.write_all([DOT, WAIT]) == [DOT, WAIT]


@given(st.integers(0, 12), st.floats(0, 20), st.lists(st.booleans(), max_size=20))
def test_the_placebo_takes_alpha_off_its_words_whenever_the_penalty_would(beta, alpha, switches):
    """Token by token, beside the penalty itself, over thoughts that begin anew at every switch."""
    scene = Scene(Placebo(alpha, beta, "wait+but"), switch=SWITCH)
    for switch in switches:
        due = penalty(Tip(alpha, beta), scene.view.tracker)
        found = biases(scene.plan())
        assert found == ({WAIT: -np.float32(due), WAIT_SPACED: -np.float32(due), BUT: -np.float32(due)} if
                         scene.view.position - scene.view.tracker.start < beta else {})
        assert due == 0 or found
        scene.told(SWITCH if switch else 1)


def test_the_placebo_leaves_alone_what_the_penalty_leaves_alone():
    scene = Scene(Placebo(3, 600, "wait"))
    scene.told(END_THINK)
    assert biases(scene.plan()) == {}


def test_a_placebo_whose_words_are_no_tokens_says_that_it_changed_nothing():
    scene = Scene(Placebo(3, 600, "unheard+of"))
    scene.write_all([1, 1])
    scene.controls.ended()
    assert scene.why == ["none of its words is one token of this model: it changed nothing"]
    told = Scene(Placebo(3, 600, "wait"))
    told.write_all([1, 1])
    told.controls.ended()
    assert told.why == []
