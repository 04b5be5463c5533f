"""A turn that is played: at its speed, whole, and in the end the same as one that was not."""
from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from localthink.chat.pacing import SPEED, PacedTurn
from localthink.chat.turn import Turn
from localthink.records import Event


def event(token: int) -> Event:
    part = "thinking" if token < 6 else "answer"
    return Event(1, 0, token, f"w{token} ", part, token // 3 if token < 6 else -1, token in (0, 3), -0.1, -0.1,
                 int(token == 2))


EVENTS = [event(token) for token in range(12)]


@given(st.lists(st.integers(0, 12), max_size=4), st.floats(0, 1))
def test_so_many_tokens_are_there_as_are_due_however_they_came(cuts, seconds):
    turn, bounds = PacedTurn(), sorted({0, 12, *cuts})
    for start, end in itertools.pairwise(bounds):
        turn.take(EVENTS[start:end], 100.0)
    turn.end("stop")
    turn.play(100.0 + seconds)
    due = math.floor(seconds * SPEED + 1e-6) + 1
    assert abs(turn.tokens - min(12, due)) <= (abs(seconds * SPEED - round(seconds * SPEED)) < 1e-6)
    assert turn.running == (turn.tokens < 12)


def test_nothing_is_there_before_it_is_played_and_all_of_it_in_the_end():
    played, plain = PacedTurn(7, 3.0, 40), Turn(7, 3.0, 40)
    for turn in (played, plain):
        turn.take(EVENTS, 5.0)
        turn.end("stop")
    assert played.tokens == 0 and played.running
    played.play(5.0 + 12 / SPEED)
    assert (played.thinking, played.answer, played.ticks, played.state) == (
        plain.thinking, plain.answer, plain.ticks, "stop")


def test_an_early_end_comes_after_what_was_written_before_it():
    turn = PacedTurn()
    turn.take(EVENTS[:3], 0.0)
    turn.end("interrupted", "the engine died")
    turn.play(0.0)
    assert turn.running and turn.tokens == 1
    turn.play(1.0)
    assert (turn.state, turn.reason, turn.tokens) == ("interrupted", "the engine died", 3)


def test_what_has_written_nothing_ends_at_once():
    turn = PacedTurn()
    turn.end("cancelled")
    assert not turn.running
