"""Counter-based randomness: a number for every (seed, position, token), the same wherever it is asked for.

Nothing is drawn in sequence, so a sample does not depend on what else shares its batch, on
preemption or on resumption, and two settings with one seed meet the same luck at every token.
"""
from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

UInt32s = npt.NDArray[np.uint32]
MASK = (1 << 64) - 1
# 2^-32, and a hair less, so that no u rounds to 0; the half keeps u from 1
NEGATIVE_STEP, HALF_STEP = np.float32(-(2.0**-32) * (1 - 2.0**-23)), np.float32(-(2.0**-33))
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
    """Token ids as `log_uniform` wants them; a vocabulary is spread once."""
    return tokens * np.uint32(0x9E3779B1)


def log_uniform(key: int, spread_ids: UInt32s, out: UInt32s, scratch: UInt32s) -> npt.NDArray[np.float32]:
    """The logarithm of one uniform number in (0, 1) for each token, a function of `key` and the id alone.

    A MurmurHash3 finalizer with one half of the key before it and the other within. The 32 bits of
    the hash are 1 - u, for the tokens that win a race have u near 1, where a float32 is coarse.
    `out` and `scratch` (which the result is a view of) are as long as `spread_ids`; they are asked
    for because fresh pages for a whole vocabulary cost more than the arithmetic.
    """
    x = np.add(spread_ids, np.uint32(key & 0xFFFFFFFF), out=out)
    x ^= np.right_shift(x, np.uint32(16), out=scratch)
    x *= np.uint32(0x85EBCA6B)
    x ^= np.right_shift(x, np.uint32(13), out=scratch)
    x += np.uint32(key >> 32)
    x *= np.uint32(0xC2B2AE35)
    x ^= np.right_shift(x, np.uint32(16), out=scratch)
    rest = scratch.view(np.float32)  # 1 - u
    np.copyto(rest, x, casting="unsafe")
    rest *= NEGATIVE_STEP
    rest += HALF_STEP
    return np.log1p(rest, out=rest)
