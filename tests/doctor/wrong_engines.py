"""Engines of processes of their own that do what an engine must not; see `localthink.engine.host`."""
from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

from localthink.engine.messages import Ask, Died, Finished, News, Order
from localthink.records import Sampling, Tip, Trace


def crashes(orders: Connection, news: Connection, log: Path) -> None:
    log.write_text("GGML_ASSERT(sums) failed\n")
    os._exit(9)


def hangs(orders: Connection, news: Connection, log: Path) -> None:
    time.sleep(60)


def refuses(orders: Connection[None, Order], news: Connection[News, None], log: Path) -> None:
    orders.recv()
    news.send(Died("the model is missing: install localthink again", 2, lasting=True))


def babbles(orders: Connection[None, Order], news: Connection[News, None], log: Path) -> None:
    """Answers every question, wrongly."""
    while True:
        if isinstance(order := orders.recv(), Ask):
            news.send(Finished(order.number, Trace(0, 0, 1, (1, 2), "", r"\boxed{0000}", "stop", (), 0, 0.0, Sampling(),
                                                   Tip(), 0.5, 1.0, 1.0)))
