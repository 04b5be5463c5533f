"""The numbers are uniform and independent whichever way one looks: along tokens, positions, seeds."""
from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from localthink.engine import randomness

WORD = st.integers(0, 2**64 - 1)
ODDS = 1e-4  # sound numbers fail one such check in ten thousand; these are fixed, so they fail always or never
V = 151_936
PLACES = 4_000


def uniforms(key: int, ids) -> np.ndarray:
    """u for each id, in float64; a race is won by the largest."""
    ids = np.asarray(ids, dtype=np.uint32)
    out, scratch = np.empty_like(ids), np.empty_like(ids)
    return 1 - randomness.uniform(key, randomness.spread(ids), out, scratch).astype(np.float64)


def along_tokens() -> list[np.ndarray]:
    """A row a key, for keys as they come: unmixed ones that share a half give rows that are only shifted."""
    keys = [randomness.key(randomness.mix(seed), place) for seed in (0, 1) for place in range(3)]
    return [uniforms(key, np.arange(V)) for key in keys]


def along_positions() -> list[np.ndarray]:
    mixed, ids = randomness.mix(1234), [0, 1, 38_478, V - 1]
    return list(np.array([uniforms(randomness.key(mixed, place), ids) for place in range(PLACES)]).T)


def along_seeds() -> list[np.ndarray]:
    ids = [0, 1, 38_478, V - 1]
    return list(np.array([uniforms(randomness.key(randomness.mix(seed), 5), ids) for seed in range(PLACES)]).T)


def along_samples() -> list[np.ndarray]:
    ids = [0, 1, 38_478, V - 1]
    seeds = [randomness.sample_seed(7, sample) for sample in range(PLACES)]
    return list(np.array([uniforms(randomness.key(randomness.mix(seed), 5), ids) for seed in seeds]).T)


WAYS = [along_tokens, along_positions, along_seeds, along_samples]


@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_uniform(way):
    for row in way():
        assert stats.chisquare(np.histogram(row, bins=64, range=(0, 1))[0]).pvalue > ODDS


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("apart", [1, 2, 64])
def test_numbers_that_stand_close_are_independent(way, apart):
    """Pairs fill a square evenly, which is more than that they do not correlate."""
    for row in way():
        square = np.histogram2d(row[:-apart], row[apart:], bins=8, range=((0, 1), (0, 1)))[0]
        assert stats.chisquare(square.ravel()).pvalue > ODDS


@pytest.mark.parametrize("way", WAYS)
def test_rows_are_independent_of_each_other(way):
    rows = way()
    for n, row in enumerate(rows):
        for other in rows[:n]:
            square = np.histogram2d(row, other, bins=8, range=((0, 1), (0, 1)))[0]
            assert stats.chisquare(square.ravel()).pvalue > ODDS


def test_the_first_to_arrive_is_any_token_alike():
    """What a draw uses is the extreme of a row, not its middle."""
    ids = np.arange(64)
    first = [int(uniforms(randomness.key(randomness.mix(3), place), ids).argmax()) for place in range(8_000)]
    assert stats.chisquare(np.bincount(first, minlength=64)).pvalue > ODDS


def test_a_tokens_number_does_not_depend_on_which_others_are_asked_for():
    key = randomness.key(randomness.mix(9), 17)
    some = [5, 1, 99_999, 38_478]
    assert np.array_equal(uniforms(key, some), uniforms(key, np.arange(V))[some])


def test_numbers_do_not_change_from_one_version_to_the_next():
    assert randomness.mix(1234567) == 6457827717110365317  # the published first output of SplitMix64
    assert randomness.mix(1234567 + 0x9E3779B97F4A7C15) == 3203168211198807973  # and the second
    assert randomness.key(randomness.mix(42), 7) == 14163547205933431604
    rest = [1135008763 / 2**32, 3491736966 / 2**32, 194638482 / 2**32]
    assert 1 - uniforms(14163547205933431604, [0, 1, 38_478]) == pytest.approx(rest, rel=1e-6)
    assert [randomness.sample_seed(42, sample) for sample in range(3)] == [42, 140791485277738, 275938535256557]


@given(WORD)
def test_mixing_loses_nothing(word):
    """SplitMix64 run backwards gives the word back."""
    x = randomness.mix(word)
    x = _unshift(x, 31)
    x = _unshift(x * pow(0x94D049BB133111EB, -1, 2**64) % 2**64, 27)
    x = _unshift(x * pow(0xBF58476D1CE4E5B9, -1, 2**64) % 2**64, 30)
    assert (x - 0x9E3779B97F4A7C15) % 2**64 == word


def _unshift(x: int, bits: int) -> int:
    """The inverse of x ^= x >> bits."""
    found, shift = x, bits
    while shift < 64:
        found ^= x >> shift
        shift += bits
    return found


def test_the_first_to_arrive_are_told_apart():
    """Among a whole vocabulary the winner's u is so near 1 that a float32 could not hold it; 1 - u can."""
    ids = np.arange(V, dtype=np.uint32)
    rows = (-np.log(uniforms(key, ids)) for key in (randomness.key(randomness.mix(1), place) for place in range(60)))
    times = np.concatenate([row[row < 1e-4] for row in rows])
    assert stats.kstest(times / 1e-4, "uniform").pvalue > ODDS
    assert np.unique(times).size > 0.99 * times.size


@given(st.lists(st.tuples(st.floats(2.0**-33, 1 - 2.0**-23, width=32), st.floats(0, 1, width=32)), min_size=1,
                max_size=40).filter(lambda tokens: any(weight for _, weight in tokens)))
def test_the_winner_of_a_race_is_the_one_that_all_logarithms_would_find(tokens):
    numbers, weights = (np.array(column, np.float32) for column in zip(*tokens, strict=True))
    with np.errstate(divide="ignore", over="ignore"):
        times = -np.log1p(-numbers) / weights
        winner = randomness.first_to_arrive(numbers, weights, np.empty_like(numbers))
    assert times[winner] <= times.min() * (1 + 1e-6)


@pytest.mark.parametrize(("end", "u"), [(0, 1 - 2.0**-33), (0xFFFFFFFF, 2.0**-23)])
def test_no_number_is_ever_zero_or_one(end, u):
    """The hash run backwards from both of its ends; a logarithm is finite and negative at either."""
    key = randomness.key(randomness.mix(0), 0)
    x = _unshift(end, 16) * pow(0xC2B2AE35, -1, 2**32) % 2**32
    x = (x - (key >> 32)) % 2**32
    x = _unshift(_unshift(x, 13) * pow(0x85EBCA6B, -1, 2**32) % 2**32, 16)
    token = np.array([(x - key) % 2**32], dtype=np.uint32)
    logarithm = float(np.log1p(-randomness.uniform(key, token, np.empty_like(token), np.empty_like(token)))[0])
    assert logarithm == pytest.approx(math.log(u), rel=1e-6)
    assert -math.inf < logarithm < 0


def test_no_two_places_share_a_key():
    keys = {randomness.key(randomness.mix(seed), place) for seed in range(100) for place in range(500)}
    assert len(keys) == 100 * 500


# seeds of samples


@given(st.integers(0, 2**63 - 1))
def test_the_first_sample_has_the_seed_itself(seed):
    assert randomness.sample_seed(seed, 0) == seed


@given(st.integers(0, 2**63 - 1), st.integers(1, 10_000))
def test_seeds_of_samples_survive_readers_that_keep_numbers_in_doubles(seed, sample):
    derived = randomness.sample_seed(seed, sample)
    assert 0 <= derived < 2**randomness.SEED_BITS
    assert int(float(json.dumps(derived))) == derived
    assert derived == randomness.sample_seed(seed, sample)


def test_neighbouring_seeds_share_no_sample():
    seeds = {randomness.sample_seed(seed, sample) for seed in range(500) for sample in range(64)}
    assert len(seeds) == 500 * 64


def test_a_sample_can_be_had_again_alone_by_its_own_seed():
    own = randomness.sample_seed(11, 3)
    assert randomness.sample_seed(own, 0) == own
