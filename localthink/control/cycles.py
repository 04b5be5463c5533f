"""Finds text that goes round in a circle, token by token: exact cycles, and those in which a few tokens change.

Pure. A sequence x goes round with period p where x[t] = x[t - p] nearly always. Periods to look at come from the last
place at which the latest GRAM tokens stood; each is then followed by a score

    s <- s + 1 where x[t] = x[t - p], else s - MISS, and forgotten below 0

which grows as long as more than MISS / (MISS + 1) of the tokens agree. `rounds` rounds are there once it has grown to
(rounds - 1) p: the first round is compared with nothing. Short periods have to go on for longer: a line of dashes, a
long number or the rows of a table repeat themselves as well. A token costs at most FOLLOWED comparisons and one
look-up.
"""
from __future__ import annotations

from typing import NamedTuple

LONGEST = 500  # tokens of a period
GRAM = 6  # tokens that have to stand somewhere before, for the distance to be a period to look at
MISS = 9.0  # what a token that differs costs: fewer than one token in ten may change from round to round
FOLLOWED = 4  # periods that are followed at once
TIDY = 4 * LONGEST  # places that are remembered


class Cycle(NamedTuple):
    """A period in tokens, how many rounds of it there are by now, and the share of tokens that came again."""

    period: int
    rounds: float
    alike: float


class _Followed:
    __slots__ = ("alike", "period", "score", "seen")

    def __init__(self, period: int) -> None:
        self.period, self.score, self.alike, self.seen = period, float(GRAM), GRAM, GRAM


class CycleFinder:
    """Told of one token after the other. `rounds` and `least` (tokens that came again) are what a cycle takes."""

    def __init__(self, rounds: int = 3, least: int = 120) -> None:
        self.rounds, self._least = rounds, least
        self.tokens: list[int] = []
        self._places: dict[tuple[int, ...], int] = {}  # where the latest grams ended
        self._followed: list[_Followed] = []

    def add(self, token: int) -> Cycle | None:
        """Take in a token; the cycle that is complete with it, if any."""
        tokens, found = self.tokens, None
        place = len(tokens)
        tokens.append(token)
        for each in self._followed:
            each.seen += 1
            if tokens[place - each.period] == token:
                each.alike += 1
                each.score += 1
                if each.score >= self._least and each.score >= (self.rounds - 1) * each.period:
                    found = each
            else:
                each.score -= MISS
                if each.score <= 0:
                    self._followed = [one for one in self._followed if one is not each]
        gram = tuple(tokens[-GRAM:])
        before = self._places.get(gram)
        self._places[gram] = place
        if before is not None and place - before <= LONGEST:
            self._follow(place - before)
        if len(self._places) > TIDY:
            self._places = {gram: last for gram, last in self._places.items() if last > place - LONGEST}
        return None if found is None else Cycle(found.period, 1 + found.seen / found.period, found.alike / found.seen)

    def _follow(self, period: int) -> None:
        followed = self._followed
        if any(each.period == period for each in followed):
            return
        if len(followed) < FOLLOWED:
            followed.append(_Followed(period))
        else:
            weakest = min(followed, key=lambda each: each.score)
            if weakest.score < 2 * GRAM:
                followed[followed.index(weakest)] = _Followed(period)

    def forget(self) -> None:
        """Begin to count anew; what was written stays known."""
        self._followed = []

    def follows(self, period: int) -> int:
        """How many of the latest tokens are those of one period before, 8 at most."""
        tokens, count = self.tokens, 0
        while count < 8 and len(tokens) > period + count and tokens[-1 - count] == tokens[-1 - count - period]:
            count += 1
        return count
