"""A child runs what it is told, says how it ended, and is ended at any moment."""
from __future__ import annotations

import os
from multiprocessing.connection import Connection

import pytest

from localthink.child_process import Child


def double(orders: Connection[None, int], news: Connection[int, None], factor: int) -> None:
    news.send(orders.recv() * factor)
    orders.recv()
    os._exit(7)


def wait_for_ever(orders: Connection[None, None], news: Connection[int, None]) -> None:
    news.send(os.getpid())
    orders.recv()


def test_it_hears_answers_and_says_how_it_ended() -> None:
    child = Child(double, 3)
    child.orders.send(14)
    assert child.news.poll(30) and child.news.recv() == 42
    child.orders.send(0)
    with pytest.raises(EOFError):
        child.news.recv()
    assert child.how_it_ended(30) == "exit code 7"
    child.end()


def test_it_is_ended_in_the_middle_of_anything() -> None:
    child = Child(wait_for_ever)
    assert child.news.poll(30) and child.news.recv() == child.process.pid
    child.end()
    assert child.orders.closed and child.news.closed
    with pytest.raises(ValueError, match="closed"):
        _ = child.process.exitcode
