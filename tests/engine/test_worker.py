"""Orders as they reach the engine's thread: all wait their turn, and one that gives a sample up ends the step."""
from __future__ import annotations

from typing import cast

import pytest

from localthink.engine.engine import Engine
from localthink.engine.messages import Ask, Cancel, Count, Order, Steer
from localthink.engine.worker import Worker
from localthink.records import Message, Tip

QUESTION = (Message("user", "x"),)


class Interrupted:
    """An engine of which only this can be seen."""

    def __init__(self) -> None:
        self.times = 0

    def interrupt(self, wanted: bool = True) -> None:
        self.times += wanted


@pytest.mark.parametrize(("order", "times"), [(Cancel(1), 1), (Steer(1, Tip()), 0), (Count(1, QUESTION), 0),
                                              (Ask(1, QUESTION), 0)])
def test_only_giving_up_ends_the_step_under_way(order: Order, times: int):
    worker, engine = Worker(None), Interrupted()  # type: ignore[arg-type]
    worker._engine = cast(Engine, engine)
    worker.tell(order)
    assert engine.times == times and worker._inbox.get_nowait() == order


def test_before_there_is_an_engine_nothing_is_interrupted():
    worker = Worker(None)  # type: ignore[arg-type]
    worker.tell(Cancel(1))
    assert worker._inbox.get_nowait() == Cancel(1)
