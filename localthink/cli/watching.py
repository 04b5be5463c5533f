"""What a person sees of a run: a live display on a terminal, a line every half minute elsewhere, a table at the end."""
from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from localthink.batch.figures import Figures
from localthink.text.sizes import clocked
from localthink.text.terminal import Terminal, redraws
from localthink.text.visible import visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

LINE_SECONDS = 30.0  # between two lines where there is no terminal
NARROW = 60  # columns: with fewer, the bar gets its own line


class Quiet:
    """Looks on and says nothing. `received` is no longer empty once somebody asked to stop."""

    def __init__(self, received: Sequence[int]) -> None:
        self._received = received

    def note(self, text: str) -> None:
        """Something happened that a person may want to know."""

    def show(self, figures: Figures) -> None:
        """How far the run is now."""

    def stopped(self) -> bool:
        return bool(self._received)


class Lines(Quiet):
    """Plain lines on standard error."""

    def __init__(self, received: Sequence[int]) -> None:
        super().__init__(received)
        self._err, self._told = Terminal(sys.stderr), time.monotonic()

    def note(self, text: str) -> None:
        with suppress(OSError):  # nobody reads any more, and the night goes on
            self._err.write(text + "\n")

    def show(self, figures: Figures) -> None:
        now = time.monotonic()
        if figures.state == "running" and now - self._told >= LINE_SECONDS:
            self._told = now
            self.note(figures.line())


class Display(Quiet):
    """A few lines on the terminal that are drawn anew."""

    def __init__(self, received: Sequence[int], live: Live) -> None:
        super().__init__(received)
        self._live = live

    def note(self, text: str) -> None:
        from rich.text import Text

        self._live.console.print(Text(visible(text)))

    def show(self, figures: Figures) -> None:
        self._live.update(_drawn(figures, self._live.console.width))


@contextmanager
def watching(received: Sequence[int], quiet: bool) -> Iterator[Quiet]:
    """The watcher that suits standard error."""
    if quiet:
        yield Quiet(received)
    elif not redraws(sys.stderr):
        yield Lines(received)
    else:
        from rich.console import Console
        from rich.live import Live

        with Live(console=Console(stderr=True), refresh_per_second=4) as live:
            yield Display(received, live)


def _drawn(figures: Figures, width: int) -> RenderableType:
    """The display: a bar, then what else there is to know, as many lines as the width takes.

    An empty line ends it: the `^C` that a terminal echoes must not begin another.
    """
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    if figures.state == "loading":
        return Text("reading the model …", style="dim")
    share = figures.samples_done / figures.samples if figures.samples else 0.0
    left = f"{clocked(figures.seconds_left)} left" if figures.seconds_left is not None else ""
    bar = Table.grid(padding=(0, 1), expand=True)
    bar.add_column(ratio=1, min_width=8)
    for _ in range(3):
        bar.add_column(justify="right", no_wrap=True)
    bar.add_row(ProgressBar(figures.samples, figures.samples_done), f"{share:.1%}",
                f"{figures.samples_done:,}/{figures.samples:,} samples" if width >= NARROW else "", left)
    facts = Text(overflow="fold")
    for i, (value, name) in enumerate(_facts(figures)):
        facts.append(" · " if i else "", "dim")
        facts.append(value, "bold")
        facts.append(f" {name}", "dim")
    return Group(bar, facts, Text())


def _facts(figures: Figures) -> list[tuple[str, str]]:
    facts = [(f"{figures.items_done:,}/{figures.items:,}", "items"),
             (f"{figures.speed_now:,.0f}", f"tokens/s ({figures.speed:,.0f} on average)"),
             (f"{figures.busy}/{figures.slots}", "slots"), (f"{figures.held:,.0f}", "switches held")]
    if figures.graded:
        facts.append((f"{figures.correct / figures.graded:.1%}", f"correct of {figures.graded:,}"))
    if figures.errors:
        facts.append((f"{figures.errors:,}", "errors"))
    return facts


def summary(figures: Figures, folder: str, described: Sequence[tuple[str, str]] = ()) -> str:
    """The figures as a small table of plain text, after what describes the run."""
    rows = [("run", figures.state), *((name, visible(value)) for name, value in described),
            ("items", f"{figures.items_done:,} of {figures.items:,}"),
            ("samples", f"{figures.samples_done:,} of {figures.samples:,}")]
    if figures.errors:
        rows.append(("errors", f"{figures.errors:,}: see errors.jsonl there"))
    if figures.graded:
        rows.append(("correct", f"{figures.correct:,} of {figures.graded:,} ({figures.correct / figures.graded:.1%})"))
    if figures.cut_off:
        rows.append(("cut off", f"{figures.cut_off:,} samples"))
    rows.append(("switches held", f"{figures.held:,.0f}"))
    if figures.state == "running":
        rows += [("tokens/s", f"{figures.speed_now:,.0f} now, {figures.speed:,.0f} on average"),
                 ("slots", f"{figures.busy} of {figures.slots} busy")]
    elif figures.tokens and figures.seconds:
        rows.append(("tokens/s", f"{figures.speed:,.0f}"))
    if figures.seconds:
        rows.append(("time", clocked(figures.seconds)))
    if figures.seconds_left is not None:
        rows.append(("left", clocked(figures.seconds_left)))
    rows.append(("folder", folder))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
