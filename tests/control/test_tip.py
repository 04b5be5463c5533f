"""TIP is exactly the paper's rule: z' = z - alpha while t < Psi + beta, for the tokens that would switch.

No token does as the very first of a block: there is no thought yet that could be left.
"""
from __future__ import annotations

import math

import pytest

from localthink.control.tip import penalty
from localthink.errors import UsageError
from localthink.records import Tip
from localthink.thinking.automaton import Automaton
from localthink.thinking.tracker import OPENING, ThoughtTracker

THINK, END_THINK = 100, 101
WORD, SWITCH = 0, 7
FIRST, LAST = 5, 6  # a marker of two tokens


def biases(tip: Tip, tokens: list[int], begins_thinking: bool = True) -> list[dict[int, float]]:
    """What is taken off which logit before each of `tokens`, and before the one that would follow."""
    automaton = Automaton([(SWITCH,), (FIRST, LAST)])
    tracker = ThoughtTracker(automaton, begins_thinking, everywhere=tip.where == "everywhere")
    taken = [bias(tip, tracker)]
    for token in tokens:
        if token in (THINK, END_THINK):
            tracker.turn("thinking" if token == THINK else "answer", 1)
        else:
            tracker.observe(token)
        taken.append(bias(tip, tracker))
    return taken


def bias(tip: Tip, tracker: ThoughtTracker) -> dict[int, float]:
    alpha = penalty(tip, tracker)
    return {int(token): alpha for token in tracker.switch_tokens} if alpha else {}


ON, OFF = {SWITCH: 3.0}, {}


def test_switches_are_penalised_for_beta_tokens_from_the_start_of_a_thought():
    assert biases(Tip(3.0, 4), [WORD] * 6) == [OFF, ON, ON, ON, OFF, OFF, OFF]


def test_a_switch_begins_the_count_anew_at_its_first_token():
    # Psi is 20 from t = 21 on, and the penalty lasts while t < 32
    seen = biases(Tip(3.0, 12), [WORD] * 20 + [SWITCH] + [WORD] * 15)
    assert seen == [OFF] + [ON] * 11 + [OFF] * 9 + [ON] * 11 + [OFF] * 5


def test_a_grace_lets_the_penalty_rest_after_a_switch_and_at_no_other_place():
    seen = biases(Tip(3.0, 12, grace=8), [WORD] * 20 + [SWITCH] + [WORD] * 15)
    assert seen == [OFF] + [ON] * 11 + [OFF] * 9 + [OFF] * 7 + [ON] * 4 + [OFF] * 5


def test_a_beta_shorter_than_the_opening_words_still_holds():
    seen = biases(Tip(3.0, OPENING - 4), [WORD] * 9 + [SWITCH] + [WORD] * 6)
    assert seen == [OFF] + [ON] * 3 + [OFF] * 6 + [ON] * 3 + [OFF] * 4


def test_a_marker_of_several_tokens_counts_from_its_first():
    # FIRST at 20 is Psi, once LAST at 21 is read; LAST is free there because the thought before has lasted
    seen = biases(Tip(3.0, 12), [WORD] * 20 + [FIRST, LAST] + [WORD] * 14)
    assert seen == [OFF] + [ON] * 11 + [OFF] * 10 + [ON] * 10 + [OFF] * 5


def test_a_marker_of_several_tokens_is_penalised_at_its_last():
    assert biases(Tip(3.0, 4), [WORD, FIRST, WORD]) == [OFF, ON, {SWITCH: 3.0, LAST: 3.0}, ON]


def test_a_switch_while_the_penalty_lasts_begins_the_count_anew_too():
    seen = biases(Tip(3.0, 12), [WORD] * 5 + [SWITCH] + [WORD] * 15)
    assert seen == [OFF] + [ON] * 5 + [ON] * 11 + [OFF] * 5


def test_a_marker_among_the_opening_words_of_a_switch_does_not():
    seen = biases(Tip(3.0, 12), [WORD] * 5 + [SWITCH, WORD, SWITCH] + [WORD] * 13)
    assert seen == [OFF] + [ON] * 5 + [ON] * 11 + [OFF] * 5


def test_alpha_zero_takes_nothing():
    assert biases(Tip(0.0), [WORD] * 9 + [SWITCH] + [WORD] * 10) == [OFF] * 21


def test_beta_zero_takes_nothing():
    assert biases(Tip(3.0, 0), [WORD] * 9 + [SWITCH] + [WORD] * 10) == [OFF] * 21


def test_a_beta_between_two_tokens_reaches_to_the_next():
    assert biases(Tip(3.0, 1.5), [WORD] * 3) == [OFF, ON, OFF, OFF]


def test_infinite_beta_never_ends():
    assert biases(Tip(3.0, math.inf), [WORD] * 40) == [OFF] + [ON] * 40


def test_negative_alpha_invites():
    assert biases(Tip(-2.0, 2), [WORD] * 2) == [OFF, {SWITCH: -2.0}, OFF]


def test_infinite_alpha_forbids():
    assert biases(Tip(math.inf, 2), [WORD] * 2) == [OFF, {SWITCH: math.inf}, OFF]


def test_the_answer_is_free_by_default():
    assert biases(Tip(3.0, 4), [WORD, END_THINK, WORD, SWITCH, WORD]) == [OFF, ON] + [OFF] * 4


def test_everywhere_the_answer_is_penalised_from_its_own_start():
    seen = biases(Tip(3.0, 4, where="everywhere"), [WORD, END_THINK, *[WORD] * 5])
    assert seen == [OFF, ON] + [OFF] + [ON] * 3 + [OFF] * 2


def test_everywhere_works_without_a_thinking_block():
    assert biases(Tip(3.0, 2, where="everywhere"), [WORD] * 3, begins_thinking=False) == [OFF, ON, OFF, OFF]


def test_a_second_thinking_block_counts_from_its_own_start():
    assert biases(Tip(3.0, 2), [WORD, END_THINK, WORD, THINK, WORD, WORD]) == [OFF, ON, OFF, OFF, OFF, ON, OFF]


def test_the_defaults_are_the_papers():
    assert (Tip().alpha, Tip().beta, Tip().where, Tip().grace) == (3.0, 600, "thinking", 0)


@pytest.mark.parametrize("settings", [
    {"alpha": math.nan}, {"alpha": -math.inf}, {"alpha": 1e300}, {"alpha": -1e300}, {"beta": -1}, {"beta": math.nan},
    {"where": "answer"}, {"grace": -1}])
def test_settings_that_cannot_be_used_are_refused_with_their_value(settings):
    (value,) = settings.values()
    with pytest.raises(UsageError, match=str(value).replace("+", r"\+")):
        Tip(**settings)
