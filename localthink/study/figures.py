"""The figures of a report, as SVG whose colours are names that light and dark pages fill in.

The one user of matplotlib. Nothing is drawn through pyplot, and nothing global changes: every figure is an object.
"""
from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from localthink.errors import UsageError
from localthink.study.analysis import SetAnalysis, points
from localthink.study.cells import axes_of
from localthink.study.metrics import CellFigures, Figure
from localthink.study.samples import OUTCOMES, Sample, complete_pairs
from localthink.study.svg import COLOURS, Drawing, for_a_page

try:
    import matplotlib
    import matplotlib.patches
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet
except ImportError:
    raise UsageError("the figures of a report need matplotlib: pip install 'localthink[study]', or leave them out with "
                     "--no-html") from None

OUTCOME_COLOURS = dict(zip(OUTCOMES, ("right", "wrong", "none", "cut", "loop"), strict=True))
WIDTH = 4.6  # inches; a page scales it
SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "localthink", "font.size": 9, "font.family": "sans-serif",
            "axes.spines.top": False, "axes.spines.right": False}


def drawings(analysis: SetAnalysis) -> list[Drawing]:
    """The figures that this set's samples carry, in the order of the report."""
    makers: Sequence[Callable[[SetAnalysis], Drawing | None]] = (
        accuracy_and_tokens, grid_map, outcomes, right_and_wrong, levels, thought_index, underthinking_scores,
        switch_intervals, problem_pairs)
    with matplotlib.rc_context(SETTINGS):
        return [drawing for make in makers if (drawing := make(analysis)) is not None]


def _sheet(height: float, columns: int = 1) -> tuple[Sheet, list[Axes]]:
    sheet = Sheet(figsize=(WIDTH, height), layout="constrained")
    made = sheet.subplots(1, columns, squeeze=False)[0]
    for axes in made:
        axes.tick_params(colors=COLOURS["ink"])
        axes.xaxis.label.set_color(COLOURS["ink"])
        axes.yaxis.label.set_color(COLOURS["ink"])
        for spine in axes.spines.values():
            spine.set_color(COLOURS["faint"])
    return sheet, list(made)


def _legend(axes: Axes, above: bool = False) -> None:
    """Within the figure, or in one row above it."""
    if above:
        axes.legend(frameon=False, labelcolor=COLOURS["ink"], fontsize=8, loc="lower center", ncols=len(OUTCOMES),
                    bbox_to_anchor=(0.5, 1.0))
    else:
        axes.legend(frameon=False, labelcolor=COLOURS["ink"], fontsize=8)


def _drawing(sheet: Sheet, name: str, title: str, caption: str) -> Drawing:
    file = io.StringIO()
    sheet.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return Drawing(name, title, caption, for_a_page(file.getvalue(), name, title))


def _colour(analysis: SetAnalysis, name: str) -> str:
    chosen = "base" if name == analysis.baseline.name else "main" if name == analysis.main else "cut"
    return COLOURS[chosen]


def _errors(figures: Sequence[Figure], scale: float = 1.0) -> np.ndarray:
    """Distances to the ends of the intervals, shape (2, figures); 0 where there is none."""
    return scale * np.array([[figure.value - figure.interval[0] if figure.interval else 0.0 for figure in figures],
                             [figure.interval[1] - figure.value if figure.interval else 0.0 for figure in figures]])


def accuracy_and_tokens(analysis: SetAnalysis) -> Drawing:
    sheet, (axes,) = _sheet(3.4)
    places = {cell.name: (cell.counts["tokens"].value, 100 * cell.accuracy.value) for cell in analysis.cells}
    for cell in analysis.cells:
        axes.errorbar([places[cell.name][0]], [places[cell.name][1]], yerr=_errors([cell.accuracy], 100).clip(0),
                      xerr=_errors([cell.counts["tokens"]]).clip(0), fmt="o", color=_colour(analysis, cell.name),
                      elinewidth=0.8, markersize=5)
    axes.margins(x=0.18)
    for name in _apart(places, [cell.name for cell in (*_pair(analysis), *analysis.cells)]):
        axes.annotate(name, places[name], xytext=(6, 5), textcoords="offset points", color=_colour(analysis, name),
                      fontsize=8)
    axes.set_xlabel("tokens of a sample")
    axes.set_ylabel("accuracy, %")
    return _drawing(sheet, "accuracy-tokens", "Accuracy against tokens",
                    "Means with 95 % intervals over problems. Further up is better, further left is cheaper. Where "
                    "settings lie close together one of them is named; the table has all.")


def _apart(places: Mapping[str, tuple[float, float]], order: Sequence[str]) -> list[str]:
    """The names whose labels do not lie over those of names before them."""
    wide, high = np.maximum(np.ptp(list(places.values()), axis=0), 1e-9)
    named: list[str] = []
    for name in dict.fromkeys(order):
        x, y = places[name]
        if all(abs(x - places[other][0]) > 0.4 * wide or abs(y - places[other][1]) > 0.07 * high for other in named):
            named.append(name)
    return named


def grid_map(analysis: SetAnalysis) -> Drawing | None:
    """The difference from the baseline over alpha and beta, where the grid is over both."""
    found = axes_of(analysis.settings)
    if found is None:
        return None
    alphas, betas, names = found
    sheet, (axes,) = _sheet(1.1 + 0.55 * len(alphas))
    largest = max(abs(each.difference.value) for each in analysis.comparisons) or 1.0
    for row, alpha in enumerate(alphas):
        for column, beta in enumerate(betas):
            each = analysis.comparison(names.get((alpha, beta), ""))
            if each is None:
                continue
            value = each.difference.value
            axes.add_patch(matplotlib.patches.Rectangle(
                (column - 0.48, row - 0.46), 0.96, 0.92, color=COLOURS["gain" if value >= 0 else "loss"],
                alpha=0.08 + 0.6 * abs(value) / largest, linewidth=0))
            star = " *" if each.significant else ""
            ends = each.difference.interval
            between = f"\n[{points(ends[0], '')}, {points(ends[1], '')}]" if ends else ""
            axes.text(column, row, f"{points(value, '')}{star}{between}", ha="center", va="center",
                      color=COLOURS["ink"], fontsize=8, fontweight="bold" if each.significant else "normal")
    axes.set_xlim(-0.6, len(betas) - 0.4)
    axes.set_ylim(-0.6, len(alphas) - 0.4)
    axes.set_xticks(range(len(betas)), [f"{beta:g}" for beta in betas])
    axes.set_yticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas])
    axes.set_xlabel("β, tokens")
    axes.set_ylabel("α")
    return _drawing(sheet, "grid", "Difference from the baseline over α and β",
                    "Points of accuracy, with 95 % intervals. * marks what stays significant over the whole grid "
                    "(max-statistic permutation, p < 0.05).")


def outcomes(analysis: SetAnalysis) -> Drawing:
    cells = list(reversed(analysis.cells))
    sheet, (axes,) = _sheet(0.9 + 0.32 * len(cells))
    left = np.zeros(len(cells))
    for outcome in OUTCOMES:
        shares = np.array([100 * cell.outcomes[outcome] / cell.samples for cell in cells])
        if shares.any():
            axes.barh([cell.name for cell in cells], shares, left=left, height=0.7, label=outcome,
                      color=COLOURS[OUTCOME_COLOURS[outcome]])
        left += shares
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of samples")
    _legend(axes, above=True)
    return _drawing(sheet, "outcomes", "Outcomes", "A sample that was cut off, or ran in a loop until it was, is not "
                                                   "one that was wrong.")


def right_and_wrong(analysis: SetAnalysis) -> Drawing:
    return _grouped(analysis, ("right", "not right"), ("tokens", "switches"), "right-wrong",
                    "Right against not right", "Means with 95 % intervals: tokens and switches of samples that are "
                                               "right and of those that are not.")


def levels(analysis: SetAnalysis) -> Drawing | None:
    names = [group.name for group in analysis.baseline.groups if group.name.startswith("level ")]
    if not names:
        return None
    return _grouped(analysis, names, ("tokens", "thoughts"), "levels", "Tokens and thoughts by level",
                    "Means with 95 % intervals.")


def _grouped(analysis: SetAnalysis, groups: Sequence[str], counts: Sequence[str], name: str, title: str,
             caption: str) -> Drawing:
    shown = _pair(analysis)
    sheet, columns = _sheet(2.6, len(counts))
    for axes, count in zip(columns, counts, strict=True):
        for place, cell in enumerate(shown):
            by_name = {group.name: group.figures[count] for group in cell.groups}
            figures = [by_name[group] if group in by_name else Figure(float("nan"), None, 0) for group in groups]
            places = np.arange(len(groups)) + (place - (len(shown) - 1) / 2) * 0.4
            axes.bar(places, [figure.value for figure in figures], 0.38, label=cell.name,
                     color=_colour(analysis, cell.name), yerr=_errors(figures).clip(0),
                     error_kw={"ecolor": COLOURS["ink"], "elinewidth": 0.8})
        axes.set_xticks(range(len(groups)), groups)
        axes.set_ylabel(count)
    sheet.legend(*columns[0].get_legend_handles_labels(), frameon=False, labelcolor=COLOURS["ink"], fontsize=8,
                 loc="outside upper center", ncols=len(shown))
    return _drawing(sheet, name, title, caption)


def _pair(analysis: SetAnalysis) -> list[CellFigures]:
    """The baseline and the main setting."""
    return [cell for cell in analysis.cells if cell.name in (analysis.baseline.name, analysis.main)]


def thought_index(analysis: SetAnalysis) -> Drawing | None:
    shown = [cell.name for cell in _pair(analysis) if cell.name in analysis.index]
    if not shown:
        return None
    sheet, columns = _sheet(2.6, len(shown))
    for axes, name in zip(columns, shown, strict=True):
        rows = analysis.index[name]
        places = [row.index for row in rows]
        axes.fill_between(places, [100 * row.low for row in rows], [100 * row.high for row in rows],
                          color=COLOURS["faint"], alpha=0.6, linewidth=0, label="shuffled, 95 %")
        axes.plot(places, [100 * row.right for row in rows], "o-", color=_colour(analysis, name), markersize=4,
                  label=name)
        axes.set_xlabel("thought")
        axes.set_xticks(places[::2])
        axes.set_ylabel("% that can lead on")
        axes.set_ylim(0, 100)
        _legend(axes)
    return _drawing(sheet, "thoughts", "Are thoughts right, by their place?",
                    "Share of thoughts from which the right answer can still be reached"
                    + (f", as {analysis.source.name} says" if analysis.source else "") +
                    ", and the range in which it lies where each sample's thoughts are shuffled. A right thought often "
                    "ends its sample.")


def underthinking_scores(analysis: SetAnalysis) -> Drawing | None:
    names = list(reversed(analysis.underthinking))
    if not names:
        return None
    sheet, (axes,) = _sheet(0.9 + 0.36 * len(names))
    for row, name in enumerate(names):
        each = analysis.underthinking[name]
        axes.plot([100 * each.null[1], 100 * each.null[2]], [row, row], color=COLOURS["faint"], linewidth=9,
                  solid_capstyle="butt", label="shuffled, 95 %" if not row else None)
        ends = each.interval or (each.score, each.score)
        axes.plot([100 * end for end in ends], [row, row], color=_colour(analysis, name), linewidth=1)
        axes.plot([100 * each.score], [row], "o", color=_colour(analysis, name), markersize=5)
    axes.set_yticks(range(len(names)), [f"{name} (n {analysis.underthinking[name].wrong:,})" for name in names])
    axes.set_xlim(0, 100)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.set_xlabel("underthinking score, %")
    _legend(axes, above=True)
    return _drawing(sheet, "underthinking", "Underthinking",
                    "ξ of arXiv 2501.18585 over the n samples that are not right, with 95 % intervals, and the range "
                    "that shuffling each sample's thoughts gives: within it the score says nothing.")


def switch_intervals(analysis: SetAnalysis) -> Drawing | None:
    shown = [cell for cell in _pair(analysis) if len(cell.intervals) >= 20]
    if not shown:
        return None
    sheet, (axes,) = _sheet(2.6)
    longest = float(np.percentile(np.concatenate([cell.intervals for cell in shown]), 99.5))
    edges = np.linspace(0, max(longest, 1.0), 41).tolist()
    for cell in shown:
        axes.hist(cell.intervals, edges, density=True, histtype="stepfilled", alpha=0.35, linewidth=1.2,
                  color=_colour(analysis, cell.name), label=f"{cell.name} (n {len(cell.intervals):,})")
    beta = next((cell.generation.tip.beta for cell in analysis.settings if cell.name == analysis.main), np.inf)
    if beta <= edges[-1]:
        axes.axvline(beta, color=COLOURS["ink"], linestyle="--", linewidth=1)
        axes.text(beta, axes.get_ylim()[1], " β", color=COLOURS["ink"], va="top")
    axes.set_xlabel("tokens from one switch to the next")
    axes.set_yticks([])
    _legend(axes)
    return _drawing(sheet, "intervals", "Intervals between switches", "How long a thought lasts before it is left.")


def problem_pairs(analysis: SetAnalysis) -> Drawing | None:
    """Every problem's accuracy under the baseline and under the main setting."""
    sums: dict[str, list[tuple[Sample, ...]]] = {}
    for pair in complete_pairs(analysis.samples, (analysis.baseline.name, analysis.main)):
        sums.setdefault(pair[0].problem, []).append(pair)
    if not sums or not analysis.main or analysis.main == analysis.baseline.name:
        return None
    counted: dict[tuple[float, float], int] = {}
    for pairs in sums.values():
        place = tuple(100 * sum(pair[side].right for pair in pairs) / len(pairs) for side in (0, 1))
        counted[place[0], place[1]] = counted.get((place[0], place[1]), 0) + 1
    sheet, (axes,) = _sheet(4.2)
    axes.plot([0, 100], [0, 100], color=COLOURS["faint"], linewidth=1)
    largest = max(counted.values())
    for (before, after), count in counted.items():
        colour = COLOURS["base" if before == after else "gain" if after > before else "loss"]
        axes.scatter([before], [after], s=20 + 500 * count / largest, color=colour, alpha=0.6, linewidth=0)
        axes.text(before, after, f"{count}", ha="center", va="center", color=COLOURS["ink"], fontsize=7)
    axes.set_xlabel(f"{analysis.baseline.name}: right of a problem's samples, %")
    axes.set_ylabel(f"{analysis.main}, %")
    axes.set_xlim(-8, 108)
    axes.set_ylim(-8, 108)
    axes.set_aspect("equal")
    return _drawing(sheet, "pairs", "Problem by problem", "Every problem under both settings; the figures count "
                                                          "problems. Above the line the setting helps.")
