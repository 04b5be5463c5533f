"""From a name to a running engine: finds the file, chooses what was not said, opens it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from localthink.engine.bindings import CACHE_TYPES, NativeContext, OnProgress
from localthink.engine.engine import Engine
from localthink.engine.model import Model
from localthink.engine.threads import Threads
from localthink.errors import UsageError
from localthink.fit.batch import MOST_SLOTS
from localthink.fit.choice import Asked, Choice, choose, refusal
from localthink.fit.memory import LEAST_CONTEXT, STEP_TOKENS
from localthink.gguf.header import ModelFacts, read_facts
from localthink.machine.measuring import memory_budget
from localthink.machine.resources import physical_cores
from localthink.offload import Offload
from localthink.shelf.local_models import find_model

MOST_THREADS = 512  # GGML_MAX_N_THREADS
SMALL = 2**24  # bytes of weights, read in a millisecond: more threads wait for each other longer than they compute
Layout = Literal["unified", "split"]
LAYOUTS = ("unified", "split")


def load(model: str | Path | None = None, *, slots: int = 1, context: int | None = None, cache: str | None = None,
         threads: int | None = None, offload: Offload | None = None, layout: Layout = "unified",
         longest: int | None = None, fixed_shapes: bool = False, force: bool = False, at_once: int = 0,
         think_tags: tuple[str, str] | None = None, on_choice: Callable[[str], None] | None = None,
         progress: OnProgress | None = None) -> Engine:
    """Open a model, by path or by name (the bundled one by default), for `slots` samples at once.

    `context` is the number of tokens that the KV cache holds, all slots together, and `cache` its type: f16,
    q8_0 or q4_0. What is left out is chosen by the memory that is free: 16,384 tokens for every slot, or what the
    model was trained for, in f16 if that fits, else in q8_0, else fewer. `threads` defaults to the physical cores, or
    to fewer while other programs use them (one for a very small model), `offload` to as many layers as the GPUs hold
    that llama.cpp was built for.

    The `layout` of the cache is unified, which gives cells to whoever needs them and shares prompts for
    free, or split, which gives every slot its equal part and decodes faster. `longest` is the most
    tokens that one sample may have, where that is less than what the cache and the model allow. With
    `fixed_shapes`, which takes a split cache, a sample is the same to the last bit whatever else runs.
    Of a unified cache that is chosen for `slots`, `at_once` samples may share the cells, where that is more: what is
    short then is cells, and samples wait for them. Models whose cache cannot be shared keep to `slots`.
    `think_tags` are the texts around its thinking, `<think>` and `</think>` unless its template names others.
    `on_choice` is called with what was chosen, in a line, `progress` with the share of the weights that are read.

    Raises UsageError, ModelFileError or EngineError; each says what to do. What is too big for the memory is refused
    with the arithmetic before any of it is loaded, unless `force` is true.
    """
    _check(slots, at_once, context, cache, threads, layout, fixed_shapes)
    path, wanted = find_model(str(model) if model is not None else None), offload or Offload()
    facts = read_facts(path)
    choice = fitting(facts, Asked(slots, context, cache, wanted.layers, layout == "split"), wanted, force)
    if on_choice is not None:
        room = choice.needs.context // (slots if layout == "split" else 1)
        most_of_one = min(room, longest or room, facts.context_length or room)
        on_choice(choice.described(facts.path.stem, facts.layers, most_of_one))
    most = threads or (1 if facts.weight_bytes < SMALL else physical_cores())
    opened = Model(path, replace(wanted, layers=choice.placement.gpu_layers), progress=progress, facts=facts,
                   think_tags=think_tags)
    try:
        samples = max(slots, at_once) if opened.native.shares_prefixes else slots
        native = NativeContext(opened.native, choice.needs.context, samples, STEP_TOKENS, choice.needs.cache_type,
                               most, split=layout == "split")
        adaptive = Threads(most) if threads is None and not fixed_shapes else None
        return Engine(opened, native, longest, fixed_shapes, adaptive)
    except BaseException:
        opened.close()
        raise


def fitting(facts: ModelFacts, asked: Asked, offload: Offload, force: bool) -> Choice:
    """How a model is to be opened here and now. Raises FitError where it does not fit, unless forced."""
    here = memory_budget(offload)
    choice = choose(facts.shape, facts.weights, here, asked)
    if choice.verdict == "too big" and not force:
        raise refusal(facts.path.stem, facts.shape, facts.weights, asked, choice)
    return choice


def _check(slots: int, at_once: int, context: int | None, cache: str | None, threads: int | None, layout: str,
           fixed_shapes: bool) -> None:
    if not 1 <= slots <= MOST_SLOTS:
        raise UsageError(f"slots is {slots}: give 1 to {MOST_SLOTS}")
    if not 0 <= at_once <= MOST_SLOTS:
        raise UsageError(f"at_once is {at_once}: give 0 to {MOST_SLOTS}")
    if at_once > slots and layout != "unified":
        raise UsageError("more samples than slots can run at once only where the cache is unified")
    if cache is not None and cache not in CACHE_TYPES:
        raise UsageError(f"the cache type is {cache!r}: it is one of {', '.join(CACHE_TYPES)}")
    if context is not None and not LEAST_CONTEXT <= context < 2**31:
        raise UsageError(f"context is {context:,}: give a number of tokens from {LEAST_CONTEXT} to {2**31 - 1:,}")
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise UsageError(f"threads is {threads}: give 1 to {MOST_THREADS}")
    if layout not in LAYOUTS:
        raise UsageError(f"the cache layout is {layout!r}: it is one of {', '.join(LAYOUTS)}")
    if fixed_shapes and layout != "split":
        raise UsageError("shapes can be fixed only where the cache is split")
