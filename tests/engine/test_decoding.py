"""Giving a sample up ends the step under way where nobody else waits for it, and else disturbs nobody."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from engine.scripted_context import scripted_engine
from localthink.engine.bindings import ABORTED
from localthink.engine.engine import Engine
from localthink.records import Event, Request

QUESTION = "Use 3, 5 and 12 to make 57."
TEXT = "Let me see. Alternatively, try 12 * 5 = 60, and then 60 - 3 = 57.</think>\n\n12 * 5 - 3"


@pytest.fixture(params=[False, True], ids=["cache", "state"])
def engine(request) -> Iterator[Engine]:
    with scripted_engine(QUESTION, TEXT, slots=4, whole=request.param) as opened:
        yield opened


def ask(engine: Engine, seed: int, question: str = QUESTION) -> int:
    return engine.submit(Request(engine.model.prompt(question), seed=seed))


def during_decode(engine: Engine, monkeypatch: pytest.MonkeyPatch, at: int, act: Callable[[], object]) -> list[int]:
    """Have the decode at this place in their order begin with `act`; returns what each of them returned."""
    decode, statuses = engine._context.decode, list[int]()

    def acting(rows: int) -> int:
        if len(statuses) == at:
            act()
        statuses.append(decode(rows))
        return statuses[-1]

    monkeypatch.setattr(engine._context, "decode", acting)
    return statuses


def to_the_end(engine: Engine) -> list[list[Event]]:
    """The events of every step."""
    steps = []
    while not engine.idle:
        steps.append(engine.step())
    return steps


@pytest.mark.parametrize("whole", [False, True], ids=["cache", "state"])
@pytest.mark.parametrize("at", [5, 20])
def test_one_of_several_is_given_up_without_a_step_being_lost(monkeypatch, whole, at):
    found = []
    for disturbed in (False, True):
        with scripted_engine(QUESTION, TEXT, slots=4, whole=whole) as engine:
            requests = [ask(engine, seed) for seed in range(4)]
            given_up = requests[1] if disturbed else 0  # which is nobody's number
            statuses = during_decode(engine, monkeypatch, at, partial(engine.give_up, given_up))
            steps = [engine.step() for _ in range(at + 1)]
            if disturbed:
                engine.cancel(requests[1])
            steps += to_the_end(engine)
            assert ABORTED not in statuses
            found.append([[(event.request, event.token) for event in step if event.request != requests[1]]
                          for step in steps])
    undisturbed, disturbed = found
    assert disturbed == undisturbed[:len(disturbed)] and not any(undisturbed[len(disturbed):])


def test_the_only_one_is_given_up_at_once_and_the_next_is_not_disturbed(engine, monkeypatch):
    request = ask(engine, 1)
    statuses = during_decode(engine, monkeypatch, 3, lambda: engine.give_up(request))
    for _ in range(3):
        engine.step()
    written = engine._samples[request][0].tokens
    assert engine.step() == [] and statuses[3] == ABORTED
    assert engine.cancel(request)[-1].trace.token_ids == tuple(written)
    ask(engine, 1)
    assert to_the_end(engine)[-1][-1].trace and statuses.count(ABORTED) == 1


def test_what_is_given_up_just_before_a_step_ends_that_step(engine):
    request = ask(engine, 1)
    engine.step()
    engine.give_up(request)
    assert engine.step() == [] == engine.step()
    engine.cancel(request)
    assert engine.idle


def test_all_of_several_given_up_one_after_the_other_end_the_step(engine, monkeypatch):
    requests = [ask(engine, seed) for seed in range(3)]
    statuses = during_decode(engine, monkeypatch, 9, lambda: list(map(engine.give_up, requests)))
    for _ in range(10):
        engine.step()
    assert statuses[9] == ABORTED and ABORTED not in statuses[:9]


def test_a_long_prompt_is_given_up_at_once_beside_others_unless_they_had_to_be_read_again(engine, monkeypatch):
    first = ask(engine, 6)
    for _ in range(10):
        engine.step()
    other, sample = ask(engine, 1, QUESTION * 20), engine._samples[first][0]
    written, cuts_back = len(sample.tokens), engine.model.native.shares_prefixes
    statuses = during_decode(engine, monkeypatch, 1, lambda: engine.give_up(other))
    for _ in range(2):
        engine.step()
    assert statuses == [0, ABORTED if cuts_back else 0]
    assert len(sample.tokens) - written == (1 if cuts_back else 2)
    [closing] = engine.cancel(other)
    assert closing.token == -1 and closing.trace.token_ids == ()
    before = len(engine._context.decoded)
    to_the_end(engine)
    assert set(engine._context.decoded[before:]) == {1}, "nothing is read again"


def test_a_request_that_ended_by_itself_or_never_ran_ends_no_step(engine, monkeypatch):
    gone = ask(engine, 1)
    to_the_end(engine)
    running = ask(engine, 2)
    statuses = during_decode(engine, monkeypatch, 2, lambda: list(map(engine.give_up, (gone, 99))))
    tokens = [event.token for step in to_the_end(engine) for event in step]
    assert ABORTED not in statuses and tokens and running not in engine._samples
