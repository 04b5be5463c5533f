"""The budget of a sample, token by token: soft landings, minima, messages, and room that is kept for an answer."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.scenes import DOT, END, END_THINK, VOCABULARY, WAIT, Scene
from localthink.control.budget import LATE, LONGEST_LANDING, BudgetControl
from localthink.records import Generation

FAR, NEAR = 9.0, 1.0


def scene_of(room: int = 2**31, **settings) -> Scene:
    return Scene(BudgetControl(Generation(**settings)), room=room)


def closing_behind(scene: Scene, margin: float, likelier: int = VOCABULARY - 1) -> None:
    """The closing tag is `margin` behind the likeliest token, and `likelier` tokens are before it."""
    logits = np.full(VOCABULARY, -50.0, np.float32)
    logits[:likelier] = 0
    logits[END_THINK] = -margin
    scene.view.logits = logits


def closed_after(scene: Scene, tokens: list[int]) -> int | None:
    for place, token in enumerate(tokens):
        if scene.write(token) == END_THINK:
            return place
    return None


SENTENCES = [1, 2, 3, 4, DOT] * 200


def test_a_soft_landing_waits_for_a_sentence_end_at_which_the_model_might_close():
    scene = scene_of(max_thinking=100, landing=2.0)
    closing_behind(scene, FAR)
    assert closed_after(scene, SENTENCES[:112]) is None
    closing_behind(scene, NEAR)
    assert closed_after(scene, SENTENCES[112:]) == 3  # 115 tokens, of which the last ends a sentence
    assert scene.why == ["closed the thinking at its limit, after 115 tokens"]


def test_among_the_ten_likeliest_is_near_enough_whatever_the_margin():
    scene = scene_of(max_thinking=100, landing=0.0)
    closing_behind(scene, FAR, likelier=10)
    assert closed_after(scene, SENTENCES[:105]) is None
    closing_behind(scene, FAR, likelier=9)
    assert closed_after(scene, SENTENCES[105:]) == 0


@pytest.mark.parametrize("limit", [4, 100, 1000, 5000])
def test_a_soft_landing_ends_a_quarter_of_the_limit_later_at_the_latest(limit):
    scene = scene_of(max_thinking=limit, landing=2.0)
    closing_behind(scene, FAR)
    assert closed_after(scene, [1] * 9000) == limit + min(LONGEST_LANDING, limit // LATE)


def test_thinking_under_its_minimum_reads_wait_where_it_would_close():
    scene = scene_of(min_thinking=8)
    taken = scene.write_all([1, END_THINK, 2, END, 3, 4, 5, 6, END_THINK])
    assert taken == [1, WAIT, 2, WAIT, 3, 4, 5, 6, END_THINK]
    assert scene.why == ["kept the thinking open, as it has not had 8 tokens"] * 2


def test_a_person_who_wants_an_answer_has_it_under_the_minimum_too():
    control = BudgetControl(Generation(min_thinking=50))
    scene = Scene(control)
    scene.write_all([1, 2, DOT])
    control.budget.steer("answer", 3)
    assert scene.write(4) == END_THINK and scene.why[-1].startswith("closed the thinking as it was asked to")


def test_a_message_comes_whole_before_the_tag():
    scene = scene_of(max_thinking=10, closing="So.")
    assert scene.write_all([1] * 13)[9:] == [1, 40, 41, END_THINK]


@given(st.integers(1, 400), st.integers(8, 600), st.lists(st.sampled_from([1, 2, DOT]), min_size=600, max_size=600))
def test_an_answer_finds_the_room_that_was_kept_or_a_quarter_of_all_there_is(kept, room, tokens):
    scene = scene_of(room, answer_room=kept)
    place = closed_after(scene, tokens[:room])
    assert place is not None
    assert room - (place + 1) >= min(kept, room // 4), "what is left behind the closing tag"
    assert place + 1 >= room - min(kept, room // 4) - room // 10 - 2, "and not much more"


def test_without_room_kept_thinking_may_use_all_of_it():
    assert closed_after(scene_of(100), SENTENCES[:100]) is None


def test_where_room_is_kept_the_end_of_the_text_is_the_end_of_the_thinking_alone():
    scene = scene_of(1000, answer_room=50)
    assert scene.write_all([1, END]) == [1, END_THINK]
    assert Scene(BudgetControl(Generation())).write_all([1, END]) == [1, END]


def test_room_for_the_answer_comes_before_the_minimum():
    scene = scene_of(100, min_thinking=99, answer_room=20)
    assert closed_after(scene, [1] * 100) == 79


def test_in_the_answer_nothing_is_done():
    scene = Scene(BudgetControl(Generation(min_thinking=50, max_thinking=60, answer_room=50)), thinking=False, room=100)
    assert scene.write_all([1, END_THINK, DOT]) == [1, END_THINK, DOT]
