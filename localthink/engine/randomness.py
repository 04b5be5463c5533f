"""Counter-based randomness: a number for every (seed, position, token), the same wherever it is asked for.

Nothing is drawn in sequence, so a sample does not depend on what else shares its batch, on
preemption or on resumption, and two settings with one seed get the same random numbers at every token.
"""
from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

UInt32s = npt.NDArray[np.uint32]
MASK = (1 << 64) - 1
# 2^-32, and a hair less, so that no u rounds to 0; the half keeps u from 1
STEP, HALF_STEP = np.float32(2.0**-32 * (1 - 2.0**-23)), np.float32(2.0**-33)
ABOVE_ROUNDING = np.float32(1 + 2.0**-20)
SEED_BITS = 48  # small enough for JSON readers that keep numbers in doubles


def sample_seed(seed: int, sample: int) -> int:
    """The seed of one of several samples: `seed` itself for the first, unrelated ones for the others.

    Neighbouring seeds share no sample, and any sample can be had again alone by its own seed.
    """
    if sample == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}/{sample}".encode(), digest_size=SEED_BITS // 8).digest()
    return int.from_bytes(digest, "little")


def key(mixed_seed: int, position: int) -> int:
    """64 well-mixed bits for a position of the sequence whose seed went through `mix`."""
    return mix(mixed_seed ^ (position * 0x9E3779B97F4A7C15 & MASK))


def mix(x: int) -> int:
    """One round of SplitMix64 (Steele et al. 2014): 64 bits in, 64 bits out, one to one."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def spread(tokens: UInt32s) -> UInt32s:
    """Token ids as `uniform` wants them; a vocabulary is spread once."""
    return tokens * np.uint32(0x9E3779B1)


def uniform(key: int, spread_ids: UInt32s, out: UInt32s, scratch: UInt32s) -> npt.NDArray[np.float32]:
    """One uniform number in (0, 1) for each token, a function of `key` and the id alone.

    A MurmurHash3 finalizer with one half of the key before it and the other within. `out` and `scratch`
    (which the result is a view of) are as long as `spread_ids`; they are asked for because fresh pages
    for a whole vocabulary cost more than the arithmetic.
    """
    x = np.add(spread_ids, np.uint32(key & 0xFFFFFFFF), out=out)
    x ^= np.right_shift(x, np.uint32(16), out=scratch)
    x *= np.uint32(0x85EBCA6B)
    x ^= np.right_shift(x, np.uint32(13), out=scratch)
    x += np.uint32(key >> 32)
    x *= np.uint32(0xC2B2AE35)
    x ^= np.right_shift(x, np.uint32(16), out=scratch)
    numbers = scratch.view(np.float32)
    np.copyto(numbers, x, casting="unsafe")
    numbers *= STEP
    numbers += HALF_STEP
    return numbers


def first_to_arrive(numbers: npt.NDArray[np.float32], weights: npt.NDArray[np.float32],
                    scratch: npt.NDArray[np.float32]) -> int:
    """Which of the tokens wins an exponential race: the index of the smallest -log(1 - u) / w.

    1 - u, because the winners have a small u, and a float32 is fine only near 0. A logarithm takes
    longer than all else together, and -log(1 - u) is never less than u: so whoever beats the token
    with the smallest u / w has a u / w below that token's time, and only those few are looked at.
    """
    quotients = np.divide(numbers, weights, out=scratch)
    likely = int(quotients.argmin())
    bound = -np.log1p(-numbers[likely]) / weights[likely]
    near = (quotients <= bound * ABOVE_ROUNDING).nonzero()[0]
    if near.size <= 1:
        return likely
    return int(near[(-np.log1p(-numbers[near]) / weights[near]).argmin()])
