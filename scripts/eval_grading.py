#!/usr/bin/env python3
"""Grade traces that other programs have written, and hold the verdicts against Math-Verify's own.

    python scripts/eval_grading.py traces.jsonl --show

A line has a `response`, thinking and all, and a known `answer`. What follows `</think>` is graded; a response that
never closes its thinking is wrong. Math-Verify by itself looks for the answer where it likes, and reads all of it
that follows `</think>` as well.
"""
from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from math_verify import parse, verify

from localthink.grade.final_answer import final_answer, known_text
from localthink.grade.grading import Grader, known_answer

CLOSE = "</think>"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", type=Path, nargs="+")
    parser.add_argument("--show", action="store_true", help="every answer that one of the two takes for wrong")
    arguments = parser.parse_args()
    with Grader() as grader:
        for path in arguments.traces:
            measure(path, grader, arguments.show)


def measure(path: Path, grader: Grader, show: bool) -> None:
    counts: Counter[str] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        trace = json.loads(line)
        counts["traces"] += 1
        known = known_answer(trace)
        _, closed, answer = trace["response"].rpartition(CLOSE)
        if not closed or known is None:
            continue
        verdict = grader.grade(known, answer)
        theirs = verify(parse(f"${known_text(trace['answer'])}$"), parse(answer))
        counts.update(closed=1, right=verdict.correct, agree=verdict.correct == theirs, failed=bool(verdict.failure))
        if show and not (verdict.correct and theirs):
            print(f"{known_text(trace['answer'])!r}: {final_answer(answer)!r} is {verdict}, by Math-Verify {theirs}")
    print(f"{path.name}: {', '.join(f'{count:,} {name}' for name, count in counts.items())}")


if __name__ == "__main__":  # grading runs in a process that begins by reading this file
    main()
