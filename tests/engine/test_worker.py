"""Orders as they reach the engine's thread: all wait their turn, and one that gives a sample up may end the step."""
from __future__ import annotations

from typing import cast

import pytest

from localthink.engine.engine import Engine
from localthink.engine.messages import Ask, Cancel, Count, Order, Steer
from localthink.engine.worker import Worker
from localthink.records import Message, Tip

QUESTION = (Message("user", "x"),)


class Watched:
    """An engine of which only this can be seen."""

    def __init__(self) -> None:
        self.given_up: list[int] = []

    def give_up(self, request: int) -> None:
        self.given_up.append(request)


@pytest.mark.parametrize(("order", "given_up"), [
    (Cancel(1), [11]), (Cancel(2), []), (Steer(1, Tip()), []), (Count(1, QUESTION), []), (Ask(1, QUESTION), [])])
def test_only_giving_up_what_is_asked_may_end_the_step_under_way(order: Order, given_up: list[int]):
    worker, engine = Worker(None), Watched()  # type: ignore[arg-type]
    worker._engine, worker._requests = cast(Engine, engine), {1: 11}
    worker.tell(order)
    assert engine.given_up == given_up and worker._inbox.get_nowait() == order


def test_before_there_is_an_engine_an_order_waits():
    worker = Worker(None)  # type: ignore[arg-type]
    worker.tell(Cancel(1))
    assert worker._inbox.get_nowait() == Cancel(1)
