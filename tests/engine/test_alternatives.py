"""The tokens that might have come, against the same softmax in float64, with the penalty and without."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.biasing import bias_of
from localthink.engine import randomness
from localthink.engine.sampler import UNLIKELY, Sampler
from localthink.records import Sampling

pytestmark = pytest.mark.filterwarnings("error")

SIZES = (300, 20_000)
SAMPLERS = {size: Sampler(size) for size in SIZES}
CLOSE = 1e-4  # relative: weights are float32
NAMED = 1e-12  # a probability below it is none


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """The softmax of a row, exactly."""
    scaled = (logits.astype(np.float64) - float(logits.max())) / temperature
    weights = np.exp(scaled)
    return weights / weights.sum()


def make_row(size: int, seed: int, spread: float, peaks: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    row = rng.normal(size=size) * spread
    row[rng.integers(size, size=peaks)] += rng.uniform(2, 18, size=peaks)
    return row.astype(np.float32)


@st.composite
def draws(draw):
    """A row, the ids that would switch, a penalty, how it is sampled, how many are asked for."""
    size = draw(st.sampled_from(SIZES))
    row = make_row(size, draw(st.integers(0, 5_000)), draw(st.sampled_from([0.3, 1.0, 3.0])), draw(st.integers(0, 12)))
    near = np.argsort(row)[-20:].tolist()  # switches that matter, and others
    some = st.lists(st.sampled_from(near) | st.integers(0, size - 1), max_size=6, unique=True)
    switch = np.array(sorted(draw(some)), dtype=np.int64)
    alpha = draw(st.sampled_from([0.0, 3.0, 40.0, math.inf, -0.5, -3.0, -40.0, -1000.0]) | st.floats(-20, 20))
    sampling = Sampling(draw(st.sampled_from([0.0, 0.05, 0.6, 1.0, 2.0])), draw(st.sampled_from([0.3, 0.95, 1.0])))
    return row, switch, alpha, sampling, draw(st.sampled_from([1, 2, 6, 40]))


@given(draws(), st.integers(0, 2**64 - 1))
def test_alternatives_are_those_of_the_whole_softmax_before_and_after_the_penalty(drawn, key):
    row, switch, alpha, sampling, count = drawn
    lowered = row.copy()
    lowered[switch] -= np.float32(alpha)
    temperature = sampling.temperature or 1.0
    before, after = probabilities(row, temperature), probabilities(lowered, temperature)

    sampler, logits = SAMPLERS[row.size], row.copy()
    draw = sampler.draw(logits, bias_of(switch, alpha), switch, sampling, randomness.mix(key))
    found = sampler.alternatives(logits, count)

    assert 1 <= len(found) <= count
    assert len({token for token, *_ in found}) == len(found)
    for token, its_before, its_after in found:
        assert its_before == pytest.approx(before[token], rel=CLOSE, abs=NAMED)
        assert its_after == pytest.approx(after[token], rel=CLOSE, abs=NAMED)
    scores = [max(pair) for _, *pair in found]
    assert scores == sorted(scores, reverse=True)

    either = np.maximum(before, after)
    likely = (before >= before.max() * UNLIKELY * (1 + CLOSE)) | (after >= after.max() * UNLIKELY * (1 + CLOSE))
    wanted = np.sort(either[likely])[::-1][:count]
    assert scores[:len(wanted)] == pytest.approx(wanted.tolist(), rel=CLOSE)
    for _, its_before, its_after in found:
        assert (its_before >= before.max() * UNLIKELY * (1 - CLOSE)
                or its_after >= after.max() * UNLIKELY * (1 - CLOSE))
    for token, its_before, its_after in (sampler.chances(logits, each) for each in (0, *switch.tolist())):
        assert its_before == pytest.approx(before[token], rel=CLOSE, abs=NAMED)
        assert its_after == pytest.approx(after[token], rel=CLOSE, abs=NAMED)
    by_token = {token: pair for token, *pair in found}
    if draw.token in by_token:
        assert by_token[draw.token] == pytest.approx([math.exp(draw.raw_logprob), math.exp(draw.logprob)], rel=CLOSE,
                                                     abs=NAMED)


def test_what_an_invited_switch_displaces_is_named_too():
    logits = np.array([5.0, 4.0, 0.0], np.float32)
    sampler = Sampler(3)
    switch = np.array([2], dtype=np.int64)
    sampler.draw(logits, bias_of(switch, -60.0), switch, Sampling(1.0, 1.0), 1)
    found = sampler.alternatives(logits, 6)
    assert [token for token, *_ in found] == [2, 0, 1]
    assert found[0][2] == pytest.approx(1.0)
    assert found[1][1] == pytest.approx(math.exp(5) / (math.exp(5) + math.exp(4) + 1), rel=1e-6)


def test_what_the_penalty_forbade_is_named_with_what_it_would_have_been():
    logits = np.array([1.0, 4.0, 0.0], np.float32)
    sampler = Sampler(3)
    switch = np.array([1], dtype=np.int64)
    sampler.draw(logits, bias_of(switch, math.inf), switch, Sampling(1.0, 1.0), 1)
    found = sampler.alternatives(logits, 6)
    assert [token for token, *_ in found] == [1, 0, 2]
    assert found[0][2] == 0.0


def test_a_switch_that_was_nothing_before_or_after_is_not_named():
    logits = np.array([9.0, -9.0, 8.0], np.float32)
    sampler = Sampler(3)
    switch = np.array([1], dtype=np.int64)
    sampler.draw(logits, bias_of(switch, 3.0), switch, Sampling(1.0, 1.0), 1)
    assert [token for token, *_ in sampler.alternatives(logits, 6)] == [0, 2]
