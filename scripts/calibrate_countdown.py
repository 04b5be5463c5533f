#!/usr/bin/env python3
"""What the simulation without a model says of a study's settings, and beside it what the bundled model did.

    python scripts/calibrate_countdown.py calibration              # before the study has run: predictions alone
    localthink study run calibration
    python scripts/calibrate_countdown.py calibration              # both

The rows are Markdown, as they stand in docs/calibration.md.
"""
from __future__ import annotations

import argparse

from localthink.grade.countdown import Puzzle
from localthink.study.analysis import analyse
from localthink.study.folder import find, read_record
from localthink.study.metrics import CellFigures
from localthink.study.page import share
from localthink.study.problems import read_problems
from localthink.study.simulator import Simulated, simulate
from localthink.study.underthinking import Underthinking

SAMPLES = 40  # of a puzzle: the simulation's own error is a third of a point


def percent(value: float) -> str:
    return "—" if value != value else f"{100 * value:.1f}"


def predicted(found: Simulated) -> list[str]:
    return [percent(found.accuracy), f"{found.switches:.1f}", f"{found.tokens:.0f}", percent(found.underthinking)]


def measured(cell: CellFigures | None, score: Underthinking | None) -> list[str]:
    if cell is None:
        return ["", "", "", ""]
    ends = f" [{percent(score.interval[0])}, {percent(score.interval[1])}]" if score and score.interval else ""
    return [share(cell.accuracy).replace(" %", ""), f"{cell.counts['switches'].value:.1f}",
            f"{cell.counts['tokens'].value:.0f}", f"{percent(score.score)}{ends}" if score else "—"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    study, folder = find(parser.parse_args().study)
    problems = read_problems(study, study.test).problems
    puzzles = [Puzzle(tuple(problem.line["numbers"]), problem.line["target"]) for problem in problems]
    analyses = analyse(study, folder, {"test": len(problems)}) if read_record(folder) is not None else []
    cells = {cell.name: cell for analysis in analyses for cell in analysis.cells}
    scores = {name: score for analysis in analyses for name, score in analysis.underthinking.items()}
    print("| setting | solved, % | measured | switches | measured | tokens | measured | UT, % | measured |")
    print("|---|---|---|---|---|---|---|---|---|")
    for cell in study.cells:
        pairs = zip(predicted(simulate(puzzles, cell.generation, SAMPLES)),
                    measured(cells.get(cell.name), scores.get(cell.name)), strict=True)
        print(f"| {cell.name} | {' | '.join(value for pair in pairs for value in pair)} |")


if __name__ == "__main__":
    main()
