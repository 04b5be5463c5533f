"""What is said of one model at one precision: whether it fits, the arithmetic, and what to expect."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localthink.fit.choice import Asked, Choice, choose, largest_for
from localthink.fit.memory import Verdict
from localthink.gguf.header import ModelFacts
from localthink.gguf.shape import ModelShape, Weights
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.shelf.catalogue import COMPARED_BY, ModelSpec

MEAN_CONTEXT = 4096  # tokens of cache that a token reads on average: the middle of a usual R1 answer


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model at a precision, from a file's header or from the catalogue, whose sizes are those that are planned with.

    `estimated` says that it is from the catalogue; `score` is how good the model is, None where nothing was published.
    """

    name: str
    precision: str
    shape: ModelShape
    weights: Weights
    estimated: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True)
class FitReport:
    """`largest_context` is the most tokens that fit with the chosen cache, 0 where none do."""

    candidate: Candidate
    choice: Choice
    largest_context: int
    tokens_per_second: float | None

    @property
    def verdict(self) -> Verdict:
        return self.choice.verdict

    def as_object(self) -> dict[str, Any]:
        choice, room = self.choice, self.choice.room
        speed = self.tokens_per_second
        return {
            "model": self.candidate.name, "precision": self.candidate.precision, "verdict": self.verdict,
            "bytes": choice.needs.as_object(), "context": choice.needs.context, "cache": choice.needs.cache_type,
            "largest_context": self.largest_context, "gpu_layers": choice.placement.gpu_layers,
            "bytes_on_gpu": choice.placement.on_device, "estimated": self.candidate.estimated,
            "free": {"memory": room.memory, "gpu": room.device, "gpu_name": room.device_name, "shared": room.shared},
            "tokens_per_second": None if speed is None else round(speed, 1),
        }


def of_file(facts: ModelFacts) -> Candidate:
    return Candidate(facts.path.stem, facts.quantization, facts.shape, facts.weights)


def of_spec(spec: ModelSpec, precision: str) -> Candidate:
    size = spec.precisions[precision]
    weights = Weights.estimated(size, spec.step_bytes(precision), spec.parameters, spec.shape, spec.tied)
    return Candidate(spec.name, precision, spec.shape, weights, True, score_of(spec))


def score_of(spec: ModelSpec) -> float | None:
    """How good a model is: the mean of what was published for it on mathematics and on science."""
    found = [spec.scores[name] for name in COMPARED_BY if name in spec.scores]
    return sum(found) / len(found) if len(found) == len(COMPARED_BY) else None


def report(candidate: Candidate, room: MemoryBudget, asked: Asked, bandwidth: Bandwidth) -> FitReport:
    """Raises UsageError for a type of cache that the model cannot have."""
    shape, weights = candidate.shape, candidate.weights
    choice = choose(shape, weights, room, asked)
    largest = largest_for(shape, weights, room, asked, choice.needs.cache_type)
    return FitReport(candidate, choice, largest, tokens_per_second(choice, weights, shape.layers, bandwidth))


def reports(spec: ModelSpec, room: MemoryBudget, asked: Asked, bandwidth: Bandwidth) -> Sequence[FitReport]:
    """Every precision of a model of the catalogue, the smallest first."""
    return [report(of_spec(spec, precision), room, asked, bandwidth) for precision in spec.precisions]


def tokens_per_second(choice: Choice, weights: Weights, layers: int, bandwidth: Bandwidth) -> float | None:
    """What to expect of one stream, `MEAN_CONTEXT` tokens into its answer; None where the bandwidth is not known."""
    cache = choice.needs.cache * min(MEAN_CONTEXT, choice.needs.context) / choice.needs.context
    share = min(1.0, choice.placement.gpu_layers / (layers + 1))
    read = weights.step + cache
    times = []
    for part, speed in ((share, bandwidth.device), (1 - share, bandwidth.memory)):
        if part and not speed:
            return None
        if part and speed:
            times.append(read * part / speed)
    return 1 / sum(times)
