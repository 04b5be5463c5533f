"""Which layers go to a GPU, and what that takes on either side."""
from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from localthink.fit.memory import FLOAT, SAFE_SHARE, STEP_TOKENS, Needs, Verdict, judge, mask_bytes, worse
from localthink.gguf.shape import ModelShape, Weights
from localthink.machine.capacity import MemoryBudget


@dataclass(frozen=True, slots=True)
class Placement:
    """`gpu_layers` as llama.cpp counts them: the output is one more than the layers, and comes last.

    `on_device` and `in_memory` are the bytes that are taken where; on a shared device the latter are all of them.
    """

    gpu_layers: int
    on_device: int
    in_memory: int
    verdict: Verdict

    def whole(self, shape: ModelShape, room: MemoryBudget) -> bool:
        """Whether all of the model is where it is fastest."""
        return not room.device or self.gpu_layers > shape.layers


def place(needs: Needs, shape: ModelShape, weights: Weights, room: MemoryBudget,
          gpu_layers: int | None = None) -> Placement:
    """Put `gpu_layers` of the layers on the GPU, -1 for all; None for as many as it holds with room to work in."""
    everything = shape.layers + 1
    if not room.device or gpu_layers == 0:
        return Placement(0, 0, needs.total, judge(needs.total, room.memory))
    if gpu_layers is None:
        gpu_layers = bisect_right(range(1, everything + 1), room.device * SAFE_SHARE,
                                  key=lambda layers: _on_device(needs, shape, weights, layers))
        if not gpu_layers:
            return place(needs, shape, weights, room, 0)
    layers = everything if gpu_layers < 0 else min(gpu_layers, everything)
    on_device = _on_device(needs, shape, weights, layers)
    in_memory = needs.total if room.shared else _in_memory(needs, shape, weights, layers)
    return Placement(layers, on_device, in_memory, worse(judge(on_device, room.device), judge(in_memory, room.memory)))


def _on_device(needs: Needs, shape: ModelShape, weights: Weights, layers: int) -> int:
    """Bytes of so many layers, with their part of the cache and the buffers of a step. The embedding stays behind."""
    output = weights.output if layers > shape.layers else 0
    return int((weights.blocks + needs.cache) * _share(shape, layers)) + output + needs.compute


def _in_memory(needs: Needs, shape: ModelShape, weights: Weights, layers: int) -> int:
    """Bytes of what is left: a step that begins here has its own buffers, one that does not its input and mask."""
    whole = layers > shape.layers
    gone = int((weights.blocks + needs.cache) * _share(shape, layers)) + (weights.output if whole and not weights.tied
                                                                          else 0)
    compute = mask_bytes(needs.context) + STEP_TOKENS * FLOAT * shape.width if whole else needs.compute
    return needs.weights + needs.cache - gone + min(compute, needs.compute) + needs.output + needs.runtime


def _share(shape: ModelShape, layers: int) -> float:
    return min(layers, shape.layers) / max(1, shape.layers)  # a vocabulary alone has none
