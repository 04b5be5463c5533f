"""Attempts of a run, in another order."""
from __future__ import annotations

from localthink.solving.pool import Pool
from solving.making import attempt


def test_turned_they_are_the_same_attempts_and_those_that_are_right_stay_right():
    pool = Pool("p", tuple(attempt(n, str(n), 5 + n) for n in range(4)), frozenset({0, 3}), ({}, {}, {}, {}))
    turned = pool.turned(3)
    assert [each.said.text for each in turned.attempts] == ["3", "0", "1", "2"]
    assert [each.number for each in turned.attempts] == [0, 1, 2, 3]
    assert turned.right == {0, 1}
