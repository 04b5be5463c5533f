#!/usr/bin/env python3
"""How near the estimates of `localthink models fit` come to the truth: memory, and tokens a second.

    python scripts/bench_fit.py MODEL... [--contexts 2048 8192] [--caches f16 q8_0] [--slots 1]
                                         [--read 1024 | --read all] [--json FILE]

Every combination is opened in a process of its own, reads a prompt of so many tokens and writes a few. Measured is
what the process has resident then, against the sum that was expected before it was loaded. llama.cpp's attention
mask is counted in full and touched only as far as the prompt goes: reading all of a context makes the comparison
exact, and slow. The speed is the median of the tokens written, against what a measurement of a second's length on
made-up weights promised just before.
"""
from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import statistics
import time
from itertools import pairwise, product
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

WRITTEN = 24  # tokens


def measure(pipe: Connection, model: str, context: int, cache: str, slots: int, read: int | None, promise: float,
            threads: int | None) -> None:
    """A child: opens the model, reads, writes, and says what that took and what was expected."""
    import localthink
    from localthink.fit.choice import Asked, choose
    from localthink.fit.report import tokens_per_second
    from localthink.gguf.header import read_facts
    from localthink.machine.capacity import Bandwidth
    from localthink.machine.measuring import memory_budget

    facts = read_facts(model)
    choice = choose(facts.shape, facts.weights, memory_budget(), Asked(slots, context, cache))
    with localthink.load(model, context=context, cache=cache, slots=slots, threads=threads) as engine:
        [word] = engine.model.vocabulary.tokenize(" the")
        most = choice.needs.context // slots - WRITTEN - 1
        prompt = (word,) * min(most, read or most)
        from localthink.records import Generation, Request

        number = engine.submit(Request(prompt, Generation(max_tokens=WRITTEN), slots))
        stamps: list[float] = []
        unfinished = slots
        while unfinished:
            events = engine.step()
            stamps += [time.perf_counter()] if events else []
            unfinished -= sum(event.trace is not None for event in events if event.request == number)
        resident = psutil.Process().memory_info().rss
    steps = [after - before for before, after in pairwise(stamps)]
    expected = tokens_per_second(choice, facts.weights, facts.layers, Bandwidth(promise))
    pipe.send({
        "model": facts.path.stem, "context": choice.needs.context, "cache": cache, "slots": slots,
        "read": len(prompt), "expected_mib": round(choice.needs.total / 2**20),
        "measured_mib": round(resident / 2**20),
        "expected_tokens_per_second": round(expected or 0.0, 2),
        "measured_tokens_per_second": round(1 / statistics.median(steps), 2) if slots == 1 else None,
    })


def main() -> None:
    from localthink.machine.probe import decoding_bandwidth

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--contexts", type=int, nargs="+", default=[2048, 8192])
    parser.add_argument("--caches", nargs="+", default=["f16", "q8_0"])
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--read", default="1024", help="tokens of the prompt, or all that the context holds")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    args = parser.parse_args()

    spawn, rows = multiprocessing.get_context("spawn"), []
    print(f"{'model':32} {'context':>8} {'cache':5} {'read':>6} {'expected':>9} {'measured':>9} {'off by':>14} "
          f"{'tokens/s':>9} {'measured':>9}")
    for model, context, cache in product(args.models, args.contexts, args.caches):
        here, there = spawn.Pipe()
        read = None if args.read == "all" else int(args.read)
        child = spawn.Process(target=measure, args=(there, model, context, cache, args.slots, read,
                                                    decoding_bandwidth(threads=args.threads), args.threads))
        child.start()
        there.close()
        row: dict[str, Any] = here.recv()
        child.join()
        rows.append(row)
        off = row["measured_mib"] - row["expected_mib"]
        share = off / row["measured_mib"]
        print(f"{row['model'][:32]:32} {row['context']:8,} {row['cache']:5} {row['read']:6,} "
              f"{row['expected_mib']:5,} MiB {row['measured_mib']:5,} MiB {off:+5} MiB {share:+4.1%} "
              f"{row['expected_tokens_per_second']:9} {row['measured_tokens_per_second'] or '':>9}", flush=True)
    worst = max(rows, key=lambda row: abs(row["measured_mib"] - row["expected_mib"]) / row["measured_mib"])
    print(f"the worst is off by {worst['measured_mib'] - worst['expected_mib']:+} MiB")
    if args.json:
        args.json.write_text(json.dumps({"rows": rows, "system": platform.platform()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
