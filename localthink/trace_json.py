"""A trace as a JSON object: what `ask --json` prints, and what other commands keep."""
from __future__ import annotations

from dataclasses import asdict
from typing import Any

from localthink.generation import generation_object
from localthink.records import Generation, Thought, Trace


def trace_object(trace: Trace, model: str, generation: Generation, more_settings: dict[str, Any]) -> dict[str, Any]:
    """The trace of one sample, written as `generation` says.

    Offsets of thoughts count the elements of `token_ids`; times are seconds.
    """
    return {
        "model": model, "sample": trace.sample, "seed": trace.seed,
        "prompt_tokens": trace.prompt_tokens, "tokens": trace.tokens, "token_ids": list(trace.token_ids),
        "thinking": trace.thinking, "answer": trace.answer, "finish_reason": trace.finish_reason,
        "thoughts": [_thought_object(thought) for thought in trace.thoughts],
        "switches": trace.switches, "held": trace.held, "paraphrases": trace.paraphrases,
        "interventions": [asdict(each) for each in trace.interventions],
        "settings": {**generation_object(generation), **more_settings},
        "seconds": round(trace.seconds, 6),
        "prompt_tokens_per_second": round(trace.prompt_tokens_per_second, 3),
        "tokens_per_second": round(trace.tokens_per_second, 3),
    }


def _thought_object(thought: Thought) -> dict[str, Any]:
    return {"index": thought.index, "start": thought.start, "end": thought.end, "tokens": thought.tokens,
            "held": thought.held, "text": thought.text}
