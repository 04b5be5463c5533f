"""A strategy on attempts that were written long ago: what it would have said, and what that would have cost.

All attempts that run write one token at a time, together. So they end in the order of their tokens, and one that is
cancelled has cost the tokens that it had by then. `Strategy.how` is not asked: what was written stays as it is. So of
`confident`, which ends doubtful attempts early, the cost is that of attempts that were all written to their end.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from localthink.solving.attempts import Attempt
from localthink.solving.strategy import Choice, Strategy


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out. `tokens` are those of all attempts together, `steps` how many tokens were written one after the
    other: the time that it takes where attempts run side by side. `begun` and `ended` count attempts.
    """

    choice: Choice
    tokens: int
    steps: int
    begun: int
    ended: int


@dataclass(slots=True)
class _Running:
    attempt: Attempt
    since: int

    def ends(self, longest: int | None) -> tuple[int, int]:
        """At which step it ends, or is of no use any more; of several at one step the lowest number comes first."""
        tokens = self.attempt.tokens if longest is None else min(self.attempt.tokens, longest)
        return self.since + tokens, self.attempt.number


def replay(strategy: Strategy, attempts: Sequence[Attempt], slots: int | None = None) -> Replayed:
    """Run a strategy over attempts, in the order in which it may begin them; with at most `slots` side by side.

    There are at least as many attempts as the strategy takes.
    """
    if len(attempts) < strategy.n:
        raise ValueError(f"{len(attempts)} attempts are not the {strategy.n} that the strategy may take")
    now = tokens = begun = 0
    running: list[_Running] = []
    ended: list[Attempt] = []
    move = strategy.move(ended)
    while True:
        ending = any(each.ends(move.longest)[0] <= now for each in running)  # in this very step: it may be the last
        most = 0 if move.stop or ending else min(move.begun, strategy.n)
        while begun < most and len(running) < (slots or strategy.n):
            running.append(_Running(attempts[begun], now))
            begun += 1
        if move.stop or not running:
            break
        next_ = min(running, key=lambda each: each.ends(move.longest))
        now = max(now, next_.ends(move.longest)[0])
        running.remove(next_)
        tokens += min(next_.attempt.tokens, now - next_.since)
        if next_.attempt.tokens <= now - next_.since:
            ended.append(next_.attempt)
            move = strategy.move(ended)
    tokens += sum(min(each.attempt.tokens, now - each.since) for each in running)
    return Replayed(strategy.choose(ended), tokens, now, begun, len(ended))
