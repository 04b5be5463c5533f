"""Which puzzle is shown, and that all that were looked at are counted."""
from __future__ import annotations

import pytest

from choose_demo import LEAST_HELD, MOST_TOKENS, Compared, measured
from countdown_traces import Puzzle
from localthink.records import Sampling, Tip, Trace

PUZZLE = Puzzle((3, 5, 12), 57)
RIGHT, WRONG = r"\boxed{12 * 5 - 3}", "I found no way."


def compared(seed: int, left: str, right: str, held: int = LEAST_HELD, tokens: int = 100) -> Compared:
    traces = [Trace(0, seed, 10, (1,) * tokens, "", answer, "stop", (), 0, held, Sampling(), Tip(), 1.0, 0.0, 0.0)
              for answer in (left, right)]
    return Compared(PUZZLE, seed, (traces[0], traces[1]))


def test_the_first_that_the_penalty_alone_solves_is_shown_and_all_are_counted():
    looked_at = [compared(1, RIGHT, RIGHT), compared(2, WRONG, RIGHT, held=LEAST_HELD - 1), compared(3, RIGHT, WRONG),
                 compared(4, WRONG, RIGHT, tokens=MOST_TOKENS + 1), compared(5, WRONG, RIGHT),
                 compared(6, WRONG, RIGHT), compared(7, WRONG, WRONG)]
    result = measured(looked_at, Tip(3, 40))
    assert (result["seed"], result["alpha"], result["beta"], result["puzzles"]) == (5, 3, 40, 7)
    assert result["solved"] == {"both": 1, "only_without": 1, "only_with": 4, "neither": 1}


def test_where_none_can_be_shown_nothing_is_written():
    with pytest.raises(SystemExit, match="none of 1 puzzles"):
        measured([compared(1, RIGHT, RIGHT)], Tip(3, 40))
