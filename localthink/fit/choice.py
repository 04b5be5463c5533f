"""With which context, cache and GPU layers a model is opened where nobody says."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from localthink.errors import UsageError
from localthink.fit.memory import LEAST_CONTEXT, ORDER, ROUND, Needs, Verdict, needs, rounded
from localthink.fit.placement import Placement, place
from localthink.gguf.shape import ModelShape, Weights
from localthink.machine.capacity import MemoryBudget
from localthink.records import CACHE_TYPES
from localthink.text.sizes import sized

USUAL_CONTEXT = 16_384  # tokens of one sample: most R1 traces fit, and a laptop has the memory
USEFUL_CONTEXT = 4096  # tokens of one sample: with fewer, hardly an answer of R1 comes to its end
MOST_CONTEXT = 2**24  # tokens, where a model does not say what it was trained for
CHOSEN_CACHES = ("f16", "q8_0")  # types of cache that are chosen where none is named; q4_0 costs accuracy


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
    """How a model is opened, what that takes, and in which room.

    `useful` is the most context that it can make use of, what it was trained for in every slot; 0 where nothing says.
    """

    needs: Needs
    placement: Placement
    room: MemoryBudget
    useful: int = 0

    @property
    def verdict(self) -> Verdict:
        return self.placement.verdict

    def described(self, name: str, layers: int, longest: int) -> str:
        """What was chosen for the model of this name, in a line; `layers` are those that it has.

        The context is what one sample may have, of which `longest` is the most; the cache may hold several.
        """
        found = self.needs
        context = min(found.context, longest)
        several = f" for {found.context:,} tokens" if context < found.context else ""
        cache = f"{found.cache_type} cache {sized(found.cache)}{several}"
        return " · ".join([f"{name}: context {context:,} tokens", cache, *self.offloaded(layers),
                           f"needs {sized(found.total)} of {self.room.described()}", *self.waste()])

    def offloaded(self, layers: int) -> tuple[str, ...]:
        """How many of the model's `layers` are on the GPU, and what they take; nothing where none are."""
        taken = self.placement
        if not taken.gpu_layers:
            return ()
        count = "all layers" if taken.gpu_layers > layers else f"{taken.gpu_layers} of {layers + 1} layers"
        return (f"{count} on {self.room.device_name} ({sized(taken.on_device)})",)

    def waste(self) -> tuple[str, ...]:
        """A sentence on context that nothing can be done with; none where there is none."""
        if not self.useful or self.needs.context <= rounded(self.useful):
            return ()
        return (f"trained for {self.useful:,} tokens: the rest of the context is of no use",)

    def arithmetic(self) -> str:
        """The sum, term by term."""
        found = self.needs
        return (f"{sized(found.weights)} weights + {sized(found.cache)} cache ({found.context:,} tokens, "
                f"{found.cache_type}) + {sized(found.compute)} compute + {sized(found.output)} output + "
                f"{sized(found.runtime)} program = {sized(found.total)}")


def choose(shape: ModelShape, weights: Weights, room: MemoryBudget, asked: Asked) -> Choice:
    """The best way to open a model in this room, which may still be too big; see `Choice.verdict`.

    A full context in f16 comes first, then in q8_0, then half a context in either, so long as all of it is where it
    is fast; then what a GPU holds in part; then the longest context that fits with room to work in, if it is of some
    use; then one of that length, or less, that leaves no room. Raises UsageError for a type that the cache cannot have.
    """
    ways = [plan(shape, weights, room, asked, context, cache) for context, cache in _wishes(shape, asked)]
    comfortable = [way for way in ways if way.verdict == "fits"]
    whole = [way for way in comfortable if asked.gpu_layers is not None or way.placement.whole(shape, room)]
    if whole or comfortable:
        return (whole or comfortable)[0]
    tight = [way for way in ways if way.verdict == "tight"]
    if asked.context is None:
        return _squeeze(shape, weights, room, asked) or min(ways, key=lambda way: way.needs.total)
    return tight[0] if tight else min(ways, key=lambda way: way.needs.total)


def _squeeze(shape: ModelShape, weights: Weights, room: MemoryBudget, asked: Asked) -> Choice | None:
    """What there is where no usual context fits with room to work in; None where nothing fits at all."""
    cache = cache_types(shape, asked.cache)[-1]  # the smallest that is chosen
    useful = min(USEFUL_CONTEXT, _usual(shape)) * asked.slots
    with_room = largest_for(shape, weights, room, asked, cache, "fits")
    context = with_room if with_room >= useful else min(useful, largest_for(shape, weights, room, asked, cache))
    return plan(shape, weights, room, asked, context, cache) if context else None


def _wishes(shape: ModelShape, asked: Asked) -> Iterator[tuple[int, str]]:
    """Contexts and caches that are tried, the best first."""
    one = _usual(shape)
    halves = (one * asked.slots, max(LEAST_CONTEXT, one // 2) * asked.slots)
    for context in halves if asked.context is None else (asked.context,):
        for cache in cache_types(shape, asked.cache):
            yield context, cache


def _usual(shape: ModelShape) -> int:
    return min(shape.context_length or USUAL_CONTEXT, USUAL_CONTEXT)


def cache_types(shape: ModelShape, named: str | None) -> tuple[str, ...]:
    """The types of cache to choose from: the one that is named, or those that these heads can be packed in."""
    if named is not None:
        shape.cache_bytes_per_token(named, named)
        return (named,)
    lengths = (shape.key_length, shape.value_length)
    return CHOSEN_CACHES if not any(length % 32 for length in lengths) else CACHE_TYPES[:1]


def largest_for(shape: ModelShape, weights: Weights, room: MemoryBudget, asked: Asked, cache: str,
                verdict: Verdict = "tight") -> int:
    """The longest context that fits at least so well, with the layers where they were asked to be; 0 where none does.

    No longer than the model was trained for, for each slot.
    """
    step = ROUND * (asked.slots if asked.split else 1)
    least, most = 0, (asked.slots * shape.context_length or MOST_CONTEXT) // step
    while least < most:  # what is longer never fits better
        middle = (least + most + 1) // 2
        found = plan(shape, weights, room, asked, middle * step, cache).verdict
        least, most = (middle, most) if ORDER.index(found) <= ORDER.index(verdict) else (least, middle - 1)
    return least * step


def plan(shape: ModelShape, weights: Weights, room: MemoryBudget, asked: Asked, context: int, cache: str) -> Choice:
    """What exactly this context and cache would take, and where."""
    found = needs(shape, weights.total, context, cache, asked.slots, asked.split)
    placed = place(found, shape, weights, room, asked.gpu_layers)
    return Choice(found, placed, room, asked.slots * shape.context_length)


def refusal(name: str, shape: ModelShape, weights: Weights, asked: Asked, choice: Choice) -> FitError:
    """What to say of a model that is too big: the sum, what there is, and what to do."""
    room, remedy = choice.room, "take a smaller model or precision (localthink models fit)"
    advice = "--force tries it anyway"
    if largest := largest_for(shape, weights, room, asked, choice.needs.cache_type):
        remedy = f"a context of at most {largest:,} tokens fits"
    elif asked.gpu_layers and choose(shape, weights, room, replace(asked, gpu_layers=None)).verdict != "too big":
        remedy = "it fits with fewer layers on the GPU"
        advice = f"--gpu-layers auto finds how many, and {advice}"
    where = f" ({sized(choice.placement.on_device)} of it on the GPU)" if choice.placement.on_device else ""
    return FitError(f"{name} does not fit: {choice.arithmetic()}{where}, and there is {room.described()}: "
                    f"{remedy}", advice)
