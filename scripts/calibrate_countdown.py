#!/usr/bin/env python3
"""What the simulation without a model says of a study's settings, and beside it what the bundled models did.

    python scripts/calibrate_countdown.py family              # before the study has run: predictions alone
    localthink study run family
    python scripts/calibrate_countdown.py family              # both

A table for each model, in Markdown, as they stand in docs/calibration.md. The gain of a setting is over plain decoding
with the same limit of tokens; that of plain decoding under another limit or temperature is over the study's baseline.
"""
from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from localthink.batch.export_files import checked_results
from localthink.grade.countdown import Puzzle
from localthink.records import Tip
from localthink.study.analysis import analyse, points
from localthink.study.cells import Cell
from localthink.study.family import FAMILY
from localthink.study.folder import StudyFolder, find, read_record
from localthink.study.metrics import CellFigures, compare
from localthink.study.page import share
from localthink.study.problems import read_problems
from localthink.study.samples import CELL, Sample
from localthink.study.simulator import Simulated, simulate
from localthink.study.spec import Study, stem
from localthink.study.underthinking import Underthinking

SAMPLES = 200  # of a puzzle: the simulation's own error is a fifth of a point
COLUMNS = ("solved, %", "gain", "switches", "waits", "tokens", "UT, %")


@dataclass(frozen=True)
class Measured:
    """What one model did under one setting; `words` are how often it wrote "Alternatively" and "Wait", on average."""

    figures: CellFigures
    gain: str
    words: tuple[float, float]
    score: Underthinking | None

    def columns(self) -> list[str]:
        ends = self.score.interval if self.score is not None else None
        between = f" [{percent(ends[0])}, {percent(ends[1])}]" if ends is not None else ""
        return [share(self.figures.accuracy).replace(" %", ""), self.gain, f"{self.words[0]:.1f}",
                f"{self.words[1]:.1f}", f"{self.figures.counts['tokens'].value:.0f}",
                f"{percent(self.score.score)}{between}" if self.score is not None else "—"]


def percent(value: float) -> str:
    return "—" if value != value else f"{100 * value:.1f}"


def baseline_of(cell: Cell, cells: Sequence[Cell]) -> Cell:
    """Plain decoding with the same limits and sampling; for plain decoding itself, that of the study."""
    def apart(each: Cell) -> object:
        return replace(each.generation, tip=Tip())

    same = [each for each in cells if each.generation.tip.alpha == 0 and apart(each) == apart(cell)]
    return same[0] if same and same[0] is not cell else cells[0]


def predicted(cell: Cell, simulated: dict[str, Simulated], cells: Sequence[Cell]) -> list[str]:
    found, plain = simulated[cell.name], simulated[baseline_of(cell, cells).name]
    gain = "" if cell is cells[0] else points(found.accuracy - plain.accuracy, "")
    return [percent(found.accuracy), gain, f"{found.switches:.1f}", f"{found.rechecks:.1f}", f"{found.tokens:.0f}",
            percent(found.underthinking)]


def written_words(study: Study, folder: StudyFolder, model: str) -> dict[str, tuple[float, float]]:
    """By setting; the study itself tells no switches apart where "Wait" is what is penalised."""
    counts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for result in checked_results(folder.results(model, "test")):
        thinking = result["thinking"]
        counts[result["item"][CELL]].append((thinking.count("Alternatively"), thinking.count("Wait")))
    return {cell: (statistics.fmean(a for a, _ in each), statistics.fmean(w for _, w in each))
            for cell, each in counts.items()}


def gain(cell: Cell, cells: Sequence[Cell], samples: Sequence[Sample]) -> str:
    found = compare(cell.name, baseline_of(cell, cells).name, samples) if cell is not cells[0] else None
    if found is None or found.difference.interval is None:
        return ""
    low, high = found.difference.interval
    return f"{points(found.difference.value, '')} [{points(low, '')}, {points(high, '')}]"


def measured(study: Study, folder: StudyFolder, problems: int) -> dict[str, dict[str, Measured]]:
    """By model and setting; empty before the study ran."""
    if read_record(folder) is None:
        return {}
    found = {}
    for analysis in analyse(study, folder, {"test": problems}):
        model = next(model for model in study.models if stem(model) == analysis.model)
        words = written_words(study, folder, model)
        found[model] = {each.name: Measured(each, gain(study.cell(each.name), study.cells, analysis.samples),
                                            words[each.name], analysis.underthinking.get(each.name))
                        for each in analysis.cells}
    return found


def table(study: Study, model: str, puzzles: Sequence[Puzzle], done: dict[str, Measured]) -> list[str]:
    """The rows of one model; waits are told of the model that writes them."""
    search = FAMILY[stem(model)]
    kept = [place for place, name in enumerate(COLUMNS) if name != "waits" or search.recheck]
    simulated = {cell.name: simulate(puzzles, cell.generation, SAMPLES, search=search) for cell in study.cells}
    lines = ["| setting | " + " | ".join(f"{COLUMNS[place]} | measured" for place in kept) + " |",
             "|---" * (1 + 2 * len(kept)) + "|"]
    for cell in study.cells:
        theirs = done[cell.name].columns() if cell.name in done else [""] * len(COLUMNS)
        pairs = list(zip(predicted(cell, simulated, study.cells), theirs, strict=True))
        lines.append(f"| {cell.name} | {' | '.join(value for place in kept for value in pairs[place])} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    study, folder = find(parser.parse_args().study)
    problems = read_problems(study, study.test).problems
    puzzles = [Puzzle(tuple(problem.line["numbers"]), problem.line["target"]) for problem in problems]
    done = measured(study, folder, len(problems))
    for model in study.models:
        print(f"### {stem(model)}\n")
        print("\n".join(table(study, model, puzzles, done.get(model, {}))), end="\n\n")


if __name__ == "__main__":
    main()
