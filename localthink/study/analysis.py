"""All that a report says of a study, as figures: nothing is drawn or worded here but the verdict."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from localthink.study.cells import BASELINE, Cell, families
from localthink.study.choice import chosen_cell
from localthink.study.evasion import Evasion, evasion
from localthink.study.folder import StudyFolder
from localthink.study.metrics import CellFigures, Comparison, cell_figures, compare, problem_differences
from localthink.study.rightness import AUTOMATIC, Source, ThoughtsBy, find_source, with_thoughts_by
from localthink.study.running import cells_of
from localthink.study.samples import Sample, by_cell, complete_pairs, read_samples
from localthink.study.spec import SETS, SetName, Study, stem
from localthink.study.statistics import max_statistic
from localthink.study.strategies import StrategyFigures, replayed
from localthink.study.underthinking import IndexRow, Underthinking, by_index, judged_in_full, underthinking


@dataclass(frozen=True, slots=True)
class SetAnalysis:
    """One set of problems under one model. `cells` begin with the baseline; `wanted` is how many samples there will be.

    `underthinking` and `index` are by setting, for those that can be judged; `common` is the score of the baseline and
    of each setting on the pairs that are wrong under both. `evasion` is of the settings that tell thoughts apart as the
    baseline does.
    """

    model: str
    name: SetName
    cells: tuple[CellFigures, ...]
    comparisons: tuple[Comparison, ...]
    underthinking: dict[str, Underthinking]
    index: dict[str, list[IndexRow]]
    common: dict[str, tuple[Underthinking, Underthinking]]
    evasion: tuple[Evasion, ...]
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
                found.append(replace(analysed, strategies=replayed(
                    folder.results(model, name), study.strategies, [cell.name for cell in cells])))
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

    Which thoughts are right is as the `source` says, and not known without one.
    """
    samples = with_thoughts_by(source, samples)
    samples = sorted(samples, key=lambda sample: (*sample.pair, sample.cell))  # the order in which they ended is chance
    found = by_cell(samples)
    names = [cell.name for cell in cells if cell.name in found]
    followed = {cell.name for cell in cells if _follows(cell) == _follows(cells[0])}
    baseline = names[0] if names and cells[0].name == names[0] else ""
    tried = [tuple(name for name in family if name in found) for family in families(cells)]
    among = {name: len(family) for family in tried for name in family}
    comparisons = [each for other in names[1:] if baseline and (
        each := compare(other, baseline, samples, other in followed, among[other])) is not None]
    for family in tried:
        comparisons = _adjusted(comparisons, family, baseline, samples)
    grid = {cell.name for cell in cells if cell.role == "grid"}
    if not main and comparisons:
        candidates = [each for each in comparisons if each.name in grid] or comparisons
        main = max(candidates, key=lambda each: each.difference.value).name
    in_full = source is not None and source.in_full
    scores = {cell: score for cell in names
              if cell in followed and (score := underthinking(found[cell], in_full)) is not None}
    common = {each.name: both for each in comparisons
              if each.name in followed and (both := _common(baseline, each.name, samples, in_full)) is not None}
    index = {cell: rows for cell in names if cell in scores and (rows := by_index(found[cell]))}
    figures = tuple(cell_figures(cell, found[cell], cell in followed) for cell in names)
    return SetAnalysis(model, name, figures, tuple(comparisons), scores, index, common,
                       tuple(evasion(samples, [name for name in names if name in followed])), tuple(samples),
                       tuple(cells), wanted, main, planned, source)


def _follows(cell: Cell) -> tuple[object, ...]:
    """What tells thoughts apart under a setting: figures of thoughts are compared where it is the same."""
    return cell.generation.tip.groups, cell.generation.tip.where


def _adjusted(comparisons: list[Comparison], family: Sequence[str], baseline: str,
              samples: Sequence[Sample]) -> list[Comparison]:
    """The comparisons, those of a family of several with p-values over all of it."""
    pairs = list(complete_pairs(samples, (baseline, *family))) if len(family) > 1 and baseline else []
    if not pairs:
        return comparisons
    columns = [problem_differences([(pair[0], pair[place]) for pair in pairs], lambda sample: sample.right)
               for place in range(1, len(family) + 1)]
    values = max_statistic(np.stack(columns, axis=1))
    if values is None:
        return comparisons
    by_name = dict(zip(family, values.tolist(), strict=True))
    return [replace(each, adjusted=by_name.get(each.name, each.adjusted)) for each in comparisons]


def _common(baseline: str, name: str, samples: Sequence[Sample],
            in_full: bool) -> tuple[Underthinking, Underthinking] | None:
    """Underthinking on the pairs that are wrong under both: the same problems, with the same random numbers.

    With `in_full` on those pairs of which both sides are judged in full.
    """
    pairs = [pair for pair in complete_pairs(samples, (baseline, name)) if not any(sample.right for sample in pair)
             and (not in_full or all(map(judged_in_full, pair)))]
    left, right = (underthinking([pair[side] for pair in pairs]) for side in (0, 1))
    return (left, right) if left is not None and right is not None else None


def verdict(analysis: SetAnalysis) -> str:
    """What the set says about its main setting, in one sentence with its interval, and what it cannot say."""
    comparison = analysis.comparison(analysis.main)
    if comparison is None:
        return "There is nothing to compare yet."
    told = f"{comparison.name} against {comparison.baseline}: {points(comparison.difference.value)}"
    over = f"over {comparison.problems:,} problems, {comparison.pairs:,} pairs of samples"
    interval = comparison.difference.interval
    picked = _picked(analysis, comparison)
    if interval is None:
        return f"{told} {over}: too few problems for an interval, and nothing can be said.{picked}"
    told = f"{told} [{points(interval[0], '')}, {points(interval[1], '')}] {over}"
    return f"{_found(comparison)}. {told}.{picked}"


def _found(comparison: Comparison) -> str:
    if comparison.significant:
        return "The setting helps" if comparison.difference.value > 0 else "The setting harms"
    if comparison.leaves_out_zero:
        return (f"No difference is shown: its own interval leaves 0 out, but over the {comparison.among} settings that "
                f"were tried together p is {comparison.adjusted:.2f}")
    many = f", with {comparison.among} settings tried," if comparison.among > 1 else ""
    seen = (f", which{many} shows one of {100 * comparison.seen:.0f} points or more 8 times in 10"
            if comparison.seen else "")
    return f"No difference is shown by this design{seen}"


def _picked(analysis: SetAnalysis, comparison: Comparison) -> str:
    """What is to be known of a setting that was not fixed before its samples were looked at."""
    if analysis.planned:
        return ""
    if comparison.among > 1:
        return (f" It is the best of {comparison.among} settings, picked after looking: its interval is too hopeful, "
                "and exploratory until other problems have tested it.")
    return " It was compared after it was run: exploratory."


def points(value: float, unit: str = " points") -> str:
    """A share as points with its sign: +3.4 points."""
    text = f"{100 * value:+.1f}".replace("-", "−")
    return f"{text[1:] if text in ('+0.0', '−0.0') else text}{unit}"
