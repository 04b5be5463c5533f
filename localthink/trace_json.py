"""A trace as a JSON object: what `ask --json` prints, and what other commands keep."""
from __future__ import annotations

import math
from typing import Any

from localthink.records import Sampling, Thought, Tip, Trace


def trace_object(trace: Trace, model: str, more_settings: dict[str, Any]) -> dict[str, Any]:
    """The trace of one sample. Offsets of thoughts count the elements of `token_ids`; times are seconds."""
    return {
        "model": model, "sample": trace.sample, "seed": trace.seed,
        "prompt_tokens": trace.prompt_tokens, "tokens": trace.tokens, "token_ids": list(trace.token_ids),
        "thinking": trace.thinking, "answer": trace.answer, "finish_reason": trace.finish_reason,
        "thoughts": [_thought_object(thought) for thought in trace.thoughts],
        "switches": trace.switches, "held": trace.held, "paraphrases": trace.paraphrases,
        "settings": {**settings_object(trace.tip, trace.sampling), **more_settings},
        "seconds": round(trace.seconds, 6),
        "prompt_tokens_per_second": round(trace.prompt_tokens_per_second, 3),
        "tokens_per_second": round(trace.tokens_per_second, 3),
    }


def settings_object(tip: Tip, sampling: Sampling) -> dict[str, Any]:
    """What decides how a text is written."""
    return {"alpha": number(tip.alpha), "beta": number(tip.beta), "where": tip.where, "groups": list(tip.groups),
            "grace": tip.grace,
            "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k,
            "min_p": sampling.min_p}


def _thought_object(thought: Thought) -> dict[str, Any]:
    return {"index": thought.index, "start": thought.start, "end": thought.end, "tokens": thought.tokens,
            "held": thought.held, "text": thought.text}


def number(value: float) -> float | str:
    """JSON knows no infinity."""
    return value if math.isfinite(value) else "inf"
