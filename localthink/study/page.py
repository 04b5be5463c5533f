"""A study's findings as plain text, for a terminal."""
from __future__ import annotations

from collections.abc import Sequence

from localthink.study.analysis import SetAnalysis, points, verdict
from localthink.study.evasion import MEASURES, Evasion
from localthink.study.metrics import CellFigures, Comparison, Figure
from localthink.study.samples import OUTCOMES
from localthink.study.strategies import StrategyFigures
from localthink.study.underthinking import LEAST_JUDGED, LEAST_WRONG, Underthinking
from localthink.text.rows import aligned

NONE = "—"
BAR = 24  # characters of a bar that is full
BLOCKS = " ▏▎▍▌▋▊▉█"
SHOWN_COUNTS = ("tokens", "switches", "paraphrases", "held")


def page(analyses: Sequence[SetAnalysis]) -> str:
    """All sets, one after the other."""
    return "\n\n".join("\n".join(_set(analysis)) for analysis in analyses)


def _set(analysis: SetAnalysis) -> list[str]:
    done = "" if analysis.done else f", {len(analysis.samples):,} of {analysis.wanted:,} samples: not done yet"
    lines = [f"{analysis.model} [{analysis.name}]{done}", f"  {verdict(analysis)}", "", *_accuracy(analysis)]
    if analysis.comparisons:
        lines += ["", *_comparisons(analysis.comparisons)]
    if analysis.strategies:
        lines += ["", *_strategies(analysis.strategies)]
    lines += ["", *_outcomes(analysis.cells), "", *_right_and_wrong(analysis.cells)]
    lines += ["", *aligned([("words and deeds", *measures(analysis.evasion)), *evasion_rows(analysis.evasion)],
                           right=range(1, 9))]
    if analysis.underthinking:
        lines += ["", *_underthinking(analysis)]
    told = source_lines(analysis)
    return [*lines, *([""] if told and not analysis.underthinking else []), *told]


def source_lines(analysis: SetAnalysis) -> list[str]:
    """Who says which thoughts are right, where a figure rests on that or would have."""
    source = analysis.source
    if source is None or not (analysis.underthinking or source.lines or source.why_not):
        return []
    thoughts = [thought.right for sample in analysis.samples for thought in sample.thoughts]
    known = sum(right is not None for right in thoughts)
    told = f"  thoughts judged by {source.name}"
    if source.why_not:
        return [told, f"  no score is made of that: {source.why_not}", *source.lines]
    unscored = [each.name for each in analysis.evasion if each.name not in analysis.underthinking]
    takes = (f"{LEAST_WRONG} responses that are not right, and all their thoughts judged" if source.in_full else
             f"{LEAST_WRONG} responses that are not right, and {100 * LEAST_JUDGED:.0f} % of their thoughts judged")
    silent = [f"  no score of {', '.join(unscored)}: that takes {takes}"] if unscored else []
    return [f"{told}: {known:,} of {len(thoughts):,}", *silent, *_chosen(analysis), *source.lines]


def _chosen(analysis: SetAnalysis) -> list[str]:
    """Which of the responses that are not right are scored, where those are not all."""
    parts = [f"{name} {each.wrong:,} of {each.wrong_in_all:,}" for name, each in analysis.underthinking.items()
             if each.wrong < each.wrong_in_all]
    return [f"  scored of the responses that are not right: {', '.join(parts)}, which are those of which all thoughts "
            "were judged; whoever judged chose them, and nothing says that the others are like them"] if parts else []


def _accuracy(analysis: SetAnalysis) -> list[str]:
    ks = [k for k in analysis.baseline.passed if k > 1 and all(k in cell.passed for cell in analysis.cells)]
    rows: list[tuple[str, ...]] = [
        ("setting", "accuracy", "", "uncut", *SHOWN_COUNTS, *(f"pass@{k}" for k in ks), *(f"maj@{k}" for k in ks))]
    for cell in analysis.cells:
        rows.append((cell.name, share(cell.accuracy), bar(cell.accuracy.value), share(cell.finished, False),
                     *(mean(cell.counts[name]) for name in SHOWN_COUNTS),
                     *(f"{100 * cell.passed[k]:.1f}" for k in ks), *(f"{100 * cell.majority[k]:.1f}" for k in ks)))
    return aligned(rows, right=range(3, len(rows[0])))


def _comparisons(comparisons: Sequence[Comparison]) -> list[str]:
    rows = [(f"against {comparisons[0].baseline}", "accuracy", "tokens", "switches", "only it", "only the other",
             "one text", "parted at a hold", "adjusted p", "")]
    for each in comparisons:
        rows.append((each.name, difference(each.difference), change(each.tokens, 0), change(each.switches, 1),
                     f"{each.gained:,}", f"{each.lost:,}", percent(each.alike), percent(each.at_held),
                     probability(each.adjusted), "*" if each.significant else ""))
    return aligned(rows, right=range(1, 9))


def _strategies(strategies: Sequence[StrategyFigures]) -> list[str]:
    rows = [("strategies, by replay", "", "accuracy", "", "problems", "attempts", "tokens", "of them in a row")]
    for each in strategies:
        rows.append((each.cell, each.written, share(each.accuracy), bar(each.accuracy.value), f"{each.problems:,}",
                     f"{each.begun:.1f} of {each.n}", cost(each.tokens), cost(each.steps)))
    return aligned(rows, right=range(4, 8))


def cost(value: Figure | None) -> str:
    """A mean, or that nobody knows it."""
    return mean(value) if value is not None else NONE


def _outcomes(cells: Sequence[CellFigures]) -> list[str]:
    rows = [("outcomes", *OUTCOMES, "ungraded")]
    rows += [(cell.name, *(percent(cell.outcomes[outcome] / cell.samples) for outcome in OUTCOMES),
              f"{cell.ungraded:,}" if cell.ungraded else NONE) for cell in cells]
    return aligned(rows, right=range(1, len(rows[0])))


def _right_and_wrong(cells: Sequence[CellFigures]) -> list[str]:
    rows: list[tuple[str, ...]] = [("right, not right, levels", "", "samples", "tokens", "thoughts", "switches")]
    for cell in cells:
        for group in cell.groups:
            rows.append((cell.name, group.name, f"{group.figures['tokens'].samples:,}",
                         *(mean(group.figures[name]) for name in ("tokens", "thoughts", "switches"))))
    return aligned(rows, right=range(2, 6))


def measures(settings: Sequence[Evasion]) -> list[str]:
    """The measures that there are, with their units."""
    shares = {measure.name for measure in MEASURES if measure.share}
    return [f"{name}, %" if name in shares else name for name in (settings[0].figures if settings else ())]


def evasion_rows(settings: Sequence[Evasion]) -> list[tuple[str, ...]]:
    """Of each setting its name and measures, and below, of all but the baseline, the differences from it."""
    rows: list[tuple[str, ...]] = []
    scale = {measure.name: 100.0 if measure.share else 1.0 for measure in MEASURES}
    for each in settings:
        rows.append((each.name, *(_scaled(value, scale[name], ",.1f") for name, value in each.figures.items())))
        if each.differences:
            rows.append((f"  less {settings[0].name}",
                         *(_scaled(value, scale[name], "+,.1f") for name, value in each.differences.items())))
    return rows


def _scaled(figure: Figure, scale: float, form: str) -> str:
    if not figure.samples:
        return NONE
    ends = f" [{', '.join(format(scale * end, form) for end in figure.interval)}]" if figure.interval else ""
    return f"{format(scale * figure.value, form)}{ends}".replace("-", "−")


def _underthinking(analysis: SetAnalysis) -> list[str]:
    rows = [("underthinking", "score", "shuffled", "weighted", "wrong", "with a right thought", "wrong under both")]
    for name, each in analysis.underthinking.items():
        both = analysis.common.get(name)
        weighted = NONE if each.weighted is None else f"{100 * each.weighted:.1f}"
        rows.append((name, _score(each), f"{100 * each.null[0]:.1f}", weighted, f"{each.wrong:,}",
                     percent(each.with_right_thought / each.wrong),
                     f"{100 * both[0].score:.1f} → {100 * both[1].score:.1f} (n {both[0].wrong})" if both else NONE))
    return aligned(rows, right=range(1, 7))


def _score(each: Underthinking) -> str:
    return f"{100 * each.score:.1f}" + (f" {_ends(each.interval)}" if each.interval else "")


def _ends(interval: tuple[float, float]) -> str:
    return f"[{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def bar(value: float) -> str:
    """A share as a bar of BAR characters."""
    eighths = round(8 * BAR * max(0.0, min(1.0, value))) if value == value else 0
    return ("█" * (eighths // 8) + BLOCKS[eighths % 8]).rstrip().ljust(BAR)


def share(figure: Figure, interval: bool = True) -> str:
    """82.8 % [80.1, 85.3]."""
    if not figure.samples:
        return NONE
    ends = f" {_ends(figure.interval)}" if interval and figure.interval else ""
    return f"{100 * figure.value:.1f} %{ends}"


def mean(figure: Figure) -> str:
    if not figure.samples:
        return NONE
    return f"{figure.value:,.{0 if abs(figure.value) >= 100 else 1}f}".replace("-", "−")


def difference(figure: Figure) -> str:
    ends = figure.interval
    return points(figure.value, "") + (f" [{points(ends[0], '')}, {points(ends[1], '')}]" if ends else "")


def change(figure: Figure, digits: int) -> str:
    if not figure.samples:
        return NONE
    return f"{figure.value:+,.{digits}f}".replace("-", "−")


def probability(value: float | None) -> str:
    """A p-value; so many permutations do not tell one below 0.001 from another."""
    return NONE if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


def percent(value: float) -> str:
    return NONE if value != value else f"{100 * value:.0f} %"
