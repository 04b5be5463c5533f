"""With which context, cache and GPU layers a model is opened where nobody says."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from localthink.errors import UsageError
from localthink.fit.memory import LEAST_CONTEXT, Needs, largest_context, needs, rounded
from localthink.fit.placement import Placement, place
from localthink.fit.room import SHARE, Room, Verdict
from localthink.model_shape import ModelShape, Weights
from localthink.records import CACHE_TYPES
from localthink.sizes import sized

USUAL_CONTEXT = 16_384  # tokens of one sample: most R1 traces fit, and a laptop has the memory
BY_ITSELF = ("f16", "q8_0")  # the types of cache that are chosen where none is named; q4_0 costs accuracy


class FitError(UsageError):
    """A model that cannot be opened as it was asked to be, with the numbers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person named; None is to be chosen. `context` is of all slots together, `gpu_layers` -1 for all."""

    slots: int = 1
    context: int | None = None
    cache: str | None = None
    gpu_layers: int | None = None
    split: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """How a model is opened, what that takes, and in which room."""

    needs: Needs
    placement: Placement
    room: Room

    @property
    def verdict(self) -> Verdict:
        return self.placement.verdict

    def described(self, name: str, layers: int) -> str:
        """What was chosen for the model of this name, in a line; `layers` are those that it has."""
        found, taken = self.needs, self.placement
        where = [f"needs {sized(found.total)} of {self.room.described()}"]
        if taken.gpu_layers:
            whole = taken.gpu_layers > layers
            where.insert(0, f"{'all' if whole else f'{taken.gpu_layers} of {layers + 1}'} layers on "
                            f"{self.room.device_name} ({sized(taken.on_device)})")
        cache = f"{found.cache_type} cache {sized(found.cache)}"
        return " · ".join([f"{name}: context {found.context:,} tokens", cache, *where])

    def arithmetic(self) -> str:
        """The sum, term by term."""
        found = self.needs
        return (f"{sized(found.weights)} weights + {sized(found.cache)} cache ({found.context:,} tokens, "
                f"{found.cache_type}) + {sized(found.compute)} compute + {sized(found.output)} output + "
                f"{sized(found.runtime)} program = {sized(found.total)}")

    def refuse(self, name: str, largest: int) -> FitError:
        """What to say where it is too big; `largest` is the largest context that would fit, 0 where none does."""
        remedy = (f"a context of at most {largest:,} tokens fits" if largest
                  else "take a smaller model or precision (localthink models fit)")
        return FitError(f"{name} does not fit: {self.arithmetic()}, and there is {self.room.described()}: "
                      f"{remedy}, or --force tries it all the same")


def choose(shape: ModelShape, weights: Weights, room: Room, asked: Asked) -> Choice:
    """The best way to open a model in this room, which may still be too big; see `Choice.verdict`.

    A full context in f16 comes first, then in q8_0, then half a context, so long as all of it is where it is
    fast; then what a GPU holds in part; then the largest context that fits at all. Raises UsageError for a type that
    the cache cannot have.
    """
    ways = [_plan(shape, weights, room, asked, context, cache) for context, cache in _wishes(shape, asked)]
    comfortable = [way for way in ways if way.verdict == "fits"]
    whole = [way for way in comfortable if asked.gpu_layers is not None or not room.device
             or way.placement.gpu_layers > shape.layers]
    if whole or comfortable:
        return (whole or comfortable)[0]
    return _squeeze(shape, weights, room, asked, ways)


def _squeeze(shape: ModelShape, weights: Weights, room: Room, asked: Asked, ways: list[Choice]) -> Choice:
    """Nothing fits with room to spare: shorten the context where it may be, then do with what is tight."""
    if asked.context is None:
        for share in (SHARE, 1.0):
            for cache in reversed(cache_types(shape, asked.cache)):
                context = largest_for(shape, weights, room, asked, cache, share)
                if context:
                    return _plan(shape, weights, room, asked, min(context, ways[0].needs.context), cache)
    tight = [way for way in ways if way.verdict == "tight"]
    return tight[0] if tight else min(ways, key=lambda way: way.needs.total)


def _wishes(shape: ModelShape, asked: Asked) -> Iterator[tuple[int, str]]:
    """Contexts and caches that are tried, the best first."""
    one = min(shape.context_length or USUAL_CONTEXT, USUAL_CONTEXT)
    contexts = [asked.context] if asked.context is not None else [one * asked.slots, max(LEAST_CONTEXT, one // 2)
                                                                  * asked.slots]
    for context in contexts:
        for cache in cache_types(shape, asked.cache):
            yield context, cache


def cache_types(shape: ModelShape, named: str | None) -> tuple[str, ...]:
    """The types of cache to choose from: the one that is named, or those that these heads can be packed in."""
    if named is not None:
        shape.cache_bytes_per_token(named, named)
        return (named,)
    lengths = (shape.key_length, shape.value_length)
    return BY_ITSELF if not any(length % 32 for length in lengths) else CACHE_TYPES[:1]


def largest_for(shape: ModelShape, weights: Weights, room: Room, asked: Asked, cache: str, share: float = 1.0) -> int:
    """The largest context that fits into this share of the room, with what a GPU holds counted where it has its own
    memory; 0 where none does.
    """
    beside = room.device if room.device and not room.shared and asked.gpu_layers != 0 else 0
    return largest_context(shape, weights.total, cache, (room.memory + beside) * share, asked.slots)


def _plan(shape: ModelShape, weights: Weights, room: Room, asked: Asked, context: int, cache: str) -> Choice:
    found = needs(shape, weights.total, rounded(context), cache, asked.slots, asked.split)
    return Choice(found, place(found, shape, weights, room, asked.gpu_layers), room)
