"""The sampler against the same arithmetic in float64, against llama.cpp's own chain, and against chance."""
from __future__ import annotations

import ctypes
import math
from dataclasses import replace

import llama_cpp.llama_cpp as lib
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.biasing import bias_of
from localthink.engine import randomness
from localthink.engine.sampler import PROBES, SORTED_AT_ONCE, Sampler
from localthink.errors import EngineError
from localthink.records import Sampling

pytestmark = pytest.mark.filterwarnings("error")  # numpy's warnings would land in the middle of a screen

QWEN = 151_936
NONE = np.empty(0, dtype=np.int64)
PLAIN = Sampling(temperature=1.0, top_p=1.0)
GREEDY = Sampling(temperature=0.0)
ODDS = 1e-4  # chance fails one such check in ten thousand; the keys are fixed, so a check fails always or never
KEYS = [randomness.key(randomness.mix(5), place) for place in range(6_000)]


def ids(*tokens: int) -> np.ndarray:
    return np.array(tokens, dtype=np.int64)


# rows


def peaked(rng, n):
    z = rng.normal(size=n) * 2
    z[rng.integers(n, size=5)] += 14
    return z


def mixture(rng, n):
    return np.where(rng.random(n) < 0.3, rng.normal(size=n) * 0.1 + 6, rng.normal(size=n) * 3)


def levels(rng, n):
    return rng.integers(0, 4, size=n) * 0.5


def hidden(rng, n):
    """Every id that an even sample of the row would look at is light, all others are heavy."""
    z = np.full(n, 2.0) + rng.normal(size=n) * 0.01
    z[:: max(1, n // PROBES)] -= 2
    return z


ROWS = {
    "peaked": peaked,
    "wide": lambda rng, n: rng.normal(size=n) * 3,
    "flat": lambda rng, n: rng.normal(size=n) * 0.3,
    "mixture": mixture,
    "levels": levels,
    "equal": lambda rng, n: np.zeros(n),
    "ramp": lambda rng, n: np.linspace(9, -9, n),
    "hidden": hidden,
}


def make_row(kind: str, n: int, seed: int = 0) -> np.ndarray:
    return ROWS[kind](np.random.default_rng(seed), n).astype(np.float32)


rows = (st.builds(make_row, st.sampled_from(sorted(ROWS)), st.integers(8, 500), st.integers(0, 1_000))
        | st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=12).map(lambda z: np.array(z, np.float32)))
samplings = st.builds(
    Sampling, temperature=st.floats(0.05, 3) | st.sampled_from([0.6, 1.0]),
    top_p=st.floats(0.001, 1) | st.sampled_from([0.5, 0.95, 1.0]), top_k=st.integers(0, 40) | st.just(0),
    min_p=st.floats(0, 0.99) | st.just(0.0))
extremes = [40.0, -40.0, 1_000.0, -1_000.0, 1e6, -1e6, math.inf]
alphas = st.sampled_from([3.0, -3.0, *extremes]) | st.floats(-10, 10, width=32)


@st.composite
def penalties(draw):
    """A row, some of its ids (never all), and what is taken off their logits."""
    row = draw(rows)
    assume(row.size > 1)
    switch = draw(st.sets(st.integers(0, row.size - 1), max_size=min(row.size - 1, 20)))
    return row, ids(*sorted(switch)), draw(alphas)


# the same in float64


def penalised(row, switch, alpha) -> np.ndarray:
    """The row after the penalty, rounded as logits are."""
    after = row.copy()
    after[switch] = after[switch] - np.float32(alpha)
    return after


def log_softmax(row, temperature) -> np.ndarray:
    x = row.astype(np.float64) / (temperature or 1.0)
    return x - x.max() - np.log(np.exp(x - x.max()).sum())


def threshold(x, sampling: Sampling, nudge: float) -> float:
    """The log-weight from which tokens are kept, were top-p larger by `nudge`; `x` are log-weights, 0 the largest."""
    order = np.sort(x)[::-1]
    least = order[sampling.top_k - 1] if 0 < sampling.top_k < x.size else -math.inf
    if sampling.top_p < 1:
        sums = np.cumsum(np.exp(order[order >= least]))
        reached = np.searchsorted(sums, (sampling.top_p + nudge) * sums[-1])
        least = max(least, order[min(reached, sums.size - 1)])
    return max(least, math.log(sampling.min_p)) if sampling.min_p else least


def kept_by(sampler: Sampler, row, sampling: Sampling) -> tuple[np.ndarray, np.ndarray]:
    """Which tokens the sampler would draw from, and its weights."""
    _, total, _ = sampler._weigh(row, NONE, sampling.temperature)
    weights = sampler._weights.copy()
    least, found = sampler.truncate(sampling, total)
    kept = weights >= np.float32(least)
    assert found is None or np.array_equal(found, kept.nonzero()[0])
    return kept, weights


def check_kept(row, sampling: Sampling) -> None:
    """The kept set lies between those of a slightly smaller and a slightly larger top-p, ties kept together."""
    kept, weights = kept_by(Sampler(row.size), row, sampling)
    x = row.astype(np.float64) / sampling.temperature
    x -= x.max()
    low, high = threshold(x, sampling, -2e-6), threshold(x, sampling, 2e-6)
    must = (x >= max(low, -80) + 1e-6 * (1 + abs(max(low, -80))))  # float32 ends near -87
    may = x >= high - 1e-6 * (1 + abs(high)) if high > -80 else np.ones(x.size, bool)
    assert kept[must].all()
    assert may[kept].all()
    assert not np.intersect1d(row[kept], row[~kept]).size
    p, exact = weights[kept] / weights[kept].sum(dtype=np.float64), np.exp(x[kept])
    np.testing.assert_allclose(p, exact / exact.sum(), rtol=3e-5, atol=1e-30)


@given(rows, samplings)
def test_the_kept_tokens_and_their_probabilities_are_exact(row, sampling):
    check_kept(row, sampling)


@pytest.mark.parametrize("kind", sorted(ROWS))
@pytest.mark.parametrize("top_p", [0.3, 0.95, 0.9999])
def test_they_are_exact_on_a_whole_vocabulary(kind, top_p):
    check_kept(make_row(kind, QWEN), Sampling(0.6, top_p))
    check_kept(make_row(kind, QWEN, seed=1), Sampling(1.5, top_p, top_k=20_000, min_p=0.01))


@pytest.mark.parametrize("n", [SORTED_AT_ONCE + 1, 3 * PROBES - 1, 5 * PROBES])
@pytest.mark.parametrize("top_p", [0.2, 0.7, 0.9])
def test_they_are_exact_where_an_even_sample_of_the_row_misleads(n, top_p):
    check_kept(make_row("hidden", n), Sampling(1.0, top_p))
    check_kept(-make_row("hidden", n), Sampling(1.0, top_p))


def test_tokens_that_tie_at_the_threshold_are_kept_together():
    row = np.array([1, 0, 0, 0, -5], np.float32)
    for sampling in (Sampling(1.0, 0.5), Sampling(1.0, 1.0, top_k=2), Sampling(1.0, 0.9, top_k=3)):
        assert kept_by(Sampler(5), row, sampling)[0].tolist() == [True, True, True, True, False]


def test_a_tiny_top_p_keeps_the_likeliest_alone():
    row = np.array([1, 3, 2], np.float32)
    assert kept_by(Sampler(3), row, Sampling(1.0, 1e-9))[0].tolist() == [False, True, False]


# llama.cpp's own chain


def native(row, switch, alpha, sampling: Sampling) -> tuple[np.ndarray, np.ndarray]:
    """The ids that llama.cpp's chain logit bias, temperature, top-k, top-p, min-p leaves, and their probabilities."""
    n, kind = row.size, np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
    data = np.zeros(n, kind)
    data["id"], data["logit"] = np.arange(n), row
    biases = (lib.llama_logit_bias * len(switch))(*(lib.llama_logit_bias(int(token), -alpha) for token in switch))
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    for link in (
        lib.llama_sampler_init_logit_bias(n, len(switch), biases), lib.llama_sampler_init_temp(sampling.temperature),
        lib.llama_sampler_init_top_k(sampling.top_k), lib.llama_sampler_init_top_p(sampling.top_p, 1),
        lib.llama_sampler_init_min_p(sampling.min_p, 1), lib.llama_sampler_init_dist(1),
    ):
        lib.llama_sampler_chain_add(chain, link)
    array = lib.llama_token_data_array(
        data=ctypes.cast(data.ctypes.data, lib.llama_token_data_p), size=n, selected=-1, sorted=False)
    lib.llama_sampler_apply(chain, ctypes.byref(array))
    address = ctypes.cast(array.data, ctypes.c_void_p).value
    left = np.frombuffer((ctypes.c_char * (array.size * kind.itemsize)).from_address(address), kind).copy()
    lib.llama_sampler_free(chain)
    x = left["logit"].astype(np.float64)
    weights = np.exp(x - x.max())
    return left["id"], weights / weights.sum()


def check_against_native(row, switch, alpha, sampling: Sampling, doubt: float) -> None:
    """The same tokens but for ties at the threshold, and for `doubt` of the mass where float32 sums decide."""
    after = row.copy()
    sampler = Sampler(row.size)
    token = sampler.draw(after, bias_of(switch, alpha), switch, sampling, KEYS[0]).token
    kept, weights = kept_by(sampler, after, sampling)
    theirs, p = native(row, switch, alpha, sampling)
    assert kept[token]
    ours = weights / weights[kept].sum(dtype=np.float64)
    missing = np.setdiff1d(theirs, kept.nonzero()[0])
    assert ours[missing].sum() <= doubt
    more = np.setdiff1d(kept.nonzero()[0], theirs)
    ties = np.abs(after[more] - after[theirs].min()) <= 1e-6 * (1 + np.abs(after[more]))
    assert ours[more[~ties]].sum() <= doubt
    both = np.isin(theirs, kept.nonzero()[0])
    shared, p = theirs[both], p[both] / p[both].sum()
    np.testing.assert_allclose(ours[shared] / ours[shared].sum(), p, rtol=1e-4, atol=1e-12)


def cuts_a_tie(row, top_k: int) -> bool:
    order = np.sort(row)[::-1]
    return 0 < top_k < row.size and order[top_k - 1] == order[top_k]


@given(penalties(), samplings)
def test_llama_cpps_chain_leaves_the_same_tokens_with_the_same_probabilities(penalty, sampling):
    row, switch, alpha = penalty
    assume(abs(alpha) < 100 or alpha == math.inf)  # llama.cpp divides by the temperature what rounding has made coarse
    assume(not cuts_a_tie(penalised(row, switch, alpha), sampling.top_k))  # of which it keeps a part
    check_against_native(row, switch, alpha, sampling, doubt=1e-5)


@pytest.mark.parametrize("kind", sorted(ROWS))
@pytest.mark.parametrize("sampling", [
    Sampling(0.6, 0.95), Sampling(1.0, 0.8, top_k=40), Sampling(0.7, 0.95, min_p=0.02)])
def test_they_do_so_on_a_whole_vocabulary(kind, sampling):
    switch = np.arange(0, QWEN, 9_000)
    check_against_native(make_row(kind, QWEN), switch, 3.0, sampling, doubt=1e-3)


# draws


def distribution(row, switch, alpha, sampling: Sampling) -> np.ndarray:
    """The exact probability of every token."""
    x = log_softmax(penalised(row, switch, alpha), sampling.temperature)
    x -= x.max()
    p = np.where(x >= threshold(x, sampling, 0.0) - 1e-9, np.exp(x), 0.0)
    return p / p.sum()


def check_draws(row, switch, alpha, sampling: Sampling) -> None:
    sampler = Sampler(row.size)
    tokens = [sampler.draw(row.copy(), bias_of(switch, alpha), switch, sampling, key).token for key in KEYS]
    counts, expected = np.bincount(tokens, minlength=row.size), distribution(row, switch, alpha, sampling) * len(KEYS)
    assert not counts[expected == 0].any()
    rare = expected < 8
    if rare.any():
        counts, expected = [*counts[~rare], counts[rare].sum()], [*expected[~rare], expected[rare].sum()]
    cells = [(seen, wanted) for seen, wanted in zip(counts, expected, strict=True) if wanted > 0]
    assert len(cells) > 1
    assert stats.chisquare(*zip(*cells, strict=True)).pvalue > ODDS


@pytest.mark.parametrize(("switch", "alpha", "sampling"), [
    (NONE, 0.0, PLAIN),
    (NONE, 0.0, Sampling(0.6, 0.95)),
    (ids(0, 4), 1.5, PLAIN),
    (ids(0, 4), 1.5, Sampling(0.6, 0.95)),
    (ids(3, 7), -1.5, Sampling(0.8, 0.9)),
    (ids(0), math.inf, PLAIN),
    (ids(1), 1.0, Sampling(1.0, 1.0, top_k=4)),
    (ids(1), 1.0, Sampling(1.0, 1.0, min_p=0.1)),
    (ids(1), 1.0, Sampling(1.3, 0.9, top_k=7, min_p=0.05)),
])
def test_tokens_are_drawn_with_their_probabilities(switch, alpha, sampling):
    check_draws(np.array([1.2, 0.9, 0.9, 0, -0.3, -0.5, -1, -1.1, -2, -6], np.float32), switch, alpha, sampling)


@pytest.mark.parametrize("sampling", [Sampling(1.0, 0.5), Sampling(1.0, 1.0, top_k=6), Sampling(1.0, 1.0, min_p=0.2)])
def test_so_they_are_where_few_of_many_are_kept(sampling):
    row = np.full(120, -1.0, np.float32)
    row[40:46] = [2.5, 2, 2, 3, 2.2, 1.9]
    check_draws(row, ids(43, 50), 0.5, sampling)


@pytest.mark.parametrize("sampling", [Sampling(1.0, 0.95), PLAIN, Sampling(1.0, 1.0, top_k=30_000)])
def test_on_a_whole_flat_vocabulary_every_place_has_its_share(sampling):
    row = make_row("flat", QWEN)
    p = distribution(row, NONE, 0.0, sampling)
    below = np.cumsum(p) - p / 2
    sampler = Sampler(QWEN)
    places = [below[sampler.draw(row.copy(), bias_of(NONE, 0.0), NONE, sampling, key).token] for key in KEYS[:250]]
    assert stats.kstest(places, "uniform").pvalue > ODDS


@given(penalties(), samplings, st.sampled_from(KEYS))
def test_a_draw_depends_on_nothing_but_its_arguments(penalty, sampling, key):
    row, switch, alpha = penalty
    used = Sampler(row.size)
    for other in KEYS[:3]:
        used.draw(row[::-1].copy(), bias_of(NONE, 0.0), NONE, replace(sampling, top_p=0.5), other)
    assert (used.draw(row.copy(), bias_of(switch, alpha), switch, sampling, key)
            == Sampler(row.size).draw(row.copy(), bias_of(switch, alpha), switch, sampling, key))


@given(penalties(), st.sampled_from(KEYS))
def test_greedy_takes_the_largest_logit_after_the_penalty(penalty, key):
    row, switch, alpha = penalty
    token = Sampler(row.size).draw(row.copy(), bias_of(switch, alpha), switch, GREEDY, key).token
    assert token == int(np.argmax(penalised(row, switch, alpha)))


@pytest.mark.parametrize(("temperature", "seen"), [(1e-40, {2}), (1e-5, {2}), (1e40, {0, 1, 2}), (1e300, {0, 1, 2})])
def test_extreme_temperatures_are_greedy_or_even(temperature, seen):
    sampler, row = Sampler(4), np.array([1, 2, 3, 5], np.float32)
    sampling = Sampling(temperature, 1.0)
    forbidden = bias_of(ids(3), math.inf)
    assert {sampler.draw(row.copy(), forbidden, ids(3), sampling, key).token for key in KEYS[:200]} == seen


# the penalty


@given(penalties(), samplings, st.sampled_from(KEYS))
def test_the_penalty_edits_the_given_logits_in_place_and_no_others(penalty, sampling, key):
    row, switch, alpha = penalty
    after = row.copy()
    Sampler(row.size).draw(after, bias_of(switch, alpha), switch, sampling, key)
    assert np.array_equal(after, penalised(row, switch, alpha))


@given(penalties(), samplings, st.sampled_from(KEYS), st.sampled_from([0.0, -0.0]))
def test_alpha_zero_is_plain_decoding_to_the_last_bit(penalty, sampling, key, alpha):
    row, switch, _ = penalty
    after = row.copy()
    with_none = Sampler(row.size).draw(row.copy(), bias_of(NONE, 0.0), NONE, sampling, key)
    with_some = Sampler(row.size).draw(after, bias_of(switch, alpha), switch, sampling, key)
    assert after.tobytes() == row.tobytes()
    assert with_some == with_none
    assert (with_some.raw_logprob, with_some.held) == (with_some.logprob, 0)


@given(penalties(), samplings | st.just(GREEDY), st.sampled_from(KEYS))
def test_log_probabilities_are_those_of_the_softmax_before_truncation(penalty, sampling, key):
    row, switch, alpha = penalty
    drawn = Sampler(row.size).draw(row.copy(), bias_of(switch, alpha), switch, sampling, key)
    before = log_softmax(row, sampling.temperature)
    after = log_softmax(penalised(row, switch, alpha), sampling.temperature)
    assert drawn.logprob == pytest.approx(after[drawn.token], rel=1e-6, abs=1e-5)
    assert drawn.raw_logprob == pytest.approx(before[drawn.token], rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("kind", sorted(ROWS))
@pytest.mark.parametrize("alpha", [3.0, -30.0, math.inf])
def test_they_are_so_on_a_whole_vocabulary(kind, alpha):
    row, switch, sampling = make_row(kind, QWEN), np.arange(5, QWEN, 7_001), Sampling(0.6, 0.95)
    drawn = Sampler(QWEN).draw(row.copy(), bias_of(switch, alpha), switch, sampling, KEYS[1])
    before, after = log_softmax(row, 0.6), log_softmax(penalised(row, switch, alpha), 0.6)
    assert (drawn.logprob, drawn.raw_logprob) == pytest.approx((after[drawn.token], before[drawn.token]), abs=1e-5)


def test_an_infinite_alpha_forbids():
    row = np.array([0, 9, 9, 1], np.float32)
    sampler = Sampler(4)
    drawn = [sampler.draw(row.copy(), bias_of(ids(1, 2), math.inf), ids(1, 2), sampling, key)
             for key in KEYS[:200] for sampling in (PLAIN, Sampling(), GREEDY)]
    assert {draw.token for draw in drawn} == {0, 3}


@settings(max_examples=300)
@given(penalties(), st.floats(0.1, 3), st.sampled_from(KEYS))
def test_without_truncation_a_penalty_changes_only_draws_of_penalised_tokens(penalty, temperature, key):
    row, switch, alpha = penalty
    sampling, sampler = Sampling(temperature, 1.0), Sampler(row.size)
    plain = sampler.draw(row.copy(), bias_of(switch, 0.0), switch, sampling, key).token
    token = sampler.draw(row.copy(), bias_of(switch, alpha), switch, sampling, key).token
    assert token == plain or (plain in switch if alpha > 0 else token in switch)


@settings(max_examples=600)
@given(penalties(), samplings | st.just(GREEDY), st.sampled_from(KEYS))
def test_held_is_what_the_same_random_numbers_would_have_drawn_without_the_penalty(penalty, sampling, key):
    row, switch, alpha = penalty
    sampler = Sampler(row.size)
    plain = sampler.draw(row.copy(), bias_of(NONE, 0.0), NONE, sampling, key).token
    drawn = sampler.draw(row.copy(), bias_of(switch, alpha), switch, sampling, key)
    assert drawn.held == (0 if alpha == 0 else int(plain in switch) - int(drawn.token in switch))
    assert drawn.instead == (plain if drawn.held else None)


@pytest.mark.parametrize("kind", sorted(ROWS))
@pytest.mark.parametrize("sampling", [Sampling(), Sampling(1.0, 1.0), Sampling(1.0, 0.95, top_k=50), Sampling(0.0)])
def test_it_is_so_on_a_whole_vocabulary(kind, sampling):
    row, switch, sampler = make_row(kind, QWEN, seed=4), np.arange(5, QWEN, 701), Sampler(QWEN)
    row[switch[::9]] = np.sort(row)[-40]
    plain = [sampler.draw(row.copy(), bias_of(NONE, 0.0), NONE, sampling, key).token in switch for key in KEYS[:60]]
    held = [sampler.draw(row.copy(), bias_of(switch, math.inf), switch, sampling, key).held for key in KEYS[:60]]
    assert held == plain


def test_a_token_that_was_forced_held_nothing():
    row, sampler = np.array([0, 9], np.float32), Sampler(2)
    assert sampler.draw(row.copy(), bias_of(ids(1), math.inf), ids(1), PLAIN, KEYS[0]).held == 1
    assert sampler.draw(row.copy(), bias_of(ids(1), math.inf), ids(1), PLAIN, KEYS[0], steer=lambda token: 1).held == 0


# rows that are no logits


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("alpha", [0.0, 3.0, -3.0])
@pytest.mark.parametrize("sampling", [Sampling(), GREEDY])
def test_logits_that_are_not_finite_are_an_error(bad, place, alpha, sampling):
    row = np.array([1, 2, 3, 4], np.float32)
    row[place] = bad
    with pytest.raises(EngineError, match="not finite"):
        Sampler(4).draw(row, bias_of(ids(2), alpha), ids(2), sampling, KEYS[0])


def test_a_row_on_which_nothing_can_come_is_an_error():
    with pytest.raises(EngineError, match="not finite"):
        Sampler(4).draw(np.full(4, -np.inf, np.float32), bias_of(NONE, 0.0), NONE, Sampling(), KEYS[0])


@pytest.mark.parametrize("sampling", [PLAIN, Sampling(), Sampling(1.0, 1.0, top_k=3), GREEDY])
def test_a_token_that_the_model_excludes_never_comes(sampling):
    sampler, row = Sampler(4), np.array([-np.inf, 1, 1, -np.inf], np.float32)
    for alpha in (0.0, 3.0, -3.0, math.inf):
        drawn = [sampler.draw(row.copy(), bias_of(ids(2, 3), alpha), ids(2, 3), sampling, key) for key in KEYS[:100]]
        assert {draw.token for draw in drawn} <= {1, 2}


@pytest.mark.parametrize("kind", sorted(ROWS))
@pytest.mark.parametrize("temperature", [0.05, 0.6, 1.0, 3.0])
@pytest.mark.parametrize("alpha", [3.0, -3.0, 0.0])
def test_in_a_vocabulary_of_full_size_what_weighs_next_to_nothing_is_left_out_and_not_missed(kind, temperature, alpha):
    row, switch = make_row(kind, QWEN, seed=2), np.array([3, 77, 38_478, 92_014])
    drawn = Sampler(QWEN).draw(row.copy(), bias_of(switch, alpha), switch, Sampling(temperature, top_p=0.9), 12345)
    before, after = log_softmax(row, temperature), log_softmax(penalised(row, switch, alpha), temperature)
    assert drawn.logprob == pytest.approx(after[drawn.token], rel=1e-4, abs=1e-4)
    assert drawn.raw_logprob == pytest.approx(before[drawn.token], rel=1e-4, abs=1e-4)
    least = threshold(after - after.max(), Sampling(temperature, top_p=0.9), 1e-4)
    assert after[drawn.token] - after.max() >= least - 1e-3
