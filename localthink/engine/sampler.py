"""From one row of logits to one token: biases, temperature, truncation, draw.

Everything is a handful of numpy expressions over a row of V logits; there is no Python pass over the
vocabulary and no sort of it. All truncations are thresholds: with weights w = exp((z - max z) / T), a
token is kept if w >= v, and top-k, top-p and min-p each give a v. Tokens that tie at the threshold
are kept together, so the result does not depend on any order.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from localthink.control.interface import Bias
from localthink.engine import randomness
from localthink.errors import EngineError
from localthink.records import Sampling
from localthink.thinking.automaton import TokenIds

FloatRow = npt.NDArray[np.float32]
HEAVY = (1e-2, 1e-4)  # relative to the likeliest token
SORTED_AT_ONCE = 8192  # so many candidates are cheaper to sort, or to weigh, than to narrow down
PROBES = 4096  # entries looked at to guess where a large nucleus ends
SLACK = PROBES // 40  # how far around the guess the exact search goes
WEIGHTLESS = 30.0  # e^-30 of the likeliest token: a whole vocabulary of such is lost in a float32's rounding
COLDEST, HOTTEST = 1e-6, 1e6  # temperatures beyond these change nothing but overflow
ROUNDING = 1.0001  # more than the rounding of a float32 can change
UNLIKELY = 1e-3  # relative to the likeliest token: what is not worth naming as an alternative
NO_BIAS = Bias(np.empty(0, np.int64), np.float32(0))
Steer = Callable[[int], int]  # the drawn token -> the token that is taken


class Draw(NamedTuple):
    """A drawn token; see `Event` for the numbers. `held` counts any switch token, wherever a thought may begin.

    Where it is not 0, `instead` is the token that the same random numbers would have drawn without the bias.
    """

    token: int
    logprob: float
    raw_logprob: float
    held: int
    instead: int | None = None


class _Scale(NamedTuple):
    """What turns the latest row's logits into probabilities, with the biases and without them."""

    temperature: float
    top: float
    total: float
    raw_top: float
    raw_total: float
    ids: TokenIds  # of the tokens with a bias
    before: FloatRow  # their logits without it


class Sampler:
    """Draws tokens from rows of `n_vocab` logits; holds the buffers that every draw reuses."""

    def __init__(self, n_vocab: int) -> None:
        self._spread = randomness.spread(np.arange(n_vocab, dtype=np.uint32))
        self._hashes = np.empty(n_vocab, np.uint32)
        self._scratch = np.empty(n_vocab, np.uint32)
        self._weights = np.empty(n_vocab, np.float32)
        self._kept = np.empty(n_vocab, np.bool_)
        self._scale: _Scale

    def draw(self, logits: FloatRow, bias: Bias | None, switch: TokenIds | None, sampling: Sampling, key: int,
             steer: Steer | None = None) -> Draw:
        """Add the bias to the logits, in place, and draw a token. `switch` are the ids that open a thought, ascending;
        None for those that have a bias.

        `key` is the randomness of this position (`randomness.key`). A logit of -inf is a token that
        never comes. `steer` may take another token than the one drawn. Raises EngineError where a
        logit is NaN or +inf, or none is finite.
        """
        temperature = min(max(sampling.temperature, COLDEST), HOTTEST) if sampling.temperature else 1.0
        ids, values = bias if bias is not None else NO_BIAS
        before = logits[ids]
        raises = bool(values > 0 if isinstance(values, np.float32) else (values > 0).any())
        plain = self._weigh(logits, ids, temperature) if raises else None  # the rest may weigh nothing afterwards
        if ids.size:
            logits[ids] = before + values
        top, total, mine = self._weigh(logits, ids, temperature)
        drawn = self._pick(logits, sampling, total, key)
        token = drawn if steer is None else steer(drawn)
        logprob = (float(logits[token]) - top) / temperature - math.log(total)
        if not before.size:
            self._scale = _Scale(temperature, top, total, top, total, ids, before)
            return Draw(token, logprob, logprob, 0)
        raw = float(logits[token])
        if (place := _place(ids, token)) is not None:
            raw = float(before[place])
        raw_top, raw_total, raw_mine = plain or _without_bias(before, top, total - mine, temperature)
        raw_logprob = (raw - raw_top) / temperature - math.log(raw_total)
        scale = self._scale = _Scale(temperature, top, total, raw_top, raw_total, ids, before)
        plainly = self._without(logits, scale, raw_mine, sampling, key, drawn) if token == drawn else drawn
        if plainly == drawn:
            return Draw(token, logprob, raw_logprob, 0)
        opening = ids if switch is None else switch
        held = (_place(opening, plainly) is not None) - (_place(opening, drawn) is not None)
        return Draw(token, logprob, raw_logprob, held, plainly if held else None)

    def _pick(self, logits: FloatRow, sampling: Sampling, total: float, key: int) -> int:
        """The token that the latest weights, which sum to `total`, give."""
        # the likeliest token weighs 1: where it holds top-p alone, it is all that is kept
        certain = sampling.temperature == 0 or (sampling.top_p < 1 and sampling.top_p * total < 1)
        return int(logits.argmax()) if certain else self._choose(sampling, total, key)

    def _without(self, logits: FloatRow, scale: _Scale, raw_mine: float, sampling: Sampling, key: int,
                 drawn: int) -> int:
        """The token that the row would have given without its bias, as far as that or `drawn` has one.

        The same random numbers are drawn with again on the row as it was, but only where that can matter; elsewhere
        it is `drawn`.
        """
        ids = scale.ids
        # what weighs less than its even share of the mass that top-p cuts off is never kept
        least = 0.0 if sampling.top_k else (1 - sampling.top_p) * 0.999 / logits.size
        unreachable = raw_mine < least * scale.raw_total
        if _place(ids, drawn) is None and (
                unreachable or not self._may_win(scale, float(logits[drawn]), sampling, key, drawn)):
            return drawn
        after = logits[ids]
        logits[ids] = scale.before
        _, total, _ = self._weigh(logits, ids, scale.temperature)
        plain = self._pick(logits, sampling, total, key)
        logits[ids] = after
        return plain

    @np.errstate(over="ignore", divide="ignore")
    def _may_win(self, scale: _Scale, logit: float, sampling: Sampling, key: int, drawn: int) -> bool:
        """Whether a token may come without its bias in place of `drawn`, which has none and has this logit.

        One that is lighter is kept only where `drawn` is kept too, and then has to win the race against it.
        """
        ahead = scale.before - np.float32(logit)
        if sampling.temperature == 0 or float(ahead.max()) >= 0:
            return float(ahead.max()) >= 0
        ids = np.append(scale.ids, drawn)
        numbers = randomness.uniform(key, self._spread[ids], self._hashes[:ids.size], self._scratch[:ids.size])
        times = -np.log1p(-numbers)
        times[:-1] /= np.exp(ahead / np.float32(scale.temperature))
        return float(times[:-1].min()) <= float(times[-1]) * ROUNDING

    def alternatives(self, logits: FloatRow, count: int) -> list[tuple[int, float, float]]:
        """The likeliest tokens of the row that was drawn from last, as (id, probability before, after the bias).

        `logits` is that row as `draw` left it. At most `count`, by the larger of the two, and none that
        is less than a thousandth as likely as the likeliest.
        """
        t, top, total, raw_top, raw_total, biased, before = self._scale
        least, raw_least = top + t * math.log(UNLIKELY), raw_top + t * math.log(UNLIKELY)
        np.greater_equal(logits, np.float32(min(least, raw_least)), out=self._kept)
        self._kept[biased] = False  # no other token's logit was changed: by both probabilities they have one order
        ids = self._kept.nonzero()[0]
        if ids.size > count:
            ids = ids[np.argpartition(logits[ids], -count)[-count:]]
        values = logits[ids].tolist()
        rows = [*zip(ids.tolist(), values, values, strict=True),
                *zip(biased.tolist(), before.tolist(), logits[biased].tolist(), strict=True)]
        found = [(token, math.exp((raw - raw_top) / t) / raw_total, math.exp((logit - top) / t) / total)
                 for token, raw, logit in rows if raw >= raw_least or logit >= least]
        return sorted(found, key=lambda item: (-max(item[1:]), item[0]))[:count]

    def chances(self, logits: FloatRow, token: int) -> tuple[int, float, float]:
        """One token of the row that was drawn from last, as `alternatives` has it."""
        t, top, total, raw_top, raw_total, biased, before = self._scale
        logit = raw = float(logits[token])
        if (place := _place(biased, token)) is not None:
            raw = float(before[place])
        return token, math.exp((raw - raw_top) / t) / raw_total, math.exp((logit - top) / t) / total

    def _weigh(self, logits: FloatRow, ids: TokenIds, temperature: float) -> tuple[float, float, float]:
        """Fill the weights; return the largest logit, the weight of all tokens and that of `ids`."""
        weights, top = self._weights, logits.max()
        if not math.isfinite(top):
            raise EngineError("the model's logits are not finite: the file may be damaged")
        if logits.size <= SORTED_AT_ONCE or self._count_near(logits, top, temperature) * 8 > logits.size:
            np.subtract(logits, top, out=weights)
            if temperature != 1:
                weights *= np.float32(1 / temperature)
            np.exp(weights, out=weights)
            total = float(weights.sum())
        else:  # exponentials take longer than all else together
            heavy = self._kept.nonzero()[0]
            near = np.exp((logits[heavy] - top) * np.float32(1 / temperature))
            weights.fill(0)
            weights[heavy] = near
            total = float(near.sum())
        return float(top), total, min(float(weights[ids].sum()), total) if ids.size else 0.0

    def _count_near(self, logits: FloatRow, top: float, temperature: float) -> int:
        """Mark the tokens that weigh anything in `_kept`, and count them."""
        np.greater_equal(logits, np.float32(top - WEIGHTLESS * temperature), out=self._kept)
        return int(np.count_nonzero(self._kept))

    @np.errstate(divide="ignore", over="ignore")  # what weighs next to nothing takes for ever
    def _choose(self, sampling: Sampling, total: float, key: int) -> int:
        """An exponential race among the kept tokens: the smallest of -log(1 - u) / w wins with probability w / sum w.

        Every token runs with its own random number, so a penalty changes the outcome only where a penalised
        token would have won (as far as the kept set stays the same).
        """
        weights, kept = self._weights, self._kept
        least, ids = self.truncate(sampling, total)
        if ids is None:
            np.greater_equal(weights, np.float32(least), out=kept)
            if np.count_nonzero(kept) * 8 > kept.size:  # nearly all: picking them out would cost more than it saves
                weights *= kept
                numbers = randomness.uniform(key, self._spread, self._hashes, self._scratch)
                return randomness.first_to_arrive(numbers, weights, self._hashes.view(np.float32))
            ids = kept.nonzero()[0]
        if ids.size == 1:
            return int(ids[0])
        hashes, scratch = self._hashes[:ids.size], self._scratch[:ids.size]
        numbers = randomness.uniform(key, self._spread[ids], hashes, scratch)
        return int(ids[randomness.first_to_arrive(numbers, weights[ids], hashes.view(np.float32))])

    def truncate(self, sampling: Sampling, total: float) -> tuple[float, TokenIds | None]:
        """Where the latest weights, which sum to `total`, are cut off: the smallest weight that is kept.

        With it the ids of the kept tokens, or None where finding them was not part of the work.
        """
        least, ids = 0.0, None
        if 0 < sampling.top_k < self._weights.size:
            least = float(np.partition(self._weights, -sampling.top_k)[-sampling.top_k])
            total = self._mass(np.greater_equal, least)
        if sampling.top_p < 1:
            least, ids = self._nucleus(sampling.top_p * total, total, least)
        if sampling.min_p > least:  # the largest weight is 1
            return sampling.min_p, None
        return least, ids

    def _nucleus(self, wanted: float, total: float, least: float) -> tuple[float, TokenIds | None]:
        """As `truncate`, for the smallest set of largest weights (from `least` on) that holds `wanted`."""
        weights, kept = self._weights, self._kept
        # what lies below this holds less than the rest all together, and cannot be needed
        floor = max((total - wanted) / weights.size * 0.999, least)
        heavy, heaviest = 0.0, math.inf
        for limit in (*(limit for limit in HEAVY if limit > floor), floor):  # a few candidates mostly hold enough
            np.greater_equal(weights, np.float32(limit), out=kept)
            if np.count_nonzero(kept) > SORTED_AT_ONCE:
                break
            ids = kept.nonzero()[0]
            candidates = weights[ids]
            heavy, heaviest = float(candidates.sum(dtype=np.float64)), limit
            if limit == floor or heavy >= wanted:
                cut = _cut(candidates, wanted)
                return cut, ids[candidates >= np.float32(cut)]
        return self._large_nucleus(wanted - heavy, total - heavy, heaviest, heavy, floor), None

    def _large_nucleus(self, share: float, of: float, below: float, heavy: float, floor: float) -> float:
        """Where a nucleus of many thousands ends: guessed from an even sample, then found exactly around the guess.

        `heavy` is the mass from the weight `below` on; of the mass `of` under it, `share` is wanted.
        """
        weights, kept, wanted = self._weights, self._kept, heavy + share
        probes = _Probes(weights, below, share / of)
        for slack in (SLACK, 8 * SLACK, weights.size):  # the last one looks everywhere
            low, high = max(probes.at(slack), floor), probes.at(-slack)
            above = self._mass(np.greater, high)
            if low == high and above < wanted <= self._mass(np.greater_equal, low):
                break  # a row of ties
            np.greater_equal(weights, np.float32(low), out=kept)
            kept &= weights <= np.float32(high)
            middle = weights[kept.nonzero()[0]]
            if above < wanted <= above + float(middle.sum(dtype=np.float64)):
                return _cut(middle, wanted - above)
        return low

    def _mass(self, compare: np.ufunc, limit: float) -> float:
        """The weight of all tokens whose own weight compares so with `limit`."""
        compare(self._weights, np.float32(limit), out=self._kept)
        held = np.multiply(self._weights, self._kept, out=self._scratch.view(np.float32))
        return float(held.sum())


class _Probes:
    """An even sample of a row below `limit`, from which to guess where a share of its mass is reached."""

    def __init__(self, weights: FloatRow, limit: float, share: float) -> None:
        sample = weights[:: max(1, weights.size // PROBES)]
        self._ordered = np.sort(sample[sample < limit])[::-1]
        sums = np.cumsum(self._ordered, dtype=np.float64)
        self._guess = int(np.searchsorted(sums, share * sums[-1])) if sums.size else 0

    def at(self, offset: int) -> float:
        """The weight so many places below the guess: infinity before the first, 0 after the last."""
        place = self._guess + offset
        if place < 0:
            return math.inf
        return float(self._ordered[place]) if place < self._ordered.size else 0.0


def _place(ids: TokenIds, token: int) -> int | None:
    """Where `token` stands among `ids`, which ascend."""
    place = int(ids.searchsorted(token))
    return place if place < ids.size and ids[place] == token else None


def _without_bias(before: FloatRow, top: float, rest: float, temperature: float) -> tuple[float, float, float]:
    """What `_weigh` would have returned before a bias that raises nothing; all other tokens weigh `rest` after it."""
    values = before.tolist()  # a handful, for which numpy takes longer
    raw_top = max(top, *values)  # the scale on which nothing overflows
    mine = math.fsum(math.exp((value - raw_top) / temperature) for value in values)
    return raw_top, max(rest, 0.0) * math.exp((top - raw_top) / temperature) + mine, mine


def _cut(candidates: FloatRow, wanted: float) -> float:
    """The smallest of the largest `candidates` that together reach `wanted`."""
    ordered = np.sort(candidates)[::-1]
    reached = int(np.searchsorted(np.cumsum(ordered, dtype=np.float64), wanted))
    return float(ordered[min(reached, ordered.size - 1)])
