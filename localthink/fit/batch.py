"""How many samples a run decodes at once, and in which cache: as many as memory, cores and samples allow."""
from __future__ import annotations

from dataclasses import dataclass

from localthink.fit.choice import cache_types
from localthink.fit.memory import ROUND, needs
from localthink.fit.room import SHARE, Room
from localthink.model_shape import ModelShape

PER_CORE = 8  # slots: with 32 on two cores nothing was gained over 16 (docs/batch.md)
ON_GPU = 64  # slots, where the layers are on a GPU
TOGETHER = 4  # rows of a batch that llama.cpp's repacked kernels compute in one go
MOST_SLOTS = 256  # LLAMA_MAX_SEQ


@dataclass(frozen=True, slots=True)
class BatchFit:
    """The slots and the cache of a run. `why` is the arithmetic in a line; `cells` counts tokens of all slots.

    `needs` are bytes, and `fits` says whether there are so many.
    """

    slots: int
    longest: int
    cells: int
    split: bool
    cache: str
    needs: int
    fits: bool
    why: str


def even_slots(slots: int) -> int:
    """The most slots, no more than these, whose rows are all computed alike.

    llama.cpp's repacked kernels take four rows at a time and what is left one by one, which rounds otherwise.
    """
    return slots if slots < TOGETHER else slots - slots % TOGETHER


def fit_batch(shape: ModelShape, weight_bytes: int, longest: int, samples: int, room: Room, cores: int, *,
              cache: str | None = None, slots: int | None = None, split: bool | None = None,
              even: bool = False) -> BatchFit:
    """Choose slots, cache and layout for `samples` samples of up to `longest` tokens each.

    `room` is what is free before the model is loaded. What is given (`cache`, `slots`, `split`) is kept; a cache in
    f16 is chosen where it holds one sample, a split one where every slot can have its own `longest` tokens. With
    `even`, the chosen number of slots is one that `even_slots` leaves as it is.
    """
    longest = -(-longest // ROUND) * ROUND
    free = room.memory + (0 if room.shared else room.device)
    by_cores = ON_GPU if room.device else PER_CORE * cores
    for type_ in cache_types(shape, cache):
        most = _slots_by_memory(shape, weight_bytes, longest, type_, free, min(by_cores, samples, MOST_SLOTS))
        if most:
            break
    chosen = slots or max(1, min(by_cores, most, samples, MOST_SLOTS))
    if even and not slots:
        chosen = even_slots(chosen)
    fits = _total(shape, weight_bytes, longest, type_, chosen) <= free * SHARE
    layout = split if split is not None else fits and chosen > 1
    each = max(1, shape.cache_bytes_per_token(type_, type_))
    left = free * SHARE - needs(shape, weight_bytes, longest, type_, chosen).total
    cells = chosen * longest if fits or layout else longest + max(0, int(left // each))
    taken = needs(shape, weight_bytes, cells, type_, chosen, layout).total
    limits = {"one for each sample": samples, "all that memory holds": most,
              "the most that llama.cpp takes": MOST_SLOTS,
              f"{ON_GPU} with a GPU" if room.device else f"{PER_CORE} a core on {cores} {_plural('core', cores)}":
                  by_cores}
    reason = "as asked" if slots else _reason(chosen, limits)
    why = (f"{chosen} {_plural('slot', chosen)} ({reason}) of {longest:,} tokens at {each / 1024:.1f} KiB a token, "
           f"{'split' if layout else 'unified'} {type_} cache of {cells * each / 2**20:,.0f} MiB: needs "
           f"{taken / 2**30:.1f} GiB of {room.described()}")
    return BatchFit(chosen, longest, cells, layout, type_, taken, taken <= free, why)


def _slots_by_memory(shape: ModelShape, weight_bytes: int, longest: int, cache: str, free: int, most: int) -> int:
    """The most slots, up to `most` and one more, that fit with room to work in; 0 where not one does."""
    return max((slots for slots in range(1, most + 2)
                if _total(shape, weight_bytes, longest, cache, slots) <= free * SHARE), default=0)


def _total(shape: ModelShape, weight_bytes: int, longest: int, cache: str, slots: int) -> int:
    return needs(shape, weight_bytes, slots * longest, cache, slots, slots > 1).total


def _reason(chosen: int, limits: dict[str, int]) -> str:
    """Which of the limits decided."""
    decisive = min(limits, key=lambda name: limits[name])
    if chosen > limits[decisive]:
        return "the least there is"
    return decisive if chosen == limits[decisive] else f"{decisive}, in fours"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
