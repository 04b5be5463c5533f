"""All that a report says of a study, as figures: nothing is drawn or worded here but the verdict."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from localthink.study.cells import BASELINE, Cell
from localthink.study.choice import chosen_cell
from localthink.study.folder import StudyFolder
from localthink.study.metrics import CellFigures, Comparison, cell_figures, compare, problem_differences
from localthink.study.rightness import AUTOMATIC, Source, ThoughtsBy, find_source, with_thoughts_by
from localthink.study.running import cells_of
from localthink.study.samples import Sample, by_cell, complete_pairs, read_samples
from localthink.study.spec import SETS, SetName, Study, stem
from localthink.study.statistics import max_statistic
from localthink.study.strategies import StrategyFigures, replayed
from localthink.study.underthinking import IndexRow, Underthinking, by_index, underthinking


@dataclass(frozen=True, slots=True)
class SetAnalysis:
    """One set of problems under one model. `cells` begin with the baseline; `wanted` is how many samples there will be.

    `underthinking` and `index` are by setting, for those that can be judged; `common` is the score of the baseline and
    of each setting on the pairs that are wrong under both. `levels` is by level and setting.
    """

    model: str
    name: SetName
    cells: tuple[CellFigures, ...]
    comparisons: tuple[Comparison, ...]
    underthinking: dict[str, Underthinking]
    index: dict[str, list[IndexRow]]
    common: dict[str, tuple[Underthinking, Underthinking]]
    samples: tuple[Sample, ...]
    settings: tuple[Cell, ...]
    wanted: int
    main: str  # the setting that the verdict is about, "" where there is none yet
    planned: bool  # whether that setting was fixed before these samples were looked at
    source: Source | None = None  # who says which thoughts are right
    strategies: tuple[StrategyFigures, ...] = ()  # of each setting

    @property
    def done(self) -> bool:
        return len(self.samples) >= self.wanted

    @property
    def baseline(self) -> CellFigures:
        return self.cells[0]

    def comparison(self, name: str) -> Comparison | None:
        return next((each for each in self.comparisons if each.name == name), None)


def analyse(study: Study, folder: StudyFolder, problems: dict[SetName, int],
            by: ThoughtsBy = AUTOMATIC) -> list[SetAnalysis]:
    """The sets of every model that have samples; `problems` says how many problems a set has, `by` who judges thoughts.
    """
    found = []
    for model in study.models:
        sets: dict[SetName, list[Sample]] = {
            name: read_samples(results) for name in SETS
            if name in problems and (results := folder.results(model, name)).is_file()}
        chosen = chosen_cell(study, sets["choose"]) if "choose" in sets else None
        for name, samples in sets.items():
            if samples:
                cells = cells_of(study, name, chosen)
                main, planned = main_cell(study, name, cells, chosen)
                wanted = problems[name] * study.samples * len(cells)
                source = find_source(by, samples, [folder.run(model, name)])
                analysed = analyse_set(stem(model), name, samples, cells, wanted, main, planned, source)
                found.append(replace(analysed, strategies=replayed(folder.results(model, name), study.strategies)))
    return found


def main_cell(study: Study, name: SetName, cells: Sequence[Cell], chosen: Cell | None) -> tuple[str, bool]:
    """The setting that a set's verdict is about, and whether it was fixed beforehand; "" where looking finds it."""
    if name == "test" and chosen is not None:
        return chosen.name, True
    grid = [cell for cell in cells if cell.role == "grid"] or [cell for cell in cells if cell.role != BASELINE]
    return (grid[0].name, name == "test") if len(grid) == 1 else ("", False)


def analyse_set(model: str, name: SetName, samples: Sequence[Sample], cells: Sequence[Cell], wanted: int, main: str,
                planned: bool, source: Source | None = None) -> SetAnalysis:
    """Figures of one set; `cells` are the settings that it has, the baseline first.

    Which thoughts are right is as the `source` says, and nobody's to say without one.
    """
    samples = with_thoughts_by(source, samples)
    found = by_cell(samples)
    names = [cell.name for cell in cells if cell.name in found]
    followed = {cell.name for cell in cells if _follows(cell) == _follows(cells[0])}
    baseline = names[0] if names and cells[0].name == names[0] else ""
    comparisons = [each for other in names[1:] if baseline
                   and (each := compare(other, baseline, samples, other in followed)) is not None]
    grid = [cell.name for cell in cells if cell.role == "grid" and cell.name in found]
    comparisons = _adjusted(comparisons, grid or [each.name for each in comparisons], baseline, samples)
    if not main and comparisons:
        among = [each for each in comparisons if each.name in grid] or comparisons
        main = max(among, key=lambda each: each.difference.value).name
    scores = {cell: score for cell in names if cell in followed and (score := underthinking(found[cell])) is not None}
    common = {each.name: both for each in comparisons
              if each.name in followed and (both := _common(baseline, each.name, samples)) is not None}
    index = {cell: rows for cell in names if cell in scores and (rows := by_index(found[cell]))}
    figures = tuple(cell_figures(cell, found[cell], cell in followed) for cell in names)
    return SetAnalysis(model, name, figures, tuple(comparisons), scores, index, common, tuple(samples),
                       tuple(cells), wanted, main, planned, source)


def _follows(cell: Cell) -> tuple[object, ...]:
    """What tells thoughts apart under a setting: figures of thoughts are compared where it is the same."""
    return cell.generation.tip.groups, cell.generation.tip.where


def _adjusted(comparisons: list[Comparison], grid: Sequence[str], baseline: str,
              samples: Sequence[Sample]) -> list[Comparison]:
    """The comparisons with p-values over all that were tried: the grid, or without one every setting."""
    if len(grid) < 2:
        return comparisons
    pairs = list(complete_pairs(samples, (baseline, *grid)))
    if not pairs:
        return comparisons
    columns = [problem_differences([(pair[0], pair[place]) for pair in pairs], lambda sample: sample.right)
               for place in range(1, len(grid) + 1)]
    values = max_statistic(np.stack(columns, axis=1))
    if values is None:
        return comparisons
    by_name = dict(zip(grid, values.tolist(), strict=True))
    return [replace(each, adjusted=by_name.get(each.name)) for each in comparisons]


def _common(baseline: str, name: str, samples: Sequence[Sample]) -> tuple[Underthinking, Underthinking] | None:
    """Underthinking on the pairs that are wrong under both: the same problems, with the same random numbers."""
    pairs = [pair for pair in complete_pairs(samples, (baseline, name)) if not any(sample.right for sample in pair)]
    left, right = (underthinking([pair[side] for pair in pairs]) for side in (0, 1))
    return (left, right) if left is not None and right is not None else None


def verdict(analysis: SetAnalysis) -> str:
    """What the set says about its main setting, in one sentence with its interval, and what it cannot say."""
    comparison = analysis.comparison(analysis.main)
    if comparison is None:
        return "There is nothing to compare yet."
    told = f"{comparison.name} against {comparison.baseline}: {points(comparison.difference.value)}"
    over = f"over {comparison.problems:,} problems, {comparison.pairs:,} pairs of samples"
    picked = len(analysis.comparisons) > 1
    how = "" if analysis.planned else (
        " It was picked from this grid after looking: exploratory." if picked else " This set is for choosing.")
    interval = comparison.difference.interval
    if interval is None:
        return f"{told} {over}: too few problems for an interval, and nothing can be said.{how}"
    told = f"{told} [{points(interval[0], '')}, {points(interval[1], '')}] {over}"
    if comparison.significant:
        found = "The setting helps" if comparison.difference.value > 0 else "The setting harms"
    else:
        seen = f", which would have shown {100 * comparison.seen:.0f} points or more" if comparison.seen else ""
        found = f"No difference is shown by this design{seen}"
    return f"{found}. {told}.{how}"


def points(value: float, unit: str = " points") -> str:
    """A share as points with its sign: +3.4 points."""
    text = f"{100 * value:+.1f}".replace("-", "−")
    return f"{text[1:] if text in ('+0.0', '−0.0') else text}{unit}"
