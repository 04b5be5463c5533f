"""What an answer says of how it was steered."""
from __future__ import annotations

import math

import pytest

from localthink.chat.steering import penalty, steering
from localthink.chat.turn import Turn
from localthink.records import Adjustment


@pytest.mark.parametrize(("alpha", "beta", "said"), [(3, 600, "α 3, β 600"), (0, 600, "no penalty"),
                                                     (2.5, math.inf, "α 2.5, β ∞")])
def test_a_penalty_in_words(alpha, beta, said):
    assert penalty(alpha, beta) == said


@pytest.mark.parametrize(("steered", "said"), [
    ([], ""),
    ([Adjustment(41, 0, 600, "free")], " · no penalty from token 41"),
    ([Adjustment(41, 5, 600, "free"), Adjustment(41, 6, 600, "free")], " · α 6, β 600 from token 41"),
    ([Adjustment(57, 3, 600, "answer")], " · answer now at token 57"),
    ([Adjustment(9, 3, 600, "think"), Adjustment(1200, 3, 600, "free")],
     " · think on from token 9 · let go at token 1,200"),
    ([Adjustment(5, 3, 600, "free")], ""),
    ([Adjustment(place, place, 600, "free") for place in range(10, 17)],
     "".join(f" · α {place}, β 600 from token {place}" for place in range(10, 14)) + " · 3 more changes"),
])
def test_what_was_turned_leaves_a_trace_with_its_token(steered, said):
    turn = Turn(alpha=3, beta=600)
    turn.steered = tuple(steered)
    assert steering(turn) == "α 3, β 600" + said
