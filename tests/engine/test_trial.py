"""A fork is written beside its sample, changes nothing of it, and is heard of by the control that asked alone."""
from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.scripted_context import ScriptedContext
from localthink import locations
from localthink.control.controls import Controls
from localthink.control.interface import Action, Control, Fork
from localthink.control.view import View
from localthink.engine.engine import Engine
from localthink.engine.model import Model
from localthink.errors import UsageError
from localthink.records import Generation, Sampling, Tip

QUESTION = "Use 4, 7 and 11 to make 39."


class Asking(Control):
    """Forks once, at a position, and remembers what it heard."""

    name, forks = "asking", True

    def __init__(self, at: int, fork: Fork) -> None:
        self._at, self._fork = at, fork
        self.heard: list[tuple[int, list[int], list[float]]] = []

    def before(self, view: View) -> Action | None:
        return Action(request=self._fork) if view.position == self._at else None

    def forked(self, view: View, tokens: Sequence[int], logprobs: Sequence[float]) -> None:
        self.heard.append((view.position, list(tokens), list(logprobs)))


@pytest.fixture(scope="module")
def model():
    opened = Model(locations.bundled_model())
    yield opened
    opened.close()


@pytest.fixture
def engine(model):
    import localthink

    with localthink.load(slots=2, context=2048, threads=1) as opened:
        yield opened


def with_control(engine: Engine, control: Control, generation: Generation) -> int:
    number = engine.submit(engine.request(QUESTION, generation, seed=5))
    [sample] = engine._samples[number]
    sample.controls = Controls([*sample.controls.controls, control], sample.view)
    return number


def to_the_end(engine: Engine) -> list:
    events = []
    while not engine.idle:
        events += engine.step()
    return events


def test_it_writes_what_greedy_decoding_would_and_the_sample_goes_on_as_if_alone(engine):
    generation = Generation(max_tokens=80)
    plain = engine.generate([QUESTION], generation, seed=5)[0][0]
    control = Asking(20, Fork((), 12))
    events = (with_control(engine, control, generation), to_the_end(engine))[1]
    trace = events[-1].trace
    assert trace.token_ids == plain.token_ids and sum(event.trace is not None for event in events) == 1
    [(heard_at, tokens, logprobs)] = control.heard
    assert 20 < heard_at <= 20 + 14 and len(tokens) == len(logprobs) == 12 and all(value <= 0 for value in logprobs)
    prompt = (*engine.request(QUESTION).prompt, *trace.token_ids[:20])
    greedy = Generation(Sampling(0), Tip(0), 12)
    from localthink.records import Request

    number = engine.submit(Request(prompt, greedy))
    [end] = [event.trace for event in to_the_end(engine) if event.trace is not None and event.request == number]
    assert list(end.token_ids) == tokens


def test_where_there_is_no_room_for_it_none_is_written(engine):
    control = Asking(20, Fork((), 200))
    with_control(engine, control, Generation(max_tokens=100))
    to_the_end(engine)
    assert engine.idle and control.heard == []


def test_where_the_sample_ends_first_the_fork_ends_with_it_and_nobody_hears_of_it(engine):
    generation = Generation(max_tokens=400)
    ends_at = engine.generate([QUESTION], generation, seed=5)[0][0].tokens
    control = Asking(ends_at - 8, Fork((), 60))
    number = with_control(engine, control, generation)
    [sample] = engine._samples[number]
    to_the_end(engine)
    assert len(sample.trials) == 1 and engine.idle and control.heard == []


def test_a_request_that_is_given_up_takes_its_fork_along(engine):
    control = Asking(3, Fork((), 60))
    number = with_control(engine, control, Generation(max_tokens=200))
    for _ in range(12):
        engine.step()
    engine.cancel(number)
    assert engine.idle and engine.busy == 0 and control.heard == []


def test_with_one_slot_it_cannot_be_had_and_says_so(model):
    engine = Engine(model, ScriptedContext(lambda tokens: None, slots=1))
    sample_of = engine._check_forks
    number_of_controls = type("Forking", (), {"controls": type("All", (), {"controls": [Asking(1, Fork((), 1))]})()})()
    with pytest.raises(UsageError, match="takes 2 slots"):
        sample_of(number_of_controls)
