#!/usr/bin/env python3
"""A unified or a split KV cache: which decodes faster, at how many sequences of which length?

    python scripts/bench_layout.py MODEL [--slots 4 8 16] [--lengths 128 512 1024 2048] [--json FILE]

Both caches live on one model in one process and take turns, step by step, so that a machine whose
speed drifts treats them alike. Figures are medians of steps; `unified_of_split` is the speed of the
unified cache in terms of the split one's.
"""
from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench_engine import machine
from localthink.engine.bindings import NativeContext
from localthink.engine.model import Model

BATCH = 512


class Sequences:
    """`slots` sequences of random tokens that grow together in one cache."""

    def __init__(self, model: Model, slots: int, longest: int, threads: int, split: bool) -> None:
        self.context = NativeContext(model.native, slots * longest, slots, BATCH, "f16", threads, split)
        self.slots, self.length, self._vocabulary = slots, 0, model.native.n_vocab
        self._rng = np.random.default_rng(0)

    def decode(self, slots: Sequence[int], count: int) -> float:
        """The next `count` tokens of each of `slots`, in one batch; seconds it took."""
        context, rows = self.context, len(slots) * count
        context.tokens[:rows] = self._rng.integers(0, min(self._vocabulary, 1000), rows)
        context.positions[:rows] = np.tile(np.arange(self.length, self.length + count), len(slots))
        context.slots_of[:rows] = np.repeat(slots, count)
        context.outputs[:rows] = 0
        context.outputs[count - 1:rows:count] = 1
        start = time.perf_counter()
        context.decode(rows)
        context.logits(count - 1)
        return time.perf_counter() - start

    def step(self) -> float:
        seconds = self.decode(range(self.slots), 1)
        self.length += 1
        return seconds

    def extend(self, length: int) -> float:
        """Read every sequence's prompt up to `length`, one after the other; seconds it took."""
        seconds = 0.0
        while self.length < length:
            count = min(BATCH, length - self.length)
            seconds += sum(self.decode([slot], count) for slot in range(self.slots))
            self.length += count
        return seconds


def compare(model: Model, slots: int, lengths: Sequence[int], steps: int, threads: int) -> list[dict[str, Any]]:
    longest = (max(lengths) + steps + 256) // 256 * 256
    caches = {"unified": Sequences(model, slots, longest, threads, split=False),
              "split": Sequences(model, slots, longest, threads, split=True)}
    rows = []
    for length in lengths:
        reading = {name: cache.extend(length) for name, cache in caches.items()}
        times: dict[str, list[float]] = {name: [] for name in caches}
        for _ in range(steps):
            for name, cache in caches.items():
                times[name].append(cache.step())
        ratio = statistics.median(s / u for u, s in zip(times["unified"], times["split"], strict=True))
        rows.append({"slots": slots, "tokens_each": length,
                     "tokens_per_second": {n: round(slots / statistics.median(t), 1) for n, t in times.items()},
                     "unified_of_split": round(ratio, 3),
                     "prompt_unified_of_split": round(reading["split"] / reading["unified"], 3)})
        print(json.dumps(rows[-1]), flush=True)
    for cache in caches.values():
        cache.context.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--slots", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--lengths", type=int, nargs="+", default=[128, 512, 1024, 2048])
    parser.add_argument("--steps", type=int, default=9, help="decoding steps measured at each length")
    parser.add_argument("--threads", type=int, default=psutil.cpu_count(logical=False) or 1)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    args = parser.parse_args()
    model = Model(Path(args.model))
    rows = [row for slots in args.slots
            for row in compare(model, slots, sorted(args.lengths), args.steps, args.threads)]
    model.close()
    if args.json:
        result = {"model": Path(args.model).name, "threads": args.threads, "rows": rows, "machine": machine()}
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
