"""The dimensions of a transformer that its memory depends on, whether a file's header gives them or the catalogue."""
from __future__ import annotations

from dataclasses import dataclass

from localthink.errors import UsageError

PerLayer = int | tuple[int, ...]
CACHE_BLOCKS = {"f32": (1, 4), "f16": (1, 2), "bf16": (1, 2), "q8_0": (32, 34), "q4_0": (32, 18)}  # values, their bytes


def as_tuple(value: PerLayer, layers: int) -> tuple[int, ...]:
    """A number for each layer."""
    return value if isinstance(value, tuple) else (value,) * layers


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of a model's weights: `total` of them, `blocks` in its layers, `output` in what makes logits.

    `step` are those that one token reads: not the rows of other tokens, nor the experts that it is not sent to.
    A `tied` model has no output of its own and uses its embedding for it; on a GPU it has a copy of it there.
    """

    total: int
    blocks: int
    output: int
    step: int
    tied: bool = False

    @classmethod
    def estimated(cls, total: int, step: int, parameters: int, shape: ModelShape, tied: bool) -> Weights:
        """From a file's size alone, as if all parameters took the same room."""
        matrix = round(total * shape.vocabulary * shape.width / parameters)
        return cls(total, total - matrix * (1 if tied else 2), matrix, step, tied)


@dataclass(frozen=True, slots=True)
class ModelShape:
    """All of them are 0 where a file with a vocabulary alone does not say.

    `hidden` is the width of the feed-forward layers, the widest where they differ, of all experts that a token
    is sent to together. `heads` and `kv_heads` are tuples where layers differ. With `shares_values`, values are
    read from the keys' cache (multi-head latent attention).
    """

    layers: int
    width: int
    hidden: int
    heads: PerLayer
    kv_heads: PerLayer
    key_length: int
    value_length: int
    vocabulary: int
    context_length: int
    shares_values: bool = False

    def cache_bytes_per_token(self, type_k: str = "f16", type_v: str = "f16") -> int:
        """Bytes of KV cache that one token takes, where every layer remembers the whole context.

        An upper bound for models with sliding windows or recurrent layers, which remember less. Raises
        UsageError for a type that is none, or that these heads cannot be packed in.
        """
        rows = ((type_k, self.key_length), (type_v, 0 if self.shares_values else self.value_length))
        for type_, length in rows:
            if type_ not in CACHE_BLOCKS:
                raise UsageError(f"cache type is {type_!r}: it is one of {', '.join(CACHE_BLOCKS)}")
            if length % CACHE_BLOCKS[type_][0]:
                raise UsageError(f"cache type is {type_!r}, which packs values by {CACHE_BLOCKS[type_][0]}: "
                                 f"this model's heads have {length}; use f16")
        cached_heads = sum(as_tuple(self.kv_heads, self.layers))
        return sum(cached_heads * length // block * size for type_, length in rows
                   for block, size in (CACHE_BLOCKS[type_],))
