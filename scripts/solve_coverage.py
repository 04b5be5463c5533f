"""Whether consensus is right about how sure it is, by attempts that it did not look at."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from localthink.solving.attempts import Attempt
from localthink.solving.consensus import Consensus
from localthink.solving.pool import Pool
from localthink.solving.votes import grouped
from localthink.study.statistics import share_interval


def coverage(pools: Sequence[Pool], n: int) -> str:
    """How often the answer with which consensus stopped as sure enough is the most frequent one: of all attempts at the
    puzzle, and of those that it had not looked at, where half a point is a draw.
    """
    strategy = Consensus(n)
    rows = []
    for pool in pools:
        stops = [_stop(strategy, pool.turned(start).attempts) for start in range(len(pool.attempts))]
        if (safe := np.array([stop for stop in stops if stop is not None])).size:
            rows.append([values[~np.isnan(values)].mean() if not np.isnan(values).all() else np.nan
                         for values in safe.T])
    said, most, unseen = np.array(rows).T
    shares = [f"{100 * each.mean():.1f} [{', '.join(f'{100 * end:.1f}' for end in share_interval(each) or ())}]"
              for each in (most, unseen[~np.isnan(unseen)])]
    return (f"consensus stopped as sure on {len(rows)} of {len(pools)} puzzles: it said {100 * said.mean():.1f} %; the "
            f"most frequent of all attempts in {shares[0]} %, of those it had not seen in {shares[1]} %")


def _stop(strategy: Consensus, attempts: Sequence[Attempt]) -> tuple[float, float, float] | None:
    """What it said, whether that held of all attempts, and whether it held of those it had not seen; None where it
    never was sure enough."""
    count = next(count for count in range(strategy.n + 1) if strategy.move(attempts[:count]).stop)
    choice = strategy.choose(attempts[:count])
    if choice.winner is None or choice.winner.said is None or choice.sure is None or choice.sure < strategy.sure:
        return None
    held = []
    for among in (attempts, attempts[count:]):
        votes = {group.said.key: group.votes for group in grouped(among)}
        own = votes.pop(choice.winner.said.key, 0)
        other = max(votes.values(), default=0)
        held.append(float("nan") if own == other == 0 else float(own > other) + 0.5 * (own == other))
    return choice.sure, held[0], held[1]
