#!/usr/bin/env python3
"""Measure the controls on the bundled model: what each does to its answers, and whether a budget leaves it one.

    python scripts/eval_controls.py models/countdown.gguf --puzzles 200 --json controls.eval.json

Every setting answers the same puzzles with the same seeds. First each puzzle is answered freely; then its thinking is
cut at half its length, hard and with a soft landing. What counts as a final answer is a box, or that no way was found,
in an answer that ended by itself.
"""
from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import localthink
from countdown_traces import Puzzle, held_out
from localthink.control.presets import EFFORTS, preset
from localthink.grade.countdown import solves
from localthink.records import Generation, Request, Trace

MOST_TOKENS = 600
NO_WAY = "I found no way"
CONTROLS = ("loop-guard", "no-wait:words=wait+alternatively", "cyclic-reflex:amplitude=3,period=80",
            "alpha-one:length=150", "early-exit", "early-exit:margin=2", "deer", "confidence:least=0,group=64")
LIMITS = (50, 100, 150, 200, 300, 400)


def has_answer(trace: Trace) -> bool:
    return trace.finish_reason == "stop" and ("\\boxed" in trace.answer or NO_WAY in trace.answer)


def answered(engine: localthink.Engine, puzzles: Sequence[Puzzle], how: Callable[[int], Generation],
             seed: int) -> list[Trace]:
    """A trace for each puzzle, in their order; `how` says how the puzzle at a place is answered."""
    numbers = {engine.submit(Request(engine.request(puzzle.question).prompt, how(place), seed=seed)): place
               for place, puzzle in enumerate(puzzles)}
    traces: dict[int, Trace] = {}
    while len(traces) < len(puzzles):
        traces |= {numbers[event.request]: event.trace for event in engine.step() if event.trace is not None}
    return [traces[place] for place in range(len(puzzles))]


def summary(puzzles: Sequence[Puzzle], traces: Sequence[Trace], seconds: float) -> dict[str, Any]:
    solved = [solves(t.answer, p.numbers, p.target) for t, p in zip(traces, puzzles, strict=True)]
    thinking = [t.thoughts[-1].end - t.thoughts[0].start if t.thoughts else 0 for t in traces]
    means = {"solved": solved, "answered": [has_answer(t) for t in traces], "tokens": [t.tokens for t in traces],
             "thinking": thinking, "switches": [t.switches for t in traces],
             "interventions": [len(t.interventions) for t in traces]}
    return {**{name: round(statistics.fmean(values), 3) for name, values in means.items()},
            "tokens_per_second": round(sum(t.tokens for t in traces) / seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--puzzles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slots", type=int, default=16)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    puzzles, rows = held_out("test", args.puzzles), dict[str, dict[str, Any]]()

    with localthink.load(args.model, slots=args.slots) as engine:
        def measure(name: str, how: Callable[[int], Generation]) -> list[Trace]:
            start = time.perf_counter()
            traces = answered(engine, puzzles, how, args.seed)
            rows[name] = summary(puzzles, traces, time.perf_counter() - start)
            print(f"{name:44s} {rows[name]}", flush=True)
            return traces

        def read(**fields: Any) -> Generation:
            return localthink.read_generation({"max_tokens": MOST_TOKENS, "alpha": 3, "beta": 40, **fields})

        free = measure("free", lambda _: read())
        half = [max(2, sum(thought.tokens for thought in trace.thoughts) // 2) for trace in free]
        measure("half, hard", lambda at: read(max_thinking=half[at]))
        for landing in (0.5, 2.0, 5.0):
            measure(f"half, landing {landing:g}, room", lambda at, landing=landing: read(
                max_thinking=half[at], landing=landing, answer_room=64))
        measure("half, landing 2, room, message", lambda at: read(
            max_thinking=half[at], landing=2.0, answer_room=64, closing=f"{NO_WAY}.\n"))
        measure("at most 100 tokens in all", lambda _: read(max_tokens=100))
        measure("at most 100 tokens in all, room", lambda _: read(max_tokens=100, answer_room=25))
        for limit in LIMITS:
            measure(f"limit {limit}", lambda _, limit=limit: read(max_thinking=limit, landing=2.0, answer_room=64))
        measure("at least 150", lambda _: read(min_thinking=150))
        for effort in EFFORTS:
            measure(f"effort {effort}", lambda _, effort=effort: read(**preset(effort, None)))
        for control in CONTROLS:
            measure(control, lambda _, control=control: read(controls=control))
    if args.json:
        args.json.write_text(json.dumps({"puzzles": args.puzzles, "seed": args.seed, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
