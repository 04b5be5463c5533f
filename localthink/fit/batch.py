"""How many samples a run decodes at once, and in which cache: as many as memory, cores and samples allow."""
from __future__ import annotations

from dataclasses import dataclass, replace

from localthink.fit.choice import Asked, Choice, cache_types, largest_for, plan
from localthink.fit.memory import ROUND
from localthink.gguf.shape import ModelShape, Weights
from localthink.machine.capacity import MemoryBudget
from localthink.text.sizes import counted

SLOTS_PER_CORE = 8  # with 32 slots on two cores nothing was gained over 16 (docs/batch.md)
SLOTS_ON_GPU = 64  # where all layers are on a GPU
ROWS_TOGETHER = 4  # rows of a batch that llama.cpp's repacked kernels compute at once
MOST_SLOTS = 256  # LLAMA_MAX_SEQ


@dataclass(frozen=True, slots=True)
class BatchFit:
    """The slots and the cache of a run. `why` is the arithmetic in a line; `cells` counts tokens of all slots."""

    slots: int
    longest: int
    cells: int
    split: bool
    choice: Choice
    why: str

    @property
    def cache(self) -> str:
        return self.choice.needs.cache_type

    @property
    def fits(self) -> bool:
        return self.choice.verdict != "too big"


def even_slots(slots: int) -> int:
    """The most slots, no more than these, whose rows are all computed alike.

    llama.cpp's repacked kernels take four rows at a time and what is left one by one, which rounds otherwise.
    """
    return slots if slots < ROWS_TOGETHER else slots - slots % ROWS_TOGETHER


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is to fit: samples of up to `longest` tokens of one model, in this room."""

    shape: ModelShape
    weights: Weights
    room: MemoryBudget
    longest: int
    gpu_layers: int | None

    def plan(self, slots: int, cache: str, cells: int, split: bool) -> Choice:
        asked = Asked(slots, None, cache, self.gpu_layers, split)
        return plan(self.shape, self.weights, self.room, asked, cells, cache)

    def holds(self, slots: int, cache: str, whole: bool) -> bool:
        """Whether so many, each with its own longest, fit with room to work in; with `whole`, all layers where they are
        fast.
        """
        choice = self.plan(slots, cache, slots * self.longest, slots > 1)
        return choice.verdict == "fits" and (not whole or choice.placement.whole(self.shape, self.room))

    def most(self, cache: str, whole: bool, limit: int) -> int:
        """The most slots, up to `limit`, that memory holds; 0 where not one fits."""
        return max((slots for slots in range(1, limit + 1) if self.holds(slots, cache, whole)), default=0)

    def shared(self, slots: int, cache: str) -> int:
        """The cells of one cache that all slots share: as many as fit with room, and at least one longest."""
        asked = Asked(slots, None, cache, self.gpu_layers)
        trained = replace(self.shape, context_length=0)  # for all of them together it is no limit
        cells = largest_for(trained, self.weights, self.room, asked, cache, "fits")
        return max(self.longest, min(cells, slots * self.longest))


def fit_batch(shape: ModelShape, weights: Weights, longest: int, samples: int, room: MemoryBudget, cores: int, *,
              cache: str | None = None, slots: int | None = None, split: bool | None = None, even: bool = False,
              gpu_layers: int | None = None) -> BatchFit:
    """Choose slots, cache and layout for `samples` samples of up to `longest` tokens each.

    `room` is what is free before the model is loaded. What is given (`cache`, `slots`, `split`, `gpu_layers`) is
    kept; a cache in f16 is chosen where it holds one sample, a split one where every slot can have its own `longest`
    tokens. On a GPU that holds all layers the slots are as many as fit there beside them. With `even`, the chosen
    number of slots is one that `even_slots` leaves as it is.
    """
    batch = _Batch(shape, weights, room, -(-longest // ROUND) * ROUND, gpu_layers)
    types = cache_types(shape, cache)
    whole = bool(room.device) and any(batch.holds(1, type_, True) for type_ in types)
    type_ = next((each for each in types if batch.holds(1, each, whole)), types[-1])
    by_cores = SLOTS_ON_GPU if whole else SLOTS_PER_CORE * cores
    most = batch.most(type_, whole, min(by_cores, samples, MOST_SLOTS))
    chosen = slots or max(1, most)
    if even and not slots:
        chosen = even_slots(chosen)
    fits = batch.holds(chosen, type_, whole)
    layout = split if split is not None else fits and chosen > 1
    cells = chosen * batch.longest if fits or layout else batch.shared(chosen, type_)
    choice = batch.plan(chosen, type_, cells, layout)
    by_machine = f"{SLOTS_ON_GPU} with a GPU" if whole else f"{SLOTS_PER_CORE} a core on {counted(cores, 'core')}"
    limits = {"one for each sample": samples, "the most that llama.cpp takes": MOST_SLOTS, by_machine: by_cores}
    reason = "as asked" if slots else _reason(chosen, most, limits)
    return BatchFit(chosen, batch.longest, cells, layout, choice, _why(chosen, batch.longest, reason, layout, choice))


def _why(slots: int, longest: int, reason: str, split: bool, choice: Choice) -> str:
    needs = choice.needs
    return (f"{counted(slots, 'slot')} ({reason}) of {longest:,} tokens at "
            f"{needs.cache / needs.context / 1024:.1f} KiB a token, {'split' if split else 'unified'} "
            f"{needs.cache_type} cache of {needs.cache / 2**20:,.0f} MiB: needs {needs.total / 2**30:.1f} GiB of "
            f"{choice.room.described()}")


def _reason(chosen: int, by_memory: int, limits: dict[str, int]) -> str:
    """Which of the limits decided."""
    decisive = min(limits, key=lambda name: limits[name])
    if not by_memory:
        return "the least there is"
    if by_memory < limits[decisive]:
        decisive = "all that memory holds"
    return decisive if chosen == by_memory else f"{decisive}, in fours"
