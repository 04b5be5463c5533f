"""The memory that a model takes once it is open, part by part, before any of it is loaded.

Every part follows llama.cpp as llama-cpp-python 0.3.36 carries it; `scripts/bench_fit.py` compares the sum
with what processes really take.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localthink.gguf.shape import ModelShape

STEP_TOKENS = 512  # of one llama_decode at most, for which its buffers are made
ROUND = 256  # tokens: llama.cpp gives every sequence a multiple of them
LEAST_CONTEXT = 256  # llama.cpp rounds up to this
FLOAT = 4  # bytes
MASK = 2  # bytes that a token of a step takes in the attention mask for each that it may look at
PROGRAM = 60 * 2**20  # bytes of Python, its libraries and llama.cpp; measured
PER_VOCABULARY_TOKEN = 340  # bytes that the vocabulary takes for each of its tokens, merges included; measured
SAFE_SHARE = 0.9  # use at most this share of the free memory: the rest is room to work in
Verdict = Literal["fits", "tight", "too big"]
ORDER: tuple[Verdict, ...] = ("fits", "tight", "too big")


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes that a model takes with a KV cache of `context` tokens, all slots together, of the type `cache_type`.

    `compute` are the buffers of a step, `output` the logits that are handed out, and `runtime` the program
    with the vocabulary.
    """

    context: int
    cache_type: str
    weights: int
    cache: int
    compute: int
    output: int
    runtime: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.compute + self.output + self.runtime

    def as_object(self) -> dict[str, int]:
        return {"weights": self.weights, "cache": self.cache, "compute": self.compute, "output": self.output,
                "runtime": self.runtime, "total": self.total}


def needs(shape: ModelShape, weight_bytes: int, context: int, cache: str = "f16", slots: int = 1,
          split: bool = False) -> Needs:
    """What a model of this shape takes. Raises UsageError for a type that its cache cannot have."""
    context = rounded(context, slots, split)
    per_token = shape.cache_bytes_per_token(cache, cache)
    output = slots * shape.vocabulary * FLOAT
    seen = context // slots if split else context
    return Needs(context, cache, weight_bytes, context * per_token, _compute(shape, seen, output), output,
                 PROGRAM + PER_VOCABULARY_TOKEN * shape.vocabulary)


def _compute(shape: ModelShape, seen: int, output: int) -> int:
    """The largest that a step holds at once: one layer's activations, or the logits of the last.

    llama.cpp lets tensors share memory as soon as they are done with. In a layer, three rows of the feed-forward
    width are alive at once beside four of the model's own; at the end, the logits beside two.
    """
    layer = STEP_TOKENS * FLOAT * (3 * shape.hidden + 4 * shape.width)
    last = output + STEP_TOKENS * FLOAT * 2 * shape.width
    return max(layer, last) + mask_bytes(seen)


def mask_bytes(seen: int) -> int:
    """The attention mask of a step that looks at so many tokens."""
    return STEP_TOKENS * MASK * seen


def rounded(context: int, slots: int = 1, split: bool = False) -> int:
    """The tokens that llama.cpp makes of so many: of the whole, or where it is split of each slot's part."""
    parts = slots if split else 1
    return max(LEAST_CONTEXT, -(-context // (parts * ROUND)) * ROUND) * parts


def judge(taken: int, free: int) -> Verdict:
    """Whether so much fits with room to work in: what is tight leaves hardly any, what is too big would be swapped."""
    if taken <= free * SAFE_SHARE:
        return "fits"
    return "tight" if taken <= free else "too big"


def worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=ORDER.index)
