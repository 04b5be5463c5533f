"""Controls in the engine: on rows that are scripted, and on the bundled model."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import localthink
from engine.scripted_context import ScriptedContext
from localthink import locations
from localthink.control.interface import Action, Control, Finish
from localthink.control.view import View
from localthink.engine.engine import Engine
from localthink.engine.model import Model
from localthink.errors import UsageError
from localthink.generation import read_generation
from localthink.records import Trace

QUESTION = "Use 4, 7 and 11 to make 39."
CIRCLE = " So it is 3 + 4 = 7, no. "


@pytest.fixture(scope="module")
def engine():
    with localthink.load(slots=2, context=4096, threads=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def model():
    opened = Model(locations.bundled_model())
    yield opened
    opened.close()


def going_round(model: Model, closes: int | None, strength: float = 30.0) -> Engine:
    """An engine whose text goes round; behind a closing tag it answers and ends, or goes round in the answer too.

    With `closes` the tag comes by itself after so many tokens.
    """
    circle, answer = model.vocabulary.tokenize(CIRCLE), model.vocabulary.tokenize("So 39.")
    start, tag, end = len(model.prompt(QUESTION)), model.tags.ids[1], model.facts.eos

    def leant(tokens: Sequence[int]) -> int:
        written = tokens[start:]
        if tag in written and closes is None:
            place = len(written) - list(written).index(tag) - 1
            return answer[place] if place < len(answer) else end
        return tag if len(written) == closes else circle[len(written) % len(circle)]

    def follows(tokens: tuple[int, ...]) -> np.ndarray:
        row = np.random.default_rng(len(tokens)).normal(size=model.native.n_vocab).astype(np.float32)
        row[leant(tokens)] += strength
        return row

    return Engine(model, ScriptedContext(follows, cells=4096))


def ask(engine: Engine, seed: int = 3, **fields) -> Trace:
    [[trace]] = engine.generate([QUESTION], read_generation({"max_tokens": 1500, **fields}), seed=seed)
    return trace


def test_thinking_that_goes_round_is_helped_then_closed_and_answered(model):
    trace = ask(going_round(model, None), controls="loop-guard")
    assert (trace.finish_reason, trace.answer) == ("stop", "So 39.") and trace.tokens < 600
    assert [each.control for each in trace.interventions] == ["loop-guard"] * 2
    assert "helps it out" in trace.interventions[0].why and "closes the thinking" in trace.interventions[1].why
    assert trace.thinking.endswith("no.")


def test_an_answer_that_goes_round_is_ended_and_says_why(model):
    trace = ask(going_round(model, 8), controls="loop-guard")
    assert trace.finish_reason == "loop" and trace.tokens < 600 and CIRCLE * 3 in trace.answer


def test_without_the_guard_it_goes_round_to_the_end(model):
    trace = ask(going_round(model, None), max_tokens=900)
    assert (trace.finish_reason, trace.tokens, trace.interventions) == ("length", 900, ())


def test_a_loop_that_is_weak_is_left_with_the_help_alone(model):
    trace = ask(going_round(model, None, strength=8.0), controls="loop-guard", temperature=0, max_tokens=400)
    helped = trace.interventions[0].position
    circle = model.vocabulary.tokenize(CIRCLE)
    away = [token != circle[place % len(circle)] for place, token in enumerate(trace.token_ids)]
    assert not any(away[:helped]) and any(away[helped:helped + 20])


def test_what_the_controls_do_is_the_same_behind_an_earlier_attempt(model):
    engine = going_round(model, None)
    whole = ask(engine, controls="loop-guard")
    prompt = engine.request(QUESTION, read_generation({"max_tokens": 1500, "controls": "loop-guard"}), seed=3)
    for place in (5, whole.interventions[0].position + 3, whole.interventions[1].position - 2):
        request = localthink.records.Request(prompt.prompt, prompt.generation, 1, 3,
                                             prefix=localthink.records.Prefix(whole.token_ids[:place]))
        number = engine.submit(request)
        [again] = [event.trace for event in _to_the_end(engine) if event.trace and event.request == number]
        assert again.token_ids == whole.token_ids


def _to_the_end(engine: Engine) -> list:
    events = []
    while not engine.idle:
        events += engine.step()
    return events


def test_a_sample_that_is_not_confident_enough_ends_once_a_group_is_full(engine):
    trace = ask(engine, controls="confidence:least=1000,group=32")
    assert (trace.finish_reason, trace.tokens) == ("confidence", 31)
    assert "below 1000" in trace.interventions[0].why


def test_the_trace_tells_the_lowest_group_where_nothing_is_ended(engine):
    trace = ask(engine, controls="confidence:least=0,group=32")
    assert trace.finish_reason == "stop" and trace.interventions[-1].why.startswith("lowest group ")
    assert trace.token_ids == ask(engine).token_ids


def test_a_minimum_of_thinking_holds(engine):
    free = ask(engine)
    thinking = free.token_ids.index(engine.model.tags.ids[1])
    trace = ask(engine, min_thinking=thinking + 40)
    assert trace.token_ids[:thinking] == free.token_ids[:thinking]
    assert engine.model.tags.ids[1] not in trace.token_ids[:thinking + 40] and "Wait" in trace.thinking


def test_words_that_are_banned_do_not_come(engine):
    assert "Alternatively" in ask(engine, alpha=0).thinking
    assert "Alternatively" not in ask(engine, alpha=0, controls="no-wait:words=alternatively").thinking


def test_answers_are_tried_out_beside_the_thinking(engine):
    plain = [ask(engine, seed) for seed in range(12)]
    tried = [ask(engine, seed, controls="deer:certainty=0.01") for seed in range(12)]
    closed = [trace for trace in tried if any(each.control == "deer" for each in trace.interventions)]
    assert closed and all("certain" in trace.interventions[-1].why for trace in closed)
    for one, other in zip(plain, tried, strict=True):
        if other not in closed:
            assert one.token_ids == other.token_ids


@pytest.mark.parametrize("fields", [{"controls": "early-exit"}, {"min_thinking": 9}])
def test_what_is_of_use_while_a_model_thinks_is_refused_where_it_does_not(model, monkeypatch, fields):
    engine = going_round(model, None)
    monkeypatch.setattr(model, "thinks", False)
    request = engine.request("Hi", read_generation(fields), raw=True)
    with pytest.raises(UsageError, match=r"is of use while a model thinks, and countdown does not: leave it out$"):
        engine.submit(request)
    engine.submit(engine.request("Hi", read_generation({"controls": "loop-guard"}), raw=True))


class Watching(Control):
    """Sees the first row of its sample, and ends it there."""

    name = "watching"
    seen: np.ndarray | None = None

    def before(self, view: View) -> Action | None:
        self.seen = view.logits.copy()
        return Action(request=Finish("stop"))


def test_a_caller_sees_the_rows_of_a_sample_by_a_control_of_its_own(model):
    watching = Watching()
    opened = going_round(model, None)
    opened.submit(opened.request(QUESTION), own=[watching])
    (trace,) = [event.trace for _ in range(3) for event in opened.step()]
    assert trace.tokens == 0 and trace.finish_reason == "stop"
    assert watching.seen.argmax() == model.vocabulary.tokenize(CIRCLE)[0]


def test_controls_of_the_callers_own_are_for_one_sample(engine):
    with pytest.raises(ValueError, match="see one sample"):
        engine.submit(engine.request(QUESTION, n=2), own=[Watching()])
    assert engine.idle
