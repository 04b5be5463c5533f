"""A report as one HTML file: nothing is loaded from anywhere, and it reads on paper, on a phone, light and dark."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from localthink.batch.export_files import exporting
from localthink.batch.ledger import make_folder
from localthink.batch.manifest import now, write_json
from localthink.study import page
from localthink.study.analysis import SetAnalysis, points, verdict
from localthink.study.folder import FIGURES, VERDICT
from localthink.study.metrics import parting
from localthink.study.reported import Pair, Reported
from localthink.study.samples import OUTCOMES
from localthink.study.strategies import StrategyFigures
from localthink.study.svg import Drawing, palette, standalone
from localthink.text.visible import visible

TEMPLATE = "report.html.jinja"
KINDS = {"lost": "only the baseline solves it", "gained": "only the setting solves it", "neither": "neither solves it",
         "both": "both solve it"}


@dataclass(frozen=True, slots=True)
class Block:
    """A thought, or the answer, as the page shows it: `kind` is its colour, `notes` stand above it."""

    kind: str
    notes: str
    text: str


@dataclass(frozen=True, slots=True)
class Side:
    title: str
    outcome: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class PairView:
    title: str
    question: str
    sides: tuple[Side, Side]


def write_report(reported: Reported, target: Path) -> None:
    """The report as one HTML file, its figures beside it as SVG files, and in a study's own folder its verdict as JSON.

    Raises UsageError without matplotlib.
    """
    from localthink.study.figures import drawings

    drawn = [drawings(analysis) for analysis in reported.analyses]
    made = now()
    _write(target, html(reported, drawn, made))
    if target == reported.target and reported.analyses:  # the last of its sets is the test
        write_json(target.parent / VERDICT, {"verdict": verdict(reported.analyses[-1]), "made": made})
    for analysis, figures in zip(reported.analyses, drawn, strict=True):
        for figure in figures:
            _write(target.parent / FIGURES / f"{analysis.model}-{analysis.name}-{figure.name}.svg",
                   standalone(figure.svg))


def _write(target: Path, text: str) -> None:
    make_folder(target.parent)
    with exporting(target) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def html(reported: Reported, drawn: Sequence[Sequence[Drawing]], made: str) -> str:
    """The whole page; `drawn` has the figures of each analysis, `made` is when."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True,
                                     undefined=jinja2.StrictUndefined)
    text = (resources.files("localthink.study") / TEMPLATE).read_text(encoding="utf-8")
    sets = [_set(analysis, figures, pairs) for analysis, figures, pairs in
            zip(reported.analyses, drawn, reported.pairs, strict=True)]
    return environment.from_string(text).render(reported=reported, sets=sets, made=made, palette=palette(),
                                                outcomes=OUTCOMES)


def _set(analysis: SetAnalysis, figures: Sequence[Drawing], pairs: Sequence[Pair]) -> dict[str, Any]:
    main = analysis.comparison(analysis.main)
    state = "none" if main is None or not main.significant else "gain" if main.difference.value > 0 else "loss"
    return {"analysis": analysis, "verdict": verdict(analysis), "state": state, "figures": figures,
            "cells": [_cell(cell) for cell in analysis.cells],
            "comparisons": [_comparison(each) for each in analysis.comparisons],
            "measures": page.measures(analysis.evasion), "evasion": page.evasion_rows(analysis.evasion),
            "strategies": [_strategy(each) for each in analysis.strategies],
            "pairs": [pair_view(pair) for pair in pairs], "source": page.source_lines(analysis)}


def _cell(cell: Any) -> dict[str, Any]:
    shown = {name: page.mean(cell.counts[name]) for name in page.SHOWN_COUNTS}
    return {"name": cell.name, "accuracy": page.share(cell.accuracy), "uncut": page.share(cell.finished, False),
            "samples": f"{cell.samples:,}", "problems": f"{cell.problems:,}", "counts": shown,
            "ungraded": cell.ungraded,
            "passed": {k: f"{100 * value:.1f}" for k, value in cell.passed.items() if k > 1},
            "majority": {k: f"{100 * value:.1f}" for k, value in cell.majority.items() if k > 1}}


def _comparison(each: Any) -> dict[str, str]:
    return {"name": each.name, "difference": page.difference(each.difference), "tokens": page.change(each.tokens, 0),
            "switches": page.change(each.switches, 1), "gained": f"{each.gained:,}", "lost": f"{each.lost:,}",
            "alike": page.percent(each.alike), "at_held": page.percent(each.at_held),
            "seen": points(each.seen).lstrip("+") if each.seen is not None else page.NONE,
            "adjusted": page.probability(each.adjusted),
            "significant": "yes" if each.significant else "no"}


def _strategy(each: StrategyFigures) -> dict[str, str]:
    return {"cell": each.cell, "name": each.written, "accuracy": page.share(each.accuracy),
            "problems": f"{each.problems:,}", "begun": f"{each.begun:.1f} of {each.n}",
            "tokens": page.cost(each.tokens), "steps": page.cost(each.steps)}


def pair_view(pair: Pair) -> PairView:
    """A pair as the page shows it, side by side, with the thought marked in which they part."""
    place = parting(*pair.samples)
    left, right = (_side(result, sample, place) for result, sample in
                   zip((pair.left, pair.right), pair.samples, strict=True))
    return PairView(f"{pair.problem}: {KINDS[pair.kind]}", visible(pair.left["question"]), (left, right))


def _side(result: Any, sample: Any, place: int | None) -> Side:
    blocks = []
    for thought, span in zip(result["thoughts"], sample.thoughts, strict=True):
        notes = [f"thought {thought['index'] + 1}, {thought['tokens']:,} tokens"]
        if span.right is not None:
            notes.append("can lead on" if span.right else "a dead end")
        if span.held:
            notes.append(f"⊘ {span.held} held" if span.held > 0 else f"{-span.held} invited")
        if place is not None and span.start <= place < span.end:
            notes.append("the two part here")
        kind = "unknown" if span.right is None else "right" if span.right else "wrong"
        blocks.append(Block(kind, " · ".join(notes), visible(thought["text"]).strip()))
    blocks.append(Block("answer", "answer", visible(result["answer"]).strip() or "(none)"))
    return Side(sample.cell, f"{sample.outcome}, {sample.tokens:,} tokens, seed {sample.seed}", tuple(blocks))
