"""What strategies of many attempts make of the samples of a setting, by replay: how often right, at which cost."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from localthink.batch.export_files import checked_results
from localthink.errors import UsageError
from localthink.solving.catalogue import read_strategy
from localthink.solving.confident import Confident
from localthink.solving.pool import Pool, pool_of
from localthink.solving.strategy import Strategy
from localthink.study.metrics import Figure
from localthink.study.samples import CELL, PROBLEM
from localthink.study.statistics import mean_interval, share_interval


@dataclass(frozen=True, slots=True)
class StrategyFigures:
    """One strategy, called as it was `written`, with the samples of one setting.

    `accuracy` is over problems. `tokens` are those of all its attempts together, `steps` how many are written one after
    the other where attempts run side by side; both are means over problems, as is `begun`, which counts attempts.
    Both are None of a strategy that ends attempts early by what they write: a replay cannot know its cost.
    """

    cell: str
    written: str
    n: int
    problems: int
    accuracy: Figure
    tokens: Figure | None
    steps: Figure | None
    begun: float


def read_strategies(written: Sequence[str], samples: int, where: str) -> tuple[tuple[str, Strategy], ...]:
    """Strategies by their names, over as many attempts as a problem has samples. Raises UsageError for what cannot be.

    A study has no verifier. By the known answers `best` would be pass@n, which its report has already.
    """
    found: list[tuple[str, Strategy]] = []
    for name in written:
        strategy = read_strategy(name, usual=samples)
        if strategy.judges:
            raise UsageError(f"{where} strategies has {name!r}, which takes a verifier, and a study has none: leave it "
                             "out; with the known answers for one, best is pass@n")
        if strategy.n > samples:
            raise UsageError(f"{where} strategies has {name!r}, which takes {strategy.n} attempts, and a problem has "
                             f"{samples} samples: give more samples, or fewer attempts")
        if name in (other for other, _ in found):
            raise UsageError(f"{where} strategies has {name!r} twice: give it once")
        found.append((name, strategy))
    return tuple(found)


def replayed(results: Path, strategies: Sequence[tuple[str, Strategy]],
             order: Sequence[str] = ()) -> tuple[StrategyFigures, ...]:
    """The figures of every setting in the results of a run, in this `order`, its strategies in theirs.

    Of a problem with too few samples so far nothing is said, nor of votes by confidence where nobody measured it.
    """
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for result in checked_results(results) if strategies else ():
        item = result["item"]
        if CELL in item and PROBLEM in item:
            found.setdefault(str(item[CELL]), {}).setdefault(str(item[PROBLEM]), []).append(result)
    figures = []
    places = {cell: place for place, cell in enumerate(order)}
    for cell, problems in sorted(found.items(), key=lambda each: places.get(each[0], len(places))):
        pools = [pool_of(problem, own) for problem, own in problems.items()]
        for written, strategy in strategies:
            enough = [pool for pool in pools if len(pool.attempts) >= strategy.n]
            if enough and not (isinstance(strategy, Confident) and not _measured(enough)):
                figures.append(strategy_figures(cell, written, strategy, enough))
    return tuple(figures)


def strategy_figures(cell: str, written: str, strategy: Strategy, pools: Sequence[Pool]) -> StrategyFigures:
    """Over pools with enough attempts; every attempt of a problem is the first once, so that none decides alone."""
    rows = []
    for pool in pools:
        runs = [pool.replay(strategy, start) for start in range(len(pool.attempts))]
        rows.append([np.mean(values) for values in zip(
            *((right, run.tokens, run.steps, run.begun) for run, right in runs), strict=True)])
    right, tokens, steps, begun = np.array(rows).T
    known = not isinstance(strategy, Confident)
    return StrategyFigures(
        cell, written, strategy.n, len(pools), Figure(float(right.mean()), share_interval(right), len(pools)),
        Figure(float(tokens.mean()), mean_interval(tokens), len(pools)) if known else None,
        Figure(float(steps.mean()), mean_interval(steps), len(pools)) if known else None, float(begun.mean()))


def _measured(pools: Sequence[Pool]) -> bool:
    return all(attempt.confidence is not None for pool in pools for attempt in pool.attempts)
