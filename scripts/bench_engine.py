#!/usr/bin/env python3
"""How much of llama.cpp's own speed is left when localthink holds the pen, one stream at a time.

    python scripts/bench_engine.py MODEL [--rounds 7] [--tokens 128] [--json FILE]

Three programs take turns, round by round, each in a process of its own, so that a machine whose
speed drifts treats them alike; figures are medians over the rounds, ratios are paired.

  raw         a loop of llama_decode and argmax over the logits, nothing else: the ceiling
  localthink  the engine with the penalty, T 0.6, top-p 0.95
  llama_cpp   llama_cpp.Llama streaming, the same sampling, the penalty as a numpy logits processor
"""
from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

QUESTION = "Use 4, 7 and 11 to make 39."
CELLS = 2048


def tokens_per_second(stamps: list[float]) -> float:
    return (len(stamps) - 1) / (stamps[-1] - stamps[0])


def raw(model_path: str, threads: int) -> Callable[[int, int], float]:
    from localthink.engine.bindings import NativeContext
    from localthink.engine.model import Model

    model = Model(Path(model_path))
    context = NativeContext(model.native, CELLS, 1, 512, "f16", threads)
    prompt = model.prompt(QUESTION)

    def round_(tokens: int, _: int) -> float:
        context.truncate(0, 0)
        n = len(prompt)
        context.tokens[:n], context.positions[:n] = prompt, range(n)
        context.outputs[:n] = 0
        context.outputs[n - 1] = 1
        context.decode(n)
        token, stamps = int(context.logits(n - 1).argmax()), [time.perf_counter()]
        context.outputs[0] = 1
        for position in range(n, n + tokens - 1):
            context.tokens[0], context.positions[0] = token, position
            context.decode(1)
            token = int(context.logits(0).argmax())
            stamps.append(time.perf_counter())
        return tokens_per_second(stamps)

    return round_


def localthink(model_path: str, threads: int) -> Callable[[int, int], float]:
    import localthink as library
    from localthink.records import Generation

    engine = library.load(model_path, context=CELLS, threads=threads)

    def round_(tokens: int, seed: int) -> float:
        generation = Generation(max_tokens=tokens)
        stamps = [time.perf_counter() for event in engine.stream(QUESTION, generation, seed=seed)]
        return tokens_per_second(stamps)

    return round_


def llama_cpp_stream(model_path: str, threads: int) -> Callable[[int, int], float]:
    import llama_cpp

    from localthink.engine.model import Model

    without_amx(llama_cpp.llama_cpp)
    ours = Model(Path(model_path), vocabulary_only=True)
    penalised = np.array(sorted({marker.tokens[-1] for marker in ours.markers(("switch",)) if len(marker.tokens) == 1}))
    prompt = [ours.facts.bos, *ours.vocabulary.tokenize(f"<｜User｜>{QUESTION}<｜Assistant｜><think>\n", special=True)]
    llm = llama_cpp.Llama(model_path, n_ctx=CELLS, n_threads=threads, n_threads_batch=threads, verbose=False)

    def penalise(_: Any, scores: Any) -> Any:
        scores[penalised] -= 3.0
        return scores

    def round_(tokens: int, seed: int) -> float:
        stream = llm.create_completion(prompt, max_tokens=tokens, temperature=0.6, top_p=0.95, top_k=0, seed=seed,
                                       stream=True, logits_processor=llama_cpp.LogitsProcessorList([penalise]))
        return tokens_per_second([time.perf_counter() for _ in stream])

    return round_


def without_amx(lib: Any) -> None:
    """Keep the peer off llama.cpp's AMX kernels where localthink does: they crash on many machines."""
    if b"AMX_INT8 = 1" not in lib.llama_print_system_info():
        return
    defaults = lib.llama_model_default_params

    def params() -> Any:
        chosen = defaults()
        chosen.use_extra_bufts = False
        return chosen

    lib.llama_model_default_params = params


def step_costs(model_path: str, threads: int) -> dict[str, float]:
    """Microseconds for control and sampling of one row that the model really produced."""
    from localthink.control.interface import Bias
    from localthink.engine import randomness
    from localthink.engine.bindings import NativeContext
    from localthink.engine.model import Model
    from localthink.engine.sampler import Sampler
    from localthink.records import Sampling

    model = Model(Path(model_path))
    context = NativeContext(model.native, CELLS, 1, 512, "f16", threads)
    prompt = model.prompt(QUESTION)
    n = len(prompt)
    context.tokens[:n], context.positions[:n], context.outputs[n - 1] = prompt, range(n), 1
    context.decode(n)
    row, switch = context.logits(n - 1), model.automaton(("switch",)).completions[0]
    plain = row.copy()
    sampler, costs = Sampler(row.size), {}
    for name, bias in (("sampling", None), ("penalty and sampling", Bias(switch, np.float32(-3)))):
        times = []
        for i in range(1000):
            row[:] = plain
            start = time.perf_counter()
            sampler.draw(row, bias, switch, Sampling(), randomness.key(1, i))
            times.append(time.perf_counter() - start)
        costs[name] = round(statistics.median(times) * 1e6, 1)
    model.close()
    return costs


def serve(build: str, model_path: str, threads: int, pipe: Connection) -> None:
    """A child: builds its program, then runs a round whenever it is told to."""
    run_rounds(globals()[build](model_path, threads), pipe)


def run_rounds(round_: Callable[..., float], pipe: Connection) -> None:
    """Run a round for each order that comes, and after the last (None) say how much memory that took at most."""
    while (order := pipe.recv()) is not None:
        pipe.send(round_(*order))
    memory = psutil.Process().memory_info()
    if sys.platform == "win32":
        pipe.send(memory.peak_wset)
    else:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pipe.send(peak if sys.platform == "darwin" else peak * 1024)


def machine() -> dict[str, Any]:
    import llama_cpp

    return {"system": platform.platform(), "processor": platform.processor() or platform.machine(),
            "cores": psutil.cpu_count(logical=False), "llama_cpp_python": llama_cpp.__version__,
            "built_with": llama_cpp.llama_cpp.llama_print_system_info().decode().strip(" |")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=psutil.cpu_count(logical=False) or 1)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    args = parser.parse_args()

    spawn, programs = multiprocessing.get_context("spawn"), ("raw", "localthink", "llama_cpp_stream")
    children = {}
    for name in programs:
        here, there = spawn.Pipe()
        child = spawn.Process(target=serve, args=(name, args.model, args.threads, there), daemon=True)
        child.start()
        children[name] = here
    speeds: dict[str, list[float]] = {name: [] for name in programs}
    for seed in range(-1, args.rounds):  # the first round warms up and is not counted
        for name in programs:
            children[name].send((args.tokens, max(seed, 0)))
            speed = children[name].recv()
            if seed >= 0:
                speeds[name].append(speed)
    memory = {}
    for name in programs:
        children[name].send(None)
        memory[name] = round(children[name].recv() / 2**20)
    ratio = {name: round(statistics.median(s / r for s, r in zip(speeds[name], speeds["raw"], strict=True)), 3)
             for name in programs[1:]}
    result = {
        "model": Path(args.model).name, "tokens": args.tokens, "rounds": args.rounds, "threads": args.threads,
        "tokens_per_second": {name: round(statistics.median(s), 1) for name, s in speeds.items()},
        "of_raw": ratio, "peak_mib": memory, "microseconds_per_step": step_costs(args.model, args.threads),
        "machine": machine(),
    }
    print(json.dumps(result, indent=1))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
