#!/usr/bin/env python3
"""Measure the bundled model through localthink itself: does the switch penalty help it, and where does it hurt?

    python scripts/eval_countdown.py models/countdown.gguf --json models/countdown.eval.json

A grid of alpha and beta is tried on puzzles set apart for choosing; the best cell is frozen and
compared with plain decoding on 1,000 others. None of their number multisets was trained on. Every
setting answers the same puzzles with the same seeds, and intervals come from a paired bootstrap
over puzzles (10,000 resamples, fixed seed).
"""
from __future__ import annotations

import argparse
import json
import operator
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import localthink
from countdown_traces import Puzzle, held_out
from localthink.grade.countdown import solves
from localthink.records import Generation, Sampling, Tip, Trace

ALPHAS = (1.0, 2.0, 3.0, 5.0, 10.0)
BETAS = (40, 600)
MOST_TOKENS = 600  # the longest trace in training has fewer; whoever needs more has lost the thread
FAR_TOO_STRONG = 30.0
SOME = 300  # puzzles are enough for the two settings that are expected to do much worse
LINE = re.compile(r"(?:(?:First|Alternatively), try |Wait, again: )?(\d+) ([-+*/]) (\d+) = (\d+), (.+)\.")
VALUES = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": lambda a, b: a / b if b else -1}


@dataclass(frozen=True)
class Outcome:
    """One setting on a list of puzzles; `solved` has an entry for each, in their order."""

    solved: np.ndarray
    traces: list[Trace]
    valid_lines: float

    def summary(self) -> dict[str, Any]:
        return {
            "accuracy": round(float(self.solved.mean()), 4),
            "valid_lines": round(self.valid_lines, 5),
            "switches": round(statistics.fmean(t.switches for t in self.traces), 2),
            "held": round(statistics.fmean(t.held for t in self.traces), 2),
            "paraphrases": round(statistics.fmean(t.paraphrases for t in self.traces), 2),
            "tokens": round(statistics.fmean(t.tokens for t in self.traces), 1),
            "cut_off": round(statistics.fmean(t.finish_reason == "length" for t in self.traces), 4),
        }


def is_valid(line: str, target: int) -> bool:
    """Whether a line of a trace is well formed, its arithmetic right and its verdict true."""
    match = LINE.fullmatch(line)
    if not match:
        return False
    left, symbol, right, value, rest = match.groups()
    if VALUES[symbol](int(left), int(right)) != int(value):
        return False
    leaving = (f"leaving {value} and ", f"leaving {value}, ")
    return rest.startswith(leaving) or rest == ("yes" if int(value) == target else "no")


def run(engine: localthink.Engine, puzzles: list[Puzzle], tip: Tip, sampling: Sampling, seed: int) -> Outcome:
    questions = [puzzle.question for puzzle in puzzles]
    generation = Generation(sampling, tip, MOST_TOKENS)
    traces = [trace for [trace] in engine.generate(questions, generation, seed=seed)]
    solved = np.array([solves(t.answer, p.numbers, p.target) for t, p in zip(traces, puzzles, strict=True)])
    lines = [is_valid(line, p.target) for t, p in zip(traces, puzzles, strict=True)
             for line in (t.thinking.splitlines() if t.finish_reason == "stop" else t.thinking.splitlines()[:-1])]
    return Outcome(solved, traces, statistics.fmean(lines))


def interval(difference: np.ndarray) -> list[float]:
    """The 95 % percentile interval of a mean of paired differences, puzzles resampled."""
    rng = np.random.default_rng(0)
    means = difference[rng.integers(0, len(difference), (10_000, len(difference)))].mean(axis=1)
    return [round(float(x), 4) for x in np.percentile(means, [2.5, 97.5])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--choose", type=int, default=300, help="puzzles for choosing alpha and beta")
    parser.add_argument("--test", type=int, default=1000, help="puzzles for the one comparison that counts")
    parser.add_argument("--temperature", type=float, default=0.6)
    parser.add_argument("--top-p", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slots", type=int, default=16)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    sampling = Sampling(args.temperature, args.top_p)
    start = time.perf_counter()
    result: dict[str, Any] = {"model": Path(args.model).name, "temperature": args.temperature, "top_p": args.top_p,
                              "seed": args.seed, "choose_puzzles": args.choose, "test_puzzles": args.test}

    def tell(name: str, outcome: Outcome) -> dict[str, Any]:
        summary = outcome.summary()
        print(f"{time.perf_counter() - start:6.0f} s  {name:32s} {summary}", flush=True)
        return summary

    with localthink.load(args.model, slots=args.slots) as engine:
        choose, test = held_out("choose", args.choose), held_out("test", args.test)
        grid = {(0.0, 0): run(engine, choose, Tip(alpha=0.0), sampling, args.seed)}
        tell("choose, plain", grid[0.0, 0])
        for alpha in ALPHAS:
            for beta in BETAS:
                grid[alpha, beta] = run(engine, choose, Tip(alpha, beta), sampling, args.seed)
                tell(f"choose, alpha {alpha:g}, beta {beta}", grid[alpha, beta])
        result["grid"] = [{"alpha": a, "beta": b, **outcome.summary()} for (a, b), outcome in grid.items()]
        best = max((cell for cell in grid if cell[0]), key=lambda cell: float(grid[cell].solved.mean()))
        result["chosen"] = {"alpha": best[0], "beta": best[1]}

        plain = run(engine, test, Tip(alpha=0.0), sampling, args.seed + 1)
        result["plain"] = tell("test, plain", plain)
        for name, tip in (("chosen_cell", Tip(*best)), ("defaults", Tip()), ("inviting", Tip(-2.0, 600)),
                          ("far_too_strong", Tip(FAR_TOO_STRONG, 600))):
            some = test if name in ("chosen_cell", "defaults") else test[:SOME]
            outcome = run(engine, some, tip, sampling, args.seed + 1)
            difference = outcome.solved.astype(float) - plain.solved[:len(some)]
            result[name] = {"alpha": tip.alpha, "beta": tip.beta, "puzzles": len(some),
                            **tell(f"test, {name}", outcome),
                            "gain": round(float(difference.mean()), 4), "interval": interval(difference)}
            print(f"          gain over plain {result[name]['gain']:+.3f}, 95 % {result[name]['interval']}", flush=True)
    result["seconds"] = round(time.perf_counter() - start)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
