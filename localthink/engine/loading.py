"""From a name to a running engine: finds the file, chooses what was not said, opens it."""
from __future__ import annotations

from pathlib import Path
from typing import Literal

from localthink.engine.bindings import CACHE_TYPES, NativeContext, Progress, supports_gpu
from localthink.engine.engine import Engine
from localthink.engine.model import Model
from localthink.errors import UsageError
from localthink.fit import LEAST_CONTEXT, MOST_SLOTS, default_context
from localthink.local_models import find_model
from localthink.machine import free_memory, physical_cores

BATCH = 512  # tokens a step: large enough to read prompts at full speed, small enough to stop soon
MOST_THREADS = 512  # GGML_MAX_N_THREADS
MOST_LAYERS = 1024
Layout = Literal["unified", "split"]
LAYOUTS = ("unified", "split")


def load(model: str | Path | None = None, *, slots: int = 1, context: int | None = None, cache: str = "f16",
         threads: int | None = None, gpu_layers: int | None = None, layout: Layout = "unified",
         longest: int | None = None, fixed_shapes: bool = False, progress: Progress | None = None) -> Engine:
    """Open a model, by path or by name (the bundled one by default), for `slots` samples at once.

    `context` is the number of tokens that the KV cache holds, all slots together; left out, it gives
    every slot the model's own context, at most 16,384 tokens, as far as a quarter of the free memory
    goes. `cache` is the type of the KV cache: f16, q8_0 or q4_0. `threads` defaults to the physical
    cores, `gpu_layers` to all layers where llama.cpp was built for a GPU and to none elsewhere.

    The `layout` of the cache is unified, which gives cells to whoever needs them and shares prompts for
    free, or split, which gives every slot its equal part and decodes faster. `longest` is the most
    tokens that one sample may have, where that is less than what the cache and the model allow. With
    `fixed_shapes`, which takes a split cache, a sample is the same to the last bit whatever else runs.
    `progress` is called with the share of the weights that are read.

    Raises UsageError, ModelFileError or EngineError; each says what to do.
    """
    if not 1 <= slots <= MOST_SLOTS:
        raise UsageError(f"slots is {slots}: give 1 to {MOST_SLOTS}")
    if cache not in CACHE_TYPES:
        raise UsageError(f"the cache type is {cache!r}: it is one of {', '.join(CACHE_TYPES)}")
    if context is not None and not LEAST_CONTEXT <= context < 2**31:
        raise UsageError(f"context is {context}: give a number of tokens of at least {LEAST_CONTEXT}")
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise UsageError(f"threads is {threads}: give 1 to {MOST_THREADS}")
    if gpu_layers is not None and not -1 <= gpu_layers <= MOST_LAYERS:
        raise UsageError(f"gpu-layers is {gpu_layers}: give a number of layers, or -1 for all")
    layers = gpu_layers if gpu_layers is not None else -1 if supports_gpu() else 0
    if layout not in LAYOUTS:
        raise UsageError(f"the cache layout is {layout!r}: it is one of {', '.join(LAYOUTS)}")
    if fixed_shapes and layout != "split":
        raise UsageError("shapes can be fixed only where the cache is split")
    opened = Model(find_model(str(model) if model is not None else None), layers, progress=progress)
    try:
        cells = context or default_context(opened.facts, slots, free_memory(), cache)
        native = NativeContext(opened.native, cells, slots, BATCH, cache, threads or physical_cores(),
                               split=layout == "split")
        return Engine(opened, native, longest, fixed_shapes)
    except BaseException:
        opened.close()
        raise
