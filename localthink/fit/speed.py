"""How fast a model would write: every token reads all of its weights, and its cache, once."""
from __future__ import annotations

from localthink.fit.choice import Choice
from localthink.gguf.shape import Weights
from localthink.machine.capacity import Bandwidth

AT = 4096  # tokens of cache that a token reads on average: the middle of a usual R1 answer


def tokens_per_second(choice: Choice, weights: Weights, layers: int, bandwidth: Bandwidth) -> float | None:
    """What to expect of one stream, `AT` tokens into its answer; None where the bandwidth is not known."""
    cache = choice.needs.cache * min(AT, choice.needs.context) / choice.needs.context
    share = min(1.0, choice.placement.gpu_layers / (layers + 1))
    read = weights.step + cache
    times = []
    for part, speed in ((share, bandwidth.device), (1 - share, bandwidth.memory)):
        if part and not speed:
            return None
        if part and speed:
            times.append(read * part / speed)
    return 1 / sum(times)
