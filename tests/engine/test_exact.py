"""The whole loop on rows that are known to the last bit: every token is the one that the rule and the seed give."""
from __future__ import annotations

import math

import numpy as np
import pytest

from engine.scripted_context import Logits, ScriptedContext, leaning
from generating import split
from localthink import locations
from localthink.engine.engine import Engine
from localthink.engine.model import Model
from localthink.records import Generation, Sampling, Tip, Trace

QUESTIONS = ("Hello", "What is a number?", "Say something else", "x")
GREEDY, PLAIN = Sampling(temperature=0.0), Tip(alpha=0.0)
NEVER = -1e9


@pytest.fixture(scope="module")
def model():
    opened = Model(locations.bundled_model(), vocabulary_only=True)
    yield opened
    opened.close()


def tokens_of(model: Model, text: str) -> list[int]:
    return list(model.vocabulary.tokenize(text, special=True))


def endless(model: Model) -> Logits:
    """Rows of noise, different for every history, in which neither the thinking nor the text ever ends."""
    noise = leaning([], 0, model.native.n_vocab, 0, strength=0.0)
    never = [*tokens_of(model, "</think>"), model.facts.eos]

    def follows(tokens: tuple[int, ...]) -> np.ndarray:
        row = noise(tokens)
        row[never] = NEVER
        return row

    return follows


def engine_of(model: Model, follows: Logits, cells: int = 2048, slots: int = 1) -> Engine:
    return Engine(model, ScriptedContext(follows, cells, slots))  # type: ignore[arg-type]


def written(engine: Engine, question: str, **settings) -> Trace:
    generation, more = split(settings)
    [[trace]] = engine.generate([question], generation, **more)
    return trace


# company


def test_what_runs_beside_it_does_not_change_a_sample(model):
    beside, alone = engine_of(model, endless(model), slots=4), engine_of(model, endless(model))
    together = [trace.token_ids for [trace] in beside.generate(QUESTIONS, Generation(max_tokens=60), seed=5)]
    assert beside._context.decoded.count(4) >= 50  # a row for each of the four in one batch
    assert together == [written(alone, question, seed=5, max_tokens=60).token_ids for question in QUESTIONS]
    assert len(set(together)) == 4


def test_a_cache_too_small_for_all_preempts_and_still_finishes_every_sample_as_if_alone(model):
    small, alone = engine_of(model, endless(model), cells=256, slots=4), engine_of(model, endless(model))
    traces = [trace for [trace] in small.generate(QUESTIONS, Generation(max_tokens=150), seed=2)]
    assert [(trace.tokens, trace.finish_reason) for trace in traces] == [(150, "length")] * 4
    expected = [written(alone, question, seed=2, max_tokens=150).token_ids for question in QUESTIONS]
    assert [trace.token_ids for trace in traces] == expected
    assert sum(small._context.decoded) > sum(alone._context.decoded)  # what was given up was read again


# ends


def test_the_end_of_the_context_ends_a_text_that_would_go_on_and_says_so(model):
    trace = written(engine_of(model, endless(model), cells=256), "Hello", seed=1)
    assert (trace.finish_reason, trace.prompt_tokens + trace.tokens) == ("length", 256)


def test_the_end_that_a_model_writes_is_told_from_the_end_of_the_context(model):
    prompt = len(model.prompt("Hello"))
    script = tokens_of(model, "So it is.")
    follows = leaning(script, prompt, model.native.n_vocab, model.facts.eos, strength=40.0)
    trace = written(engine_of(model, follows, cells=256), "Hello", seed=1)
    assert (trace.finish_reason, trace.token_ids) == ("stop", (*script, model.facts.eos))
    full = written(engine_of(model, follows, cells=prompt + len(script)), "Hello", seed=1)
    assert (full.finish_reason, full.token_ids) == ("length", tuple(script))


# the penalty, as arXiv 2501.18585 has it in equation 4


def leading(model: Model, leads: dict[int, float]) -> tuple[Logits, int, int]:
    """Rows in which a word leads, but a switch is so much ahead of it at some places; the word, and the switch."""
    [word], [switch] = tokens_of(model, "x"), tokens_of(model, "Alternatively")
    prompt = len(model.prompt("Hello"))

    def follows(tokens: tuple[int, ...]) -> np.ndarray:
        row = np.full(model.native.n_vocab, NEVER, np.float32)
        row[word], row[switch] = 5.0, 5.0 + leads.get(len(tokens) - prompt, -20.0)
        return row

    return follows, word, switch


@pytest.mark.parametrize(("tip", "leads", "drawn"), [
    (Tip(3.0, 20), {5: 2.9, 12: 3.1}, [12]),  # alpha is taken off the logit, to the tenth
    (Tip(3.0, 20), {19: 2.0, 20: 2.0}, [20]),  # beta tokens from the start on, and not one more
    (Tip(3.0, 20), {10: 4.0, 29: 2.0, 30: 2.0}, [10, 30]),  # a switch moves that start
    (Tip(3.0, 20), {20: 2.0, 39: 2.0, 40: 2.0, 60: 2.0}, [20, 40, 60]),
    (Tip(3.0, math.inf), {50: 2.0, 60: 3.5, 75: 2.0}, [60]),
    (Tip(math.inf, 20), {19: 1e6, 20: 2.0}, [20]),
    (Tip(-3.0, 20), {5: -2.9, 15: -3.1, 25: -2.9}, [5]),  # below 0 it invites, for as long
    (Tip(-3.0, 20), {5: -2.9, 24: -2.9}, [5, 24]),
    (PLAIN, {5: 0.1, 30: -0.1, 60: 0.1}, [5, 60]),
])
def test_the_penalty_is_the_papers_token_by_token(model, tip, leads, drawn):
    follows, word, switch = leading(model, leads)
    trace = written(engine_of(model, follows), "Hello", tip=tip, sampling=GREEDY, max_tokens=80)
    assert [place for place, token in enumerate(trace.token_ids) if token == switch] == drawn
    assert {*trace.token_ids} == {word, switch}
    assert trace.switches == len(drawn)
    assert [thought.start for thought in trace.thoughts] == [0, *drawn]


def test_of_a_marker_of_several_tokens_the_last_one_is_penalised(model):
    script = tokens_of(model, "xxxxx Let me try another approach")
    [word], place = tokens_of(model, "x"), len(script) - 1
    prompt = len(model.prompt("Hello"))

    def follows(tokens: tuple[int, ...]) -> np.ndarray:
        at = len(tokens) - prompt
        row = np.full(model.native.n_vocab, NEVER, np.float32)
        row[word] = 5.0
        row[script[at] if at < len(script) else word] = 7.0
        return row

    engine = engine_of(model, follows)
    held = written(engine, "Hello", tip=Tip(3.0, 100), sampling=GREEDY, max_tokens=40).token_ids
    assert held == (*script[:place], *[word] * (40 - place))
    free = written(engine, "Hello", tip=Tip(1.9, 100), sampling=GREEDY, max_tokens=40)
    assert free.token_ids == (*script, *[word] * (39 - place)) and free.switches == 1


@pytest.mark.parametrize("seed", range(8))
def test_what_is_forbidden_never_comes_and_until_it_would_have_every_token_is_the_same(model, seed):
    switch = tokens_of(model, "Alternatively")[0]
    noise, prompt = endless(model), len(model.prompt("Hello"))

    def follows(tokens: tuple[int, ...]) -> np.ndarray:
        row = noise(tokens)
        row[switch] = row.max() - 0.5 if len(tokens) > prompt else NEVER  # the first words of a block open no other
        return row

    engine, sampling = engine_of(model, follows), Sampling(1.0, 1.0)
    plain = written(engine, "Hello", tip=PLAIN, sampling=sampling, seed=seed, max_tokens=200).token_ids
    forbidden = written(engine, "Hello", tip=Tip(math.inf, math.inf), sampling=sampling, seed=seed, max_tokens=200)
    first = plain.index(switch)
    assert forbidden.token_ids[:first] == plain[:first]
    assert switch not in forbidden.token_ids and forbidden.switches == 0
