"""How far a download is: a bar on a terminal, a line every tenth elsewhere."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from localthink.hub.news import Checking, Found, Note, PullNews, PullProgress, Waiting
from localthink.text.sizes import sized
from localthink.text.terminal import Terminal, redraws
from localthink.text.visible import visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

LINES = 10  # for a whole download


class Shown(Protocol):
    """Takes news as it comes."""

    def take(self, news: PullNews) -> None: ...

    def close(self) -> None:
        """Leave the cursor at the start of a line."""


class Quiet:
    def take(self, news: PullNews) -> None:
        """Nothing is shown."""

    def close(self) -> None:
        """Nothing was shown."""


def line_of(news: PullNews) -> str:
    """PullNews that is worth a line of its own; empty for what only a bar shows."""
    match news:
        case Found(repository, _, precision, files, total, here):
            parts = f" in {len(files)} parts" if len(files) > 1 else ""
            begun = f", of which {sized(here)} are here" if here else ""
            return f"{repository}: {precision or files[0]}, {sized(total)}{parts}{begun}"
        case Waiting(seconds, reason):
            return f"{reason}: trying again in {seconds:.0f} s"
        case Note(text):
            return text
    return ""


class Lines:
    """Plain lines on standard error."""

    def __init__(self, err: Terminal) -> None:
        self._err, self._told = err, 0

    def take(self, news: PullNews) -> None:
        if line := line_of(news):
            self._err.write(f"{line}\n")
        elif isinstance(news, PullProgress) and news.total:
            reached = news.bytes * LINES // news.total
            if reached > self._told:
                self._told = reached
                self._err.write(f"{news.bytes / news.total:.0%} of {sized(news.total)}\n")

    def close(self) -> None:
        """Every line has ended."""


class Bars:
    """A line that is drawn anew: share, bytes, speed, time left."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("asking the Hub", total=None)

    def take(self, news: PullNews) -> None:
        if line := line_of(news):
            self._bar.console.print(visible(line), markup=False, highlight=False)
        if isinstance(news, Found):
            self._bar.reset(self._task, total=news.bytes, completed=news.here, description="pulling")
        elif isinstance(news, PullProgress):
            self._bar.update(self._task, completed=news.bytes, total=news.total, description="pulling")
        elif isinstance(news, Checking):
            self._bar.update(self._task, description=f"checking {news.share:.0%}")
        elif isinstance(news, Waiting):
            self._bar.update(self._task, description="waiting")

    def close(self) -> None:
        self._bar.stop()


@contextmanager
def showing(quiet: bool) -> Iterator[Shown]:
    """What suits standard error."""
    if quiet:
        yield Quiet()
    elif not redraws(sys.stderr):
        yield Lines(Terminal(sys.stderr))
    else:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True),
                   TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            yield Bars(bar)
