"""What fits into memory, from a model's header: the arithmetic of a conversation and of a batch run."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localthink.gguf_header import ModelFacts

PER_CORE = 8  # slots: with 32 on two cores nothing was gained over 16 (docs/batch.md)
ON_GPU = 64  # slots, where the layers are on a GPU
SPARE = 2**29  # bytes for compute buffers and the program itself
SHARE = 0.9  # of what is left that a run may take
USUAL_CONTEXT = 16_384  # tokens of one sample: most R1 traces fit, and a laptop has the memory
LEAST_CONTEXT = 256  # llama.cpp rounds up to this
ROUND = 256  # tokens: llama.cpp gives every sequence a multiple of them
TOGETHER = 4  # rows of a batch that llama.cpp's repacked kernels compute in one go
MOST_SLOTS = 256  # LLAMA_MAX_SEQ
Fit = Literal["fits", "tight", "too big"]


@dataclass(frozen=True, slots=True)
class ChatMemory:
    """Bytes that a model takes once it is open: its weights, and a KV cache of `context` tokens."""

    context: int
    weights: int
    cache: int

    @property
    def total(self) -> int:
        return self.weights + self.cache


def chat_memory(facts: ModelFacts, context: int, cache: str = "f16") -> ChatMemory:
    """What a model takes with a cache of `context` tokens. Raises UsageError for a type its cache cannot have."""
    context = -(-context // ROUND) * ROUND
    return ChatMemory(context, facts.weight_bytes, context * facts.cache_bytes_per_token(cache, cache))


def default_context(facts: ModelFacts, slots: int, free_bytes: int, cache: str = "f16") -> int:
    """The tokens of a cache where nobody says: a full context for each slot, as far as a quarter of the memory goes.

    `free_bytes` is the memory that is free for it. Raises UsageError for a type that the cache cannot have.
    """
    one = min(facts.context_length or USUAL_CONTEXT, USUAL_CONTEXT)
    affordable = free_bytes // 4 // max(1, facts.cache_bytes_per_token(cache, cache))
    return max(LEAST_CONTEXT, min(one * slots, affordable - affordable % ROUND))


def judge(total_bytes: int, free_bytes: int) -> Fit:
    """Whether so much fits with room to work in; what is tight leaves none, and what is too big would be swapped."""
    if total_bytes + SPARE <= free_bytes * SHARE:
        return "fits"
    return "tight" if total_bytes <= free_bytes else "too big"


@dataclass(frozen=True, slots=True)
class BatchFit:
    """The slots and the cache of a run. `why` is the arithmetic in a line; `cells` counts tokens of all slots."""

    slots: int
    longest: int
    cells: int
    split: bool
    why: str


def even_slots(slots: int) -> int:
    """The most slots, no more than these, whose rows are all computed alike.

    llama.cpp's repacked kernels take four rows at a time and what is left one by one, which rounds otherwise.
    """
    return slots if slots < TOGETHER else slots - slots % TOGETHER


def fit_batch(facts: ModelFacts, longest: int, samples: int, free_bytes: int, cores: int, *, cache: str = "f16",
              gpu: bool = False, slots: int | None = None, split: bool | None = None, even: bool = False) -> BatchFit:
    """Choose slots and layout for `samples` samples of up to `longest` tokens each.

    `free_bytes` is the memory that is available before the model is loaded. What is given (`slots`,
    `split`) is kept; a split cache is chosen where every slot can have its own `longest` tokens. With
    `even`, the chosen number of slots is one that `even_slots` leaves as it is.
    """
    longest = -(-longest // ROUND) * ROUND
    per_token = max(1, facts.cache_bytes_per_token(cache, cache))
    room = max(0.0, (free_bytes - facts.weight_bytes - SPARE) * SHARE)
    by_memory = int(room // (per_token * longest))
    by_cores = ON_GPU if gpu else PER_CORE * cores
    chosen = slots or max(1, min(by_cores, by_memory, samples, MOST_SLOTS))
    if even and not slots:
        chosen = even_slots(chosen)
    fits = chosen <= by_memory
    layout = split if split is not None else fits and chosen > 1
    cells = chosen * longest if fits or layout else max(longest, int(room // per_token))
    limits = {"one for each sample": samples, "all that memory holds": by_memory,
              "the most that llama.cpp takes": MOST_SLOTS,
              f"{ON_GPU} with a GPU" if gpu else f"{PER_CORE} a core on {cores} {_plural('core', cores)}": by_cores}
    reason = "as asked" if slots else _reason(chosen, limits)
    why = (f"{chosen} {_plural('slot', chosen)} ({reason}; {room / 2**30:.1f} GiB hold {by_memory:,} slots "
           f"of {longest:,} tokens at {per_token / 1024:.1f} KiB a token), {'split' if layout else 'unified'} cache of "
           f"{cells * per_token / 2**20:,.0f} MiB")
    return BatchFit(chosen, longest, cells, layout, why)


def _reason(chosen: int, limits: dict[str, int]) -> str:
    """Which of the limits decided."""
    decisive = min(limits, key=lambda name: limits[name])
    if chosen > limits[decisive]:
        return "the least there is"
    return decisive if chosen == limits[decisive] else f"{decisive}, in fours"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
