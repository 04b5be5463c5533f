#!/usr/bin/env python3
"""Choose the puzzle and the seed that the first launch shows.

    python scripts/choose_demo.py models/demo.json

PUZZLES puzzles whose numbers the bundled model was never trained on are each asked with a seed of their own, without
the penalty and with it, as the chat compares: both sides in one engine with two slots. α and β are those that
`eval_countdown.py` chose on other puzzles. All are counted, and the counts kept. The one that is shown is the first
that is solved with the penalty only, after at least LEAST_HELD switches were held back, and in no more than MOST_TOKENS
tokens on either side, so that it can be watched in a few seconds. It was chosen because the penalty helps there: how
often it does is what `models/countdown.eval.json` says, of 1,000 puzzles, and the screen shows that beside it.
"""
from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import localthink
from countdown_traces import Puzzle, held_out
from localthink import locations
from localthink.chat.asking import SLOTS
from localthink.grade.countdown import solves
from localthink.records import Generation, Sampling, Tip, Trace

PUZZLES = 64
LEAST_HELD = 2
MOST_TOKENS = 200


@dataclass(frozen=True)
class Compared:
    """One puzzle and seed, and what either side wrote: without the penalty, and with it."""

    puzzle: Puzzle
    seed: int
    traces: tuple[Trace, Trace]

    @property
    def solved(self) -> tuple[bool, bool]:
        left, right = (solves(trace.answer, self.puzzle.numbers, self.puzzle.target) for trace in self.traces)
        return left, right

    @property
    def can_be_shown(self) -> bool:
        return (self.solved == (False, True) and self.traces[1].held >= LEAST_HELD
                and all(trace.tokens <= MOST_TOKENS for trace in self.traces))


def compare(engine: localthink.Engine, puzzle: Puzzle, seed: int, tip: Tip) -> Compared:
    requests = [engine.request(puzzle.question, Generation(tip=each, sampling=Sampling()), seed=seed)
                for each in (Tip(alpha=0.0), tip)]
    numbers, ended = [engine.submit(request) for request in requests], dict[int, Trace]()
    while len(ended) < len(numbers):
        ended.update((event.request, event.trace) for event in engine.step() if event.trace is not None)
    return Compared(puzzle, seed, (ended[numbers[0]], ended[numbers[1]]))


def measured(all_of_them: list[Compared], tip: Tip) -> dict[str, Any]:
    shown = next((compared for compared in all_of_them if compared.can_be_shown), None)
    if shown is None:
        raise SystemExit(f"none of {len(all_of_them)} puzzles can be shown: raise PUZZLES")
    solved = [compared.solved for compared in all_of_them]
    return {
        "command": "python scripts/choose_demo.py models/demo.json",
        "model_sha256": hashlib.sha256(locations.bundled_model().read_bytes()).hexdigest(),
        "question": shown.puzzle.question, "seed": shown.seed, "alpha": tip.alpha, "beta": tip.beta,
        "puzzles": len(all_of_them),
        "solved": {"both": solved.count((True, True)), "only_without": solved.count((True, False)),
                   "only_with": solved.count((False, True)), "neither": solved.count((False, False))},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", type=Path)
    args = parser.parse_args()
    evaluation = json.loads((locations.bundled_models() / "countdown.eval.json").read_text(encoding="utf-8"))
    tip = Tip(**evaluation["chosen"])
    with localthink.load(slots=SLOTS, threads=1) as engine:
        found = [compare(engine, puzzle, seed, tip) for seed, puzzle in enumerate(held_out("test", PUZZLES), 1)]
    for compared in found:
        print(compared.seed, compared.puzzle.question, compared.solved, [trace.tokens for trace in compared.traces],
              compared.traces[1].held, "can be shown" if compared.can_be_shown else "")
    result = measured(found, tip)
    args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
