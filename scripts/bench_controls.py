#!/usr/bin/env python3
"""What each control costs: tokens a second with it and without any, by turns, on one model.

    python scripts/bench_controls.py MODEL.gguf [--tokens 96] [--rounds 5]

Every round writes the same number of tokens with each control in an order that turns, and without any before and after
it. A ratio is that of a round's two neighbours; printed are the medians. Controls that would end or close the text are
given settings that never do, so that all write as much.
"""
from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import localthink
from localthink.records import Generation, Tip

QUESTION = "Explain in detail how a bridge is designed, built and maintained."
PLAIN = {"alpha": 0.0}
CONTROLS: dict[str, dict[str, object]] = {
    "tip": {"alpha": 3.0, "where": "everywhere"},
    "budget": {**PLAIN, "max_thinking": 100_000, "landing": 2.0},
    "loop-guard": {**PLAIN, "controls": ["loop-guard"]},
    "no-wait": {**PLAIN, "controls": ["no-wait"]},
    "cyclic-reflex": {**PLAIN, "controls": ["cyclic-reflex"]},
    "alpha-one": {**PLAIN, "controls": ["alpha-one:length=1000000"]},
    "early-exit": {**PLAIN, "controls": ["early-exit:margin=0"]},
    "deer": {**PLAIN, "controls": ["deer:certainty=1"]},
    "confidence": {**PLAIN, "controls": ["confidence:least=0"]},
}


def speed(engine: localthink.Engine, generation: Generation, tokens: int) -> float:
    """Tokens a second behind the first one, while the model thinks."""
    request = engine.request(QUESTION, generation, seed=1)
    stamps = []
    number = engine.submit(request)
    while not engine.idle and len(stamps) < tokens:
        stamps += [time.perf_counter()] * sum(event.token >= 0 for event in engine.step())
    engine.cancel(number)
    return (len(stamps) - 1) / (stamps[-1] - stamps[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    thinking = {"think": "open", "max_tokens": 4 * given.tokens}
    plain = localthink.read_generation({**PLAIN, **thinking})
    made = {name: localthink.read_generation({**fields, **thinking}) for name, fields in CONTROLS.items()}
    assert plain.tip == Tip(alpha=0)
    ratios: dict[str, list[float]] = {name: [] for name in made}
    speeds: list[float] = []
    with localthink.load(given.model, slots=2, context=2048 + 8 * given.tokens) as engine:
        speed(engine, plain, given.tokens)
        for round_ in range(given.rounds):
            names = list(made)
            before = speed(engine, plain, given.tokens)
            for name in names[round_ % len(names):] + names[:round_ % len(names)]:
                found = speed(engine, made[name], given.tokens)
                after = speed(engine, plain, given.tokens)
                ratios[name].append(2 * found / (before + after))
                before = after
                speeds.append(after)
    alone = statistics.median(speeds)
    print(f"{given.model.name}: {alone:,.1f} tokens/s without any; of that, medians of {given.rounds} rounds")
    for name, found in ratios.items():
        print(f"  {name:14} {statistics.median(found):.3f}   ({min(found):.3f} to {max(found):.3f})")


if __name__ == "__main__":
    main()
