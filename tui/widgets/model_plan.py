"""What loading a model would take, in figures and in words. Knows no widget."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localthink.chat.asking import SLOTS, ModelState
from localthink.cli.info import sized
from localthink.errors import UsageError
from localthink.fit import LEAST_CONTEXT, ChatMemory, Fit, chat_memory, default_context, judge
from localthink.gguf_header import ModelFacts

FIT = {"fits": "✓ fits", "tight": "~ tight", "too big": "✕ too big"}
CONSEQUENCE = {
    "fits": "",
    "tight": " (little is left to work in: a smaller context or cache leaves more)",
    "too big": " (the machine would swap, and crawl: take a smaller context, cache or model)",
}


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A file that may be loaded: its facts once its header is read, or what is wrong with it."""

    path: Path
    name: str
    facts: ModelFacts | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The memory that a model would take, whether that fits, and the arithmetic. Without `memory`, `why` says what
    keeps it from being loaded so.
    """

    why: str
    memory: ChatMemory | None = None
    fit: Fit | None = None


def plan(row: ModelRow, context: int | None, cache: str, free_bytes: int) -> Plan:
    """What it would take with a cache of this type for `context` tokens; None is what `load` would choose."""
    facts = row.facts
    if facts is None:
        return Plan(row.trouble or "its header is being read")
    if not facts.has_weights:
        return Plan("it is a vocabulary without weights, which can be shown and not asked")
    if context is not None and not LEAST_CONTEXT <= context < 2**31:
        return Plan(f"context is {context:,}: give a number of tokens of at least {LEAST_CONTEXT}")
    try:
        memory = chat_memory(facts, context or default_context(facts, SLOTS, free_bytes, cache), cache)
    except UsageError as error:
        return Plan(str(error))
    fit = judge(memory.total, free_bytes)
    each = sized(facts.cache_bytes_per_token(cache, cache))
    why = (f"{FIT[fit]}{CONSEQUENCE[fit]}: {sized(memory.weights)} weights + {sized(memory.cache)} cache "
           f"({memory.context:,} tokens of {each}, {cache}) = {sized(memory.total)}, of the {sized(free_bytes)} that "
           "are free")
    if facts.context_length and memory.context > SLOTS * facts.context_length:
        why += f". It was trained for {facts.context_length:,} tokens: a conversation gets no more"
    return Plan(why, memory, fit)


def said_of(state: ModelState, name: str, note: str) -> str:
    """How it stands with the model called `name`. `note` is what was done last, where no model is left."""
    loaded = state.loaded
    match state.phase:
        case "loading":
            return f"loading {name}"
        case "failed":
            return f"{name} was not loaded: {state.reason}"
        case "died":
            return f"{name} is not there any more: {state.reason}"
        case "ready" if loaded is not None:
            return (f"open: {loaded.name} · {loaded.longest:,} tokens · "
                    f"{sized(loaded.weight_bytes + loaded.cache_bytes)}")
    return note or "no model is open"


def trained(tokens: int) -> str:
    """A context as it is called: 128k, 1,000."""
    return f"{tokens // 1024:,}k" if tokens and tokens % 1024 == 0 else f"{tokens:,}"


def parameters(count: int) -> str:
    """1.5B, 27M, 812."""
    for unit, name in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= unit:
            number = count / unit
            return f"{number:.1f}{name}" if number < 10 else f"{number:.0f}{name}"
    return str(count)
