"""Messages on their way through a pipe: what comes out is what went in."""
from __future__ import annotations

import math
import pickle
from dataclasses import fields

import pytest

from localthink.engine.messages import Ask, Cancel, Count, Died, Finished, Loading, Order, Steer, Written
from localthink.errors import EngineError, UsageError
from localthink.records import (
    Adjustment,
    Alternative,
    Event,
    Generation,
    Message,
    Prefix,
    Sampling,
    Thought,
    Tip,
    Trace,
)

TRACE = Trace(0, 7, 3, (5, 6), "So.", "4", "stop", (Thought(0, 0, 1, 0.25, "So."),), 0, 0.25, Sampling(), Tip(), 1.0,
              2.0, 3.0, (Adjustment(1, math.inf, math.inf, "think"),))
EVENT = Event(1, 2, 3, "So €", "thinking", 4, True, -math.inf, -0.5, -1, recasts=False)
EVENTS = (
    EVENT, Event(1, 0, 5, "", "answer", -1, False, -0.1, -0.2, 1, 7, True, None, (Alternative(5, "a", 0.5, 0.25),
                                                                                Alternative(6, "\ufffd", 0.0, 1.0))),
    Event(1, 0, -1, "x", "answer", -1, False, 0.0, 0.0, 0, trace=TRACE))


def through(message):
    return pickle.loads(pickle.dumps(message))


@pytest.mark.parametrize("events", [(), EVENTS[:1], EVENTS])
def test_written_tokens_come_through_with_all_that_is_known_of_them(events):
    assert through(Written(9, events)) == Written(9, events)


def test_every_field_of_a_token_comes_through():
    left_out = ("trace", "alternatives", "recasts")
    values = [getattr(EVENT, field.name) for field in fields(Event) if field.name not in left_out]
    assert len({*map(repr, values)}) == len(values), "or two that are mixed up would look the same"
    assert through(Written(9, (EVENT,))).events[0] == EVENT


@pytest.mark.parametrize("message", [
    Loading("toy", 2, watched=True), Cancel(3), Count(4, (Message("user", "x"),)), Finished(6, TRACE),
    Ask(1, (Message("user", "x"),), Generation(tip=Tip(alpha=math.inf)), prefix=Prefix((1, 2), ((0, 1),), 2.5)),
    Steer(2, Tip(beta=math.inf), "answer")])
def test_orders_and_results_come_through(message: Order):
    assert through(message) == message


def test_a_death_is_the_error_that_a_command_would_exit_with():
    assert isinstance(Died("x", 2).error(), UsageError) and isinstance(Died("x").error(), EngineError)
