"""Attempts that were written long ago: the results of a run, problem by problem."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localthink.batch.export_files import checked_results
from localthink.errors import UsageError
from localthink.judge.interface import Judge
from localthink.solving.attempts import Attempt, attempt_of
from localthink.solving.judging import cases_to_judge
from localthink.solving.replay import Replayed, replay
from localthink.solving.strategy import Judged, Strategy


@dataclass(frozen=True, slots=True)
class Pool:
    """The attempts at one problem, by their numbers, and the numbers of those that are right."""

    problem: str
    attempts: tuple[Attempt, ...]
    right: frozenset[int]
    results: tuple[Mapping[str, Any], ...]

    def with_judged(self, judged: Mapping[int, tuple[float | None, ...]]) -> Pool:
        """The same with what a verifier says of each attempt, by its number."""
        return replace(self, attempts=tuple(replace(attempt, judged=judged[attempt.number])
                                            for attempt in self.attempts))

    def replay(self, strategy: Strategy, start: int = 0) -> tuple[Replayed, bool]:
        """What a strategy makes of the attempts, begun with the one at `start`, and whether that is right.

        Another start is another order, and with a strategy that takes fewer than there are, other attempts.
        """
        order = (*self.attempts[start:], *self.attempts[:start])
        replayed = replay(strategy, [replace(attempt, number=place) for place, attempt in enumerate(order)])
        winner = replayed.choice.winner
        return replayed, winner is not None and order[winner.number].number in self.right


def read_pools(results: Path) -> list[Pool]:
    """The problems of a run. Raises UsageError for a file that is none, or whose samples were not graded."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for result in checked_results(results):
        if "correct" not in result:
            raise UsageError(f"the result {result['key']} was not graded: take problems with known answers")
        found.setdefault(str(result["id"]), []).append(result)
    return [pool_of(problem, own) for problem, own in found.items()]


def pool_of(problem: str, results: Sequence[Mapping[str, Any]]) -> Pool:
    ordered = sorted(results, key=lambda result: result["sample"])
    return Pool(problem, tuple(map(attempt_of, ordered)),
                frozenset(result["sample"] for result in ordered if result["correct"]), tuple(ordered))


def judge_pools(pools: Sequence[Pool], judge: Judge, what: Judged) -> list[Pool]:
    """The same with what a judge says of each attempt that has an answer; all of them are asked at once."""
    cases = {(pool.problem, attempt.number): cases_to_judge(result, what)
             for pool in pools for attempt, result in zip(pool.attempts, pool.results, strict=True)
             if attempt.said is not None}
    said = iter(judge.judge([case for own in cases.values() for case in own]))
    said_of = {key: tuple(next(said).probability for _ in own) for key, own in cases.items()}
    return [pool.with_judged({attempt.number: said_of.get((pool.problem, attempt.number), ())
                              for attempt in pool.attempts}) for pool in pools]


