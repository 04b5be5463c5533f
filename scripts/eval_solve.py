#!/usr/bin/env python3
"""Measure strategies of many attempts: how often each is right, at how many tokens, and how good a judge has to be.

    python scripts/eval_solve.py countdown --out POOLS --figures docs            # with the oracle and simulated judges
    python scripts/eval_solve.py gsm8k MODEL.gguf gsm8k_test.jsonl --out RUN_DIR # real weights that judge themselves
    python scripts/eval_solve.py pool RUN_DIR                                    # any run with several samples

Attempts are written once, by `localthink run`, and every strategy is replayed over them with every attempt as the first
once. Tokens are those of the attempts: what a judge reads and writes is not counted. All of it goes on where it
stopped.

An attempt that gives a puzzle up says nothing, and the bundled model hardly ever boxes what is wrong. So how good a
judge has to be is measured with giving up as one more answer, which is wrong: a model that errs often in one way.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from countdown_traces import held_out
from localthink.grade.grading import Grader
from localthink.judge.oracle import Oracle
from localthink.solving.catalogue import read_strategy
from localthink.solving.judging import kinds_judged
from localthink.solving.pool import Pool, judge_pools, read_pools
from localthink.solving.strategy import Judged
from localthink.study.strategies import StrategyFigures, strategy_figures
from solve_coverage import coverage
from solve_judges import Kept, erring, with_giving_up

SETTINGS = {"plain": ("0", "600"), "held": ("3", "40")}  # alpha and beta of the pools of puzzles
ACCURACIES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5)
FREE = ("single", "consensus", "confident:warm-up=4", "shortest", "short-3")
LEAST = {"single": 1, "confident:warm-up=4": 5, "short-3": 4}  # attempts; of the others 2
VERIFIED: dict[str, Judged] = {"best": "answer", "best:take=votes": "answer", "steps:by=product": "steps",
                               "steps:by=min": "steps", "steps:by=last": "steps"}
SHOWN_STEPS = "steps:by=product"
CURVES = ("best 100 %", *(f"{name} {share} %" for share in (90, 80, 70) for name in ("best", SHOWN_STEPS)))
ALIKE = ", one error an attempt"  # where a judge errs on all of an attempt or on nothing
TOKENS, IN_A_ROW = (400, 800, 1600), (160, 230, 300)  # that are compared: of all attempts, and one after the other
GSM8K_ASKS = r"Please reason step by step, and put your final answer within \boxed{}."
MOST_TOKENS = 400  # of an answer to GSM8K, as in eval_real


@dataclass(frozen=True)
class Row:
    """A strategy on a pool; `judge` says who verified, where somebody did."""

    judge: str
    figures: StrategyFigures

    def cells(self) -> list[str]:
        figures = self.figures
        ends = figures.accuracy.interval
        interval = f" [{100 * ends[0]:.1f}, {100 * ends[1]:.1f}]" if ends else ""
        costs = [f"{cost.value:,.0f}" if cost else "—" for cost in (figures.tokens, figures.steps)]
        return [figures.written, self.judge, f"{figures.n}", f"{100 * figures.accuracy.value:.1f}{interval}",
                f"{figures.begun:.1f}", *costs]


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    head = ["strategy", "verified by", "n", "right, %", "attempts", "tokens", "in a row"]
    lines = [head, *(row.cells() for row in rows)]
    return markdown(lines)


def measured(pools: Sequence[Pool], name: str, n: int, judge: str = "") -> Row | None:
    """None where no strategy of that name takes so few attempts, or nobody measured what it needs."""
    unmeasured = any(attempt.confidence is None for pool in pools for attempt in pool.attempts)
    if n < LEAST.get(name, 2) or (name == "confident:warm-up=4" and unmeasured):
        return None
    enough = [pool for pool in pools if len(pool.attempts) >= n]
    return Row(judge, strategy_figures("", name, read_strategy(name, n), enough))


def markdown(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rest))


def countdown(out: Path, figures: Path | None, puzzles: int, samples: int) -> None:
    """Both pools of puzzles, a table of each, and the figures."""
    out.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, list[Row]]] = {}
    judged: dict[str, dict[str, list[Row]]] = {}
    for setting, (alpha, beta) in SETTINGS.items():
        write_puzzles(out / "puzzles.jsonl", puzzles)
        run(out / "puzzles.jsonl", out / setting, "countdown", samples, "--max-tokens", "600", "--alpha", alpha,
            "--beta", beta, "--control", "confidence:least=0,group=32")
        pools = read_pools(out / setting / "results.jsonl")
        found[setting] = rows = by_judge(pools, samples, (1.0,))
        judged[setting] = erred = by_judge([with_giving_up(pool) for pool in pools], samples)
        print(f"\n## {setting}: alpha {alpha}, beta {beta}, {len(pools)} puzzles, {samples} samples\n")
        print(table([rows[name][-1] for name in (*FREE, "best 100 %")]))
        for each in (coverage(pools, samples), at_equal(rows, "tokens", TOKENS), at_equal(rows, "steps", IN_A_ROW),
                     "### with giving up as an answer", table([erred[name][-1] for name in (*FREE, "best 100 %")]),
                     by_accuracy(erred), by_accuracy(erred, ALIKE), coverage(list(map(with_giving_up, pools)), samples),
                     at_equal(erred, "tokens", TOKENS)):
            print(f"\n{each}", flush=True)
    if figures is not None:
        draw_costs(found, figures)
        draw_judges(judged, figures)


def write_puzzles(path: Path, count: int) -> None:
    lines = [{"id": f"p{place}", "question": puzzle.question, "numbers": puzzle.numbers, "target": puzzle.target}
             for place, puzzle in enumerate(held_out("test", count))]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def run(source: Path, folder: Path, model: str, samples: int, *options: str) -> None:
    subprocess.run([sys.executable, "-m", "localthink", "run", str(source), "-m", model, "-o", str(folder), "-n",
                    str(samples), "--quiet", *options], check=True)


def by_judge(pools: Sequence[Pool], samples: int,
             accuracies: Sequence[float] = ACCURACIES) -> dict[str, list[Row]]:
    """By strategy and judge, a row for every n that is a power of two; for most judges the largest n alone."""
    counts = [2**power for power in range(samples.bit_length()) if 2**power <= samples]
    found = {name: _rows(pools, name, counts, "") for name in FREE}
    with Grader() as grader:
        known = {what: judge_pools(pools, Oracle(grader), what) for what in set(VERIFIED.values())}
    for accuracy in accuracies:
        for alike in (False, True):
            judge = f"{100 * accuracy:g} %{ALIKE if alike else ''}"
            seen = {what: [erring(pool, accuracy, alike) for pool in judged] for what, judged in known.items()}
            for name, what in VERIFIED.items():
                full = f"{name} {judge}"
                found[full] = _rows(seen[what], name, counts if full in CURVES else counts[-1:], judge)
    return found


def _rows(pools: Sequence[Pool], name: str, counts: Sequence[int], judge: str) -> list[Row]:
    return [row for n in counts if (row := measured(pools, name, n, judge)) is not None]


def by_accuracy(found: dict[str, list[Row]], errs: str = "") -> str:
    """How often each strategy that is verified is right with all attempts, by the accuracy of a judge that errs so."""
    judges = [f"{100 * accuracy:g} %" for accuracy in ACCURACIES]
    lines = [[f"judge is right{errs}", *judges]]
    lines += [[name, *(f"{100 * found[f'{name} {judge}{errs}'][-1].figures.accuracy.value:.1f}" for judge in judges)]
              for name in VERIFIED]
    return markdown(lines)


def at_equal(found: dict[str, list[Row]], what: str, budgets: Sequence[int]) -> str:
    """How often each strategy is right, with the largest n that takes no more than a budget of tokens, or of time."""
    names = [name for name in (*FREE, *CURVES)
             if name in found and "80 %" not in name and not name.startswith("confident")]
    lines = [["tokens" if what == "tokens" else "tokens in a row", *(f"at most {budget:,}" for budget in budgets)]]
    for name in names:
        cells = []
        for budget in budgets:
            within = [row.figures for row in found[name] if getattr(row.figures, what).value <= budget]
            cells.append(f"{100 * within[-1].accuracy.value:.1f} (n {within[-1].n})" if within else "—")
        lines.append([name, *cells])
    return markdown(lines)


def draw_costs(found: dict[str, dict[str, list[Row]]], folder: Path) -> None:
    """Accuracy against tokens, and against time; one SVG of each, a panel for each pool."""
    from matplotlib.figure import Figure

    shown = {**{name: name for name in FREE if not name.startswith("confident")}, "best 100 %": "best, exact"}
    for what, label in (("tokens", "tokens of all attempts"), ("steps", "tokens in a row: the time side by side")):
        sheet = Figure(figsize=(8.4, 3.6), layout="constrained")
        panels = sheet.subplots(1, len(found), sharey=True, squeeze=False)[0]
        for axes, (setting, rows) in zip(panels, found.items(), strict=True):
            for name, title in shown.items():
                points = [(getattr(row.figures, what).value, 100 * row.figures.accuracy.value) for row in rows[name]]
                axes.plot(*np.array(points).T, "o-", markersize=3, linewidth=1, label=title)
            axes.set_title(f"alpha {SETTINGS[setting][0]}", fontsize=9)
            axes.set_xlabel(label)
        panels[0].set_ylabel("right, %")
        sheet.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False,
                     fontsize=8)
        save(sheet, folder / f"solve-{what}.svg")


def draw_judges(found: dict[str, dict[str, list[Row]]], folder: Path) -> None:
    """Accuracy against that of the judge, with giving up as an answer."""
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(8.4, 3.4), layout="constrained")
    panels = sheet.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for axes, (setting, rows) in zip(panels, found.items(), strict=True):
        for name, errs, title in (("best", "", "best"), ("steps:by=min", "", "steps, by=min, independent errors"),
                                  ("steps:by=min", ALIKE, "steps, by=min, one error an attempt"),
                                  (SHOWN_STEPS, "", "steps, by=product, independent errors")):
            values = [100 * rows[f"{name} {100 * accuracy:g} %{errs}"][-1].figures.accuracy.value
                      for accuracy in ACCURACIES]
            axes.plot([100 * accuracy for accuracy in ACCURACIES], values, "o-", markersize=3, label=title)
        for name, style in (("consensus", "--"), ("single", ":"), ("shortest", "-.")):
            axes.axhline(100 * rows[name][-1].figures.accuracy.value, linestyle=style, color="0.5", label=name)
        axes.set_title(f"alpha {SETTINGS[setting][0]}", fontsize=9)
        axes.set_xlabel("the judge is right, %")
    panels[0].set_ylabel("right, %")
    sheet.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    save(sheet, folder / "solve-judge.svg")


def save(sheet: object, path: Path) -> None:
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "localthink", "svg.fonttype": "none"}):
        sheet.savefig(path, metadata={"Date": None, "Creator": None})  # type: ignore[attr-defined]
    print(f"drawn {path}")


def exactly_judged(pool: Pool) -> Pool:
    """The pool with attempts that are judged by what is known of the right answer."""
    return pool.with_judged({attempt.number: (float(attempt.number in pool.right),) for attempt in pool.attempts})


def pool(folder: Path) -> None:
    """The table of a run, with its own judgements where it has some, and the known answers as what could be had."""
    pools, kept = read_pools(folder / "results.jsonl"), Kept(folder)
    n = max(len(pool.attempts) for pool in pools)
    pools = [pool for pool in pools if len(pool.attempts) == n]  # of a run that was stopped, what is whole
    exact = [exactly_judged(pool) for pool in pools]
    rows = [row for name in FREE if (row := measured(pools, name, n)) is not None]
    for name, what in VERIFIED.items():
        if kept.kinds.issuperset(kinds_judged(what)):
            rows += _rows(judge_pools(pools, kept, what), name, [n], kept.name)
    rows += [row for row in [measured(exact, "best", n, "the known answer")] if row is not None]
    print(f"{len(pools)} problems, {n} samples\n\n{table(rows)}")


def gsm8k(model: str, questions: Path, out: Path, count: int, samples: int) -> None:
    """Attempts, then what the model itself says of the answers and of their steps, then the table."""
    run(questions, out, model, samples, "--limit", str(count), "--max-tokens", str(MOST_TOKENS), "--alpha", "0",
        "--seed", "1", "--append", GSM8K_ASKS)
    pool(out)
    for kind in ("answer", "step"):
        subprocess.run([sys.executable, "-m", "localthink", "judge", str(out), "-m", model, "--kind", kind], check=True)
    pool(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="what", required=True)
    puzzles = commands.add_parser("countdown")
    puzzles.add_argument("--out", type=Path, required=True, help="folder of the pools")
    puzzles.add_argument("--figures", type=Path, help="folder of the SVG files")
    puzzles.add_argument("--puzzles", type=int, default=150)
    puzzles.add_argument("--samples", type=int, default=16)
    real = commands.add_parser("gsm8k")
    real.add_argument("model")
    real.add_argument("questions", type=Path)
    real.add_argument("--out", type=Path, required=True, help="folder of the run")
    real.add_argument("--count", type=int, default=40)
    real.add_argument("--samples", type=int, default=8)
    commands.add_parser("pool").add_argument("run", type=Path)
    given = parser.parse_args()
    if given.what == "countdown":
        countdown(given.out, given.figures, given.puzzles, given.samples)
    elif given.what == "gsm8k":
        gsm8k(given.model, given.questions, given.out, given.count, given.samples)
    else:
        pool(given.run)


if __name__ == "__main__":
    main()
