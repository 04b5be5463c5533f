"""Of what controls did, a person is told where a loop was found, and nothing that they asked for."""
from __future__ import annotations

from localthink.chat.turn import Turn
from localthink.plain.answer import figures
from localthink.records import Intervention
from localthink.text.announcements import announcements

DONE = (Intervention(12, "budget", "closed the thinking"),
        Intervention(1472, "loop-guard", "a loop of 39 tokens, 4.1 rounds, 100% alike: helps it out"))


def test_loops_are_told_of_with_their_place_and_budgets_are_not():
    assert announcements(DONE) == ["at token 1,472 a loop of 39 tokens, 4.1 rounds, 100% alike: helps it out"]


def test_the_figures_of_a_plain_answer_have_it_behind_how_the_answer_ended():
    turn = Turn()
    turn.interventions = DONE
    turn.end("loop")
    assert figures(turn, 0).startswith(f"ended: it went round in a circle · {announcements(DONE)[0]} · ")
