"""The main function of the process that downloads. It ends when it is killed, or when its parent has gone."""
from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing.connection import Connection

from localthink.child_process import end_with, stay_quiet
from localthink.errors import LocalthinkError
from localthink.hub.faults import INSTEAD, reason
from localthink.hub.news import Failed, PullNews, PullOrder


def serve(parent: Connection[None, None], news: Connection[PullNews, None], order: PullOrder) -> None:
    stay_quiet()
    end_with(parent)
    try:
        answer(order, news.send)
    except OSError:  # nobody reads any more
        os._exit(1)


def answer(order: PullOrder, tell: Callable[[PullNews], None]) -> None:
    """Follow the order; whatever goes wrong becomes the last word."""
    from localthink.hub.pulling import follow

    try:
        follow(order, tell)
    except LocalthinkError as error:
        tell(Failed(str(error), error.exit_code))
    except Exception as error:
        tell(Failed(f"{order.wanted.text} cannot be downloaded ({type(error).__name__}: {reason(error)}): try again, "
                    f"{INSTEAD}", 1))
