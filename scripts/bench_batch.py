#!/usr/bin/env python3
"""Many samples at once: how much of llama.cpp's own batched speed is left when localthink does the work.

    python scripts/bench_batch.py MODEL [--slots 1 4 8 16] [--rounds 3] [--tokens 256] [--json FILE]

  raw         a loop of batched llama_decode and argmax over the logits, nothing else: the ceiling
  localthink  the engine with the penalty, T 0.6, top-p 0.95
  llama_cpp   llama_cpp.Llama, one request after the other; decode-heavy work is measured on one
              request, since its speed does not depend on how many there are, and both only once

`steps`: raw and localthink decode on one model in one process and take turns step by step, so that a
machine whose speed drifts treats them alike; medians, and the median of the paired ratios.

`rounds`: all three do whole pieces of work, reading included, in processes of their own, by turns;
medians over the rounds. Tokens a second are all written tokens by all seconds. Decode-heavy: every
sample reads a prompt of 64 tokens of its own and writes --tokens. Prompt-heavy: all samples share one
prompt of 1,000 tokens and write 64 each.

Where `llama-batched-bench` is on PATH it is run on the decode-heavy shape as well.
"""
from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench_engine import machine, run_rounds, without_amx
from localthink.gguf.header import read_facts
from localthink.records import Generation

BATCH = 512


@dataclass(frozen=True)
class Work:
    """`slots` samples at once, each of `written` tokens after a prompt of `read`, `shared` by all or not."""

    name: str
    slots: int
    read: int
    written: int
    shared: bool

    @property
    def cells(self) -> int:
        return self.slots * (-(-(self.read + self.written + 1) // 256) * 256)

    def prompts(self, seed: int) -> list[list[int]]:
        rng = np.random.default_rng(seed)
        prompts = [rng.integers(10, 500, self.read).tolist() for _ in range(1 if self.shared else self.slots)]
        return prompts * self.slots if self.shared else prompts


Round = Callable[[Work, int], float]


def raw(model_path: str, threads: int, split: bool) -> Round:
    from localthink.engine.bindings import NativeContext
    from localthink.engine.model import Model

    model = Model(Path(model_path))

    def feed(context: NativeContext, slot: int, prompt: list[int]) -> int:
        """Read a prompt; the token that follows it."""
        for start in range(0, len(prompt), BATCH):
            part = prompt[start:start + BATCH]
            n = len(part)
            context.tokens[:n], context.positions[:n] = part, range(start, start + n)
            context.slots_of[:n], context.outputs[:n] = slot, 0
            context.outputs[n - 1] = start + n == len(prompt)
            context.decode(n)
        return int(context.logits(n - 1).argmax())

    def round_(work: Work, seed: int) -> float:
        context = NativeContext(model.native, work.cells, work.slots, BATCH, "f16", threads, split)
        prompts, slots = work.prompts(seed), work.slots
        start = time.perf_counter()
        if work.shared:
            tokens = [feed(context, 0, prompts[0])] * slots
            for slot in range(1, slots):
                context.copy(0, slot, work.read)
        else:
            tokens = [feed(context, slot, prompt) for slot, prompt in enumerate(prompts)]
        context.slots_of[:slots], context.outputs[:slots] = range(slots), 1
        for position in range(work.read, work.read + work.written - 1):
            context.tokens[:slots], context.positions[:slots] = tokens, position
            context.decode(slots)
            tokens = [int(context.logits(row).argmax()) for row in range(slots)]
        seconds = time.perf_counter() - start
        context.close()
        return slots * work.written / seconds

    return round_


def localthink(model_path: str, threads: int, split: bool) -> Round:
    from localthink.engine.bindings import NativeContext
    from localthink.engine.engine import Engine
    from localthink.engine.model import Model
    from localthink.records import Request

    model = Model(Path(model_path))

    def round_(work: Work, seed: int) -> float:
        context = NativeContext(model.native, work.cells, work.slots, BATCH, "f16", threads, split)
        engine = Engine(model, context)
        start, written = time.perf_counter(), 0
        for i, prompt in enumerate(work.prompts(seed)):
            engine.submit(Request(tuple(prompt), Generation(max_tokens=work.written), seed=seed * 1000 + i))
        while not engine.idle:
            written += len(engine.step())
        seconds = time.perf_counter() - start
        context.close()
        return written / seconds

    return round_


def llama_cpp(model_path: str, threads: int, split: bool) -> Round:
    import llama_cpp as library

    from localthink.engine.model import Model

    without_amx(library.llama_cpp)
    ours = Model(Path(model_path), vocabulary_only=True)
    penalised = np.array(sorted({marker.tokens[-1] for marker in ours.markers(("switch",)) if len(marker.tokens) == 1}))
    llm = library.Llama(model_path, n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False)

    def penalise(_: Any, scores: Any) -> Any:
        scores[penalised] -= 3.0
        return scores

    def round_(work: Work, seed: int) -> float:
        written, start = 0, time.perf_counter()
        llm.reset()
        for i, prompt in enumerate(work.prompts(seed)[:None if work.shared else 1]):
            stream = llm.create_completion(prompt, max_tokens=work.written, temperature=0.6, top_p=0.95, top_k=0,
                                           seed=i, stream=True,
                                           logits_processor=library.LogitsProcessorList([penalise]))
            written += sum(1 for _ in stream)
        return written / (time.perf_counter() - start)

    return round_


def paired_steps(model_path: str, threads: int, split: bool, slots: int, steps: int) -> dict[str, Any]:
    """Decoding alone: a step of raw, a step of localthink, and so on, after a prompt of 64 tokens each."""
    from localthink.engine.bindings import NativeContext
    from localthink.engine.engine import Engine
    from localthink.engine.model import Model
    from localthink.records import Request

    work, model = Work("steps", slots, 64, steps + 8, False), Model(Path(model_path))
    context = NativeContext(model.native, work.cells, slots, BATCH, "f16", threads, split)
    ours = NativeContext(model.native, work.cells, slots, BATCH, "f16", threads, split)
    engine = Engine(model, ours)
    tokens = []
    for slot, prompt in enumerate(work.prompts(1)):
        n = len(prompt)
        context.tokens[:n], context.positions[:n], context.slots_of[:n] = prompt, range(n), slot
        context.outputs[:n], context.outputs[n - 1] = 0, 1
        context.decode(n)
        tokens.append(int(context.logits(n - 1).argmax()))
        engine.submit(Request(tuple(prompt), Generation(max_tokens=steps + 8), seed=slot))
    while len(engine.step()) < slots:  # until all have read their prompts
        pass
    context.slots_of[:slots], context.outputs[:slots] = range(slots), 1
    times: dict[str, list[float]] = {"raw": [], "localthink": []}
    for position in range(work.read, work.read + steps):
        start = time.perf_counter()
        context.tokens[:slots], context.positions[:slots] = tokens, position
        context.decode(slots)
        tokens = [int(context.logits(row).argmax()) for row in range(slots)]
        middle = time.perf_counter()
        engine.step()
        times["raw"].append(middle - start)
        times["localthink"].append(time.perf_counter() - middle)
    ratio = statistics.median(r / o for r, o in zip(times["raw"], times["localthink"], strict=True))
    return {"slots": slots, "of_raw": round(ratio, 3),
            "tokens_per_second": {name: round(slots / statistics.median(t), 1) for name, t in times.items()}}


def serve_steps(pipe: Connection, *arguments: Any) -> None:
    pipe.send(paired_steps(*arguments))


def in_a_child(spawn: Any, *arguments: Any) -> dict[str, Any]:
    """`paired_steps` in a process that frees its memory."""
    here, there = spawn.Pipe()
    child = spawn.Process(target=serve_steps, args=(there, *arguments))
    child.start()
    found: dict[str, Any] = here.recv()
    child.join()
    return found


def serve(build: str, model_path: str, threads: int, split: bool, pipe: Connection) -> None:
    """A child: builds its program, then runs a round whenever it is told to, and says its peak memory at the end."""
    run_rounds(globals()[build](model_path, threads, split), pipe)


def batched_bench(model: str, work: Work, threads: int) -> str | None:
    """What llama.cpp's own program says of the decode-heavy shape, where it is installed."""
    program = shutil.which("llama-batched-bench")
    if program is None:
        return None
    done = subprocess.run([program, "-m", model, "-c", str(work.cells), "-t", str(threads), "-npp", str(work.read),
                           "-ntg", str(work.written), "-npl", str(work.slots)], capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip()[-500:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=256, help="written by each sample of decode-heavy work")
    parser.add_argument("--steps", type=int, default=40, help="decoding steps of each width, by turns")
    parser.add_argument("--unified", action="store_true", help="a unified cache for raw and localthink; else split")
    parser.add_argument("--threads", type=int, default=psutil.cpu_count(logical=False) or 1)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    args = parser.parse_args()

    decode = [Work("decode-heavy", slots, 64, args.tokens, False) for slots in args.slots]
    longest = read_facts(Path(args.model)).context_length or 2048
    works = [*decode, Work("prompt-heavy", max(args.slots), min(1000, longest - 65), 64, True)]
    spawn, programs = multiprocessing.get_context("spawn"), ("raw", "localthink", "llama_cpp")
    stepped = []
    for slots in args.slots:
        stepped.append(in_a_child(spawn, args.model, args.threads, not args.unified, slots, args.steps))
        print(f"steps   {stepped[-1]}", file=sys.stderr, flush=True)
    children: dict[str, Connection] = {}
    for name in programs:
        children[name], there = spawn.Pipe()
        spawn.Process(target=serve, args=(name, args.model, args.threads, not args.unified, there), daemon=True).start()

    def measure(name: str, work: Work, seed: int) -> float:
        children[name].send((work, seed))
        return float(children[name].recv())

    for name in programs:  # warms up, and is not counted
        measure(name, Work("warm-up", 1, 64, 8, False), 0)
    speeds: dict[tuple[str, Work], list[float]] = {(name, work): [] for name in programs for work in works}
    for seed in range(1, args.rounds + 1):
        for work in works:
            for name in programs:
                if name == "llama_cpp" and (seed > 1 or (not work.shared and work is not decode[0])):
                    continue
                speeds[name, work].append(measure(name, work, seed))
                print(f"round {seed}  {work.name:13} {work.slots:3} slots  {name:10} {speeds[name, work][-1]:8.1f} "
                      "tokens/s", file=sys.stderr, flush=True)
    for work in decode[1:]:
        speeds["llama_cpp", work] = speeds["llama_cpp", decode[0]]
    def of_raw(name: str, work: Work) -> float:
        """llama_cpp has fewer rounds."""
        pairs = zip(speeds[name, work], speeds["raw", work], strict=False)
        return round(statistics.median(speed / ceiling for speed, ceiling in pairs), 3)

    rows = [{"work": work.name, "slots": work.slots, "prompt": work.read, "written": work.written,
             "tokens_per_second": {name: round(statistics.median(speeds[name, work]), 1) for name in programs},
             "of_raw": {name: of_raw(name, work) for name in programs[1:]},
             "llama_batched_bench": None if work.shared else batched_bench(args.model, work, args.threads)}
            for work in works]
    memory = {}
    for name in programs:
        children[name].send(None)
        memory[name] = round(children[name].recv() / 2**20)
    result = {"model": Path(args.model).name, "threads": args.threads, "cache": "unified" if args.unified else "split",
              "steps": stepped, "rounds": rows, "peak_mib": memory, "machine": machine()}
    print(json.dumps(result, indent=1))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
