"""How far two agree about the same units: Cohen's kappa, with an interval, and the table that it comes from.

J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960) 37-46:
kappa = (p_o - p_e) / (1 - p_e), p_o the share on which both say the same, p_e the share on which they would by chance,
each with their own shares of right and wrong. Units of one sample hang together, so the interval draws whole samples.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from localthink.clusters import LEAST, RESAMPLES, SEED, Floats, Interval
from localthink.intervals import wilson
from localthink.label.labels import RATINGS, Rating, Unit

_AT_ONCE = 1_000  # resamples: bounds the memory


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two raters say of the units that both rated.

    `table[i][j]` counts the units to which one gives `RATINGS[i]` and the other `RATINGS[j]`. Whoever is unsure has not
    decided: `decided` counts the units on which both have, `alike` those of them on which they agree, and kappa is of
    these alone. It is None where both say the same of all of them, which chance would too. `interval` is the 95 % one,
    None for fewer than LEAST samples.
    """

    table: tuple[tuple[int, ...], ...]
    samples: int
    decided: int
    alike: int
    kappa: float | None
    interval: Interval | None

    @property
    def units(self) -> int:
        return sum(map(sum, self.table))


def agreement(one: Mapping[Unit, Rating], other: Mapping[Unit, Rating], resamples: int = RESAMPLES) -> Agreement:
    """Of the units that are in both."""
    table = [[0] * len(RATINGS) for _ in RATINGS]
    counts: dict[str, Floats] = {}
    for unit in one.keys() & other.keys():
        row, column = RATINGS.index(one[unit]), RATINGS.index(other[unit])
        table[row][column] += 1
        if "unsure" not in (one[unit], other[unit]):
            counts.setdefault(unit.key, np.zeros((2, 2)))[row, column] += 1
    each = np.array([counts[key] for key in sorted(counts)]).reshape(-1, 2, 2)
    total = each.sum(axis=0)
    kappa = float(kappas(total[None])[0])
    return Agreement(tuple(map(tuple, table)), len(each), int(total.sum()), int(np.trace(total)),
                     None if np.isnan(kappa) else kappa, kappa_interval(each, resamples))


def kappas(tables: Floats) -> Floats:
    """Cohen's kappa of each table of shape [n, c, c]; NaN where chance alone would agree on everything."""
    tables = np.asarray(tables, dtype=np.float64)
    total = tables.sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.trace(tables, axis1=1, axis2=2) / total
        expected = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1) / total**2
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def kappa_interval(each: Floats, resamples: int = RESAMPLES, seed: int = SEED) -> Interval | None:
    """The 95 % interval over samples drawn anew with replacement (percentile bootstrap); `each` has a table for each.

    Resamples whose kappa is not defined are left out. Where both agree on everything a bootstrap would be certain of
    it: there the lower end is that of Wilson's interval of the share of samples without a difference.
    """
    if len(each) < LEAST or np.isnan(whole := float(kappas(each.sum(axis=0)[None])[0])):
        return None
    if whole == 1:
        table = each.sum(axis=0)
        expected = float((table.sum(axis=1) * table.sum(axis=0)).sum() / table.sum() ** 2)
        return max(-1.0, (wilson(len(each), len(each))[0] - expected) / (1 - expected)), 1.0
    rng, drawn = np.random.default_rng(seed), []
    flat = each.reshape(len(each), -1)
    for start in range(0, resamples, _AT_ONCE):
        times = rng.multinomial(len(each), np.full(len(each), 1 / len(each)), min(_AT_ONCE, resamples - start))
        drawn.append(kappas((times @ flat).reshape(-1, 2, 2)))
    low, high = np.nanpercentile(np.concatenate(drawn), [2.5, 97.5])
    return float(low), float(high)

