#!/usr/bin/env python3
"""Measure what localthink does with real weights: questions answered in the batch, and what the penalty changes.

    python scripts/eval_real.py gsm8k MODEL.gguf gsm8k_test.jsonl      # right of 48, by outcome
    python scripts/eval_real.py penalty MODEL.gguf                     # switches, paraphrases, held, solved

The second asks an instruct model for puzzles "one idea at a time, each begun with Alternatively", penalised everywhere:
it shows what a penalised model does about its words, and is no evidence about R1.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import localthink
from countdown_traces import held_out
from localthink.grade.countdown import solves
from localthink.intervals import wilson
from localthink.records import Generation, Tip

APPENDED = r"Please reason step by step, and put your final answer within \boxed{}."
ASKED = (
    "Use {numbers} to make {target}. Each number is used exactly once. Think aloud: write your ideas one at a time, "
    'and begin each new idea with the word "Alternatively". Say for each whether it works. Put the expression that '
    r"works within \boxed{{}}.")
ALPHAS = (0.0, 3.0, 10.0)


@dataclass(frozen=True)
class Graded:
    """Answers of a run: how many of `questions` are right, wrong, or were cut off."""

    questions: int
    right: int
    wrong: int
    cut_off: int
    tokens: int

    def interval(self) -> tuple[float, float]:
        return wilson(self.right, self.questions)


@dataclass(frozen=True)
class Penalised:
    """Means over puzzles of what was written under one alpha; `solved` counts puzzles."""

    alpha: float
    puzzles: int
    switches: float
    paraphrases: float
    held: float
    tokens: float
    cut_off: int
    solved: int


def gsm8k(model: Path, questions: Path, count: int = 48, tokens: int = 400) -> Graded:
    """`localthink run` on the first `count` questions, T 0.6, seed 1."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "localthink", "run", questions, "-m", model, "-o", folder,
                        "--limit", str(count), "--max-tokens", str(tokens), "--seed", "1", "--append", APPENDED,
                        "--quiet"], check=True)
        results = [json.loads(line) for line in (Path(folder) / "results.jsonl").read_text("utf-8").splitlines()]
    assert len(results) == count, f"{len(results)} of {count} questions were answered"
    outcomes = Counter("cut off" if result["finish_reason"] == "length" else result["correct"] for result in results)
    return Graded(count, outcomes[True], outcomes[False], outcomes["cut off"], sum(r["tokens"] for r in results))


def penalised(engine: localthink.Engine, count: int, alphas: Sequence[float] = ALPHAS, tokens: int = 400,
              ) -> list[Penalised]:
    """The same puzzles and seeds under every alpha."""
    puzzles = held_out("test", count)
    questions = [ASKED.format(numbers=" and ".join(map(str, puzzle.numbers)), target=puzzle.target)
                 for puzzle in puzzles]
    measured = []
    for alpha in alphas:
        generation = Generation(tip=Tip(alpha, where="everywhere"), max_tokens=tokens)
        traces = [trace for [trace] in engine.generate(questions, generation, seed=1)]
        means = (sum(getattr(trace, name) for trace in traces) / count
                 for name in ("switches", "paraphrases", "held", "tokens"))
        measured.append(Penalised(
            alpha, count, *means, sum(trace.finish_reason == "length" for trace in traces),
            sum(solves(trace.answer, puzzle.numbers, puzzle.target) for trace, puzzle in zip(traces, puzzles,
                                                                                             strict=True))))
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["gsm8k", "penalty"])
    parser.add_argument("model", type=Path)
    parser.add_argument("questions", type=Path, nargs="?", help="of gsm8k: its test file")
    parser.add_argument("--count", type=int, help="questions (48) or puzzles (20)")
    parser.add_argument("--tokens", type=int, default=400)
    given = parser.parse_args()
    if given.what == "gsm8k":
        if given.questions is None:
            parser.error("gsm8k takes its file of questions")
        graded = gsm8k(given.model, given.questions, given.count or 48, given.tokens)
        low, high = graded.interval()
        print(f"{graded.right} of {graded.questions} right ({graded.right / graded.questions:.0%}, 95 % {low:.0%} to "
              f"{high:.0%}), {graded.wrong} wrong, {graded.cut_off} cut off, {graded.tokens:,} tokens")
        return
    with localthink.load(given.model, slots=16, context=16 * 768) as engine:
        for row in penalised(engine, given.count or 20, tokens=given.tokens):
            print(json.dumps(asdict(row)), flush=True)


if __name__ == "__main__":
    main()
