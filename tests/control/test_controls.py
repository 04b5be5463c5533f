"""Several controls of one sample, step by step: biases add up, the first that forces wins, and what did it is noted."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.control.controls import NOTHING, Controls, added
from localthink.control.interface import Action, Bias, Control, Finish
from localthink.control.tip import TipControl
from localthink.control.view import View, Words
from localthink.records import Intervention, Tip
from localthink.thinking.automaton import Automaton
from localthink.thinking.tracker import ThoughtTracker


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def view(thinking: bool = True) -> View:
    return View(ThoughtTracker(Automaton([(5,)]), thinking), Words((9,)), [], [])


class Scripted(Control):
    """Does what it is told to, and remembers what it was told of."""

    def __init__(self, name: str, *actions: Action | None, instead: Action | None = None) -> None:
        self.name, self._actions, self._instead = name, list(actions), instead
        self.heard: list[int] = []

    def before(self, view: View) -> Action | None:
        return self._actions.pop(0) if self._actions else None

    def instead(self, view: View, drawn: int) -> Action | None:
        return self._instead

    def after(self, view: View, token: int) -> None:
        self.heard.append(token)


def test_a_control_that_overrides_nothing_is_asked_nothing():
    controls = Controls([Control(), Control()], view())
    assert controls.plan() is NOTHING and not controls.steers and controls.choose(3) == 3


def test_biases_add_up_and_temperatures_multiply():
    one = Scripted("one", Action(Bias(ids(1, 4), np.float32(-2)), temperature=2.0))
    other = Scripted("other", Action(Bias(ids(4, 7), np.array([1, 3], np.float32)), temperature=1.5))
    step = Controls([one, other], view()).plan()
    assert step.bias.ids.tolist() == [1, 4, 7] and step.bias.values.tolist() == [-2, -1, 3] and step.temperature == 3


@given(st.lists(st.dictionaries(st.integers(0, 30), st.integers(-8, 8), min_size=1), min_size=1, max_size=5))
def test_added_biases_are_the_sum_at_every_id(parts):
    found = added([Bias(ids(*sorted(part)), np.array([part[i] for i in sorted(part)], np.float32)) for part in parts])
    whole = {i: sum(part.get(i, 0) for part in parts) for part in parts for i in part}
    assert dict(zip(found.ids.tolist(), np.broadcast_to(found.values, found.ids.shape).tolist(), strict=True)) == whole
    assert found.ids.tolist() == sorted(whole)


def test_of_tokens_that_are_forced_the_first_control_s_come_whole_and_before_anything_drawn():
    first = Scripted("first", Action(force=(1, 2), why="because"))
    second = Scripted("second", Action(force=(3,), why="too late"), instead=Action(force=(4,), why="instead"))
    controls = Controls([first, second], view())
    controls.plan()
    assert [controls.choose(7) for _ in range(2)] == [1, 2]
    assert controls.choose(7) == 4, "nothing is left to force: the next is asked"
    assert [each.control for each in controls.interventions] == ["first", "second"], "too late is nothing done"


def test_of_requests_the_first_counts_and_its_asker_is_known():
    first = Scripted("first", Action(request=Finish("stop")))
    second = Scripted("second", Action(request=Finish("length")))
    step = Controls([first, second], view()).plan()
    assert step.request == Finish("stop") and step.asker is first


def test_every_control_is_told_of_every_token():
    one, other = Scripted("one"), Scripted("other")
    controls = Controls([one, Control(), other], view())
    for token in (3, 1, 4):
        controls.told(token)
    assert one.heard == other.heard == [3, 1, 4]


def test_an_intervention_says_where_who_and_why():
    seen = view()
    controls = Controls([Scripted("one", None, Action(temperature=2.0, why="it turned in circles"))], seen)
    controls.plan()
    seen.tracker.observe(3)
    controls.plan()
    assert controls.interventions == [Intervention(1, "one", "it turned in circles")]


@pytest.mark.parametrize(("tip", "written", "biased"), [
    (Tip(2.5, 3), 0, False), (Tip(2.5, 3), 1, True), (Tip(2.5, 3), 2, True), (Tip(2.5, 3), 3, False),
    (Tip(0.0), 1, False),
])
def test_the_penalty_is_a_bias_on_what_would_open_a_thought_for_beta_tokens(tip, written, biased):
    seen = view()
    for _ in range(written):
        seen.tracker.observe(3)
    step = Controls([TipControl(tip)], seen).plan()
    assert (step.bias is not None) == biased
    if step.bias is not None:
        assert step.bias.ids.tolist() == [5] and float(step.bias.values) == -2.5


def test_in_the_answer_the_penalty_rests():
    assert Controls([TipControl(Tip())], view(thinking=False)).plan() is NOTHING


def test_a_view_tells_how_far_a_token_is_behind_the_likeliest():
    seen = view()
    seen.logits = np.array([0.0, 3.0, 1.0, 2.0], np.float32)
    assert seen.margin(1) == 0 and seen.margin(0) == 3 and [seen.rank(token) for token in range(4)] == [3, 0, 2, 1]
    logprobs = np.sort(seen.logprobs(2))
    whole = np.sort(seen.logits - np.log(np.exp(seen.logits).sum()))
    assert np.allclose(logprobs, whole[-2:], atol=1e-6)
