"""What of a model goes to GPUs."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from localthink.errors import UsageError

MOST_LAYERS = 1024  # that anybody may ask for
SplitMode = Literal["none", "layer", "row"]
SPLIT_MODES: tuple[SplitMode, ...] = ("none", "layer", "row")  # by llama_split_mode


@dataclass(frozen=True, slots=True)
class Offload:
    """What of a model goes to GPUs, where llama.cpp was built for some.

    `layers` counts the output as one, -1 is all, None as many as the GPUs hold. Of several GPUs, `split` says whether
    one has everything, each has layers of its own, or all share the rows of each; `shares` are their parts (as
    (3, 1)), by their free memory if empty; `main_gpu` is the one that has everything, or what is not split.
    """

    layers: int | None = None
    main_gpu: int = 0
    split: SplitMode = "layer"
    shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.layers is not None and not -1 <= self.layers <= MOST_LAYERS:
            raise UsageError(f"gpu-layers is {self.layers}: give a number of layers, all, or auto")
        if self.main_gpu < 0:
            raise UsageError(f"main-gpu is {self.main_gpu}: give the number of a GPU, from 0 on")
        if self.split not in SPLIT_MODES:
            raise UsageError(f"gpu-split is {self.split!r}: it is one of {', '.join(SPLIT_MODES)}")
        usable = all(math.isfinite(share) and share >= 0 for share in self.shares)
        if self.shares and not (usable and any(self.shares)):
            raise UsageError(f"gpu-shares is {self.shares}: give numbers of at least 0, as 3,1, not all of them 0")
