"""Advice on models as a page of text: the machine, the sum, what to expect, and what else there is."""
from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING

from localthink.machine import resources
from localthink.text.rows import aligned
from localthink.text.sizes import sized
from localthink.text.terminal import Terminal
from localthink.text.visible import visible

if TYPE_CHECKING:
    from localthink.fit.advice import Advice
    from localthink.fit.memory import Verdict
    from localthink.fit.report import FitReport
    from localthink.machine.capacity import MachineFigures

BOLD, DIM = "1", "2"
SIGNS: dict[Verdict, str] = {"fits": "✓", "tight": "~", "too big": "✕"}
STYLES: dict[Verdict, str] = {"fits": "32", "tight": "33", "too big": "31"}
SAID: dict[Verdict, str] = {"fits": "fits with room to work in", "tight": "tight: little is left to work in",
                            "too big": "too big: the machine would swap"}
TITLES = ("", "model", "precision", "needs", "context", "cache", "tokens/s")
NARROWEST, WIDEST = 20, 100  # columns of a sentence


def show(advice: Advice, here: MachineFigures, next_step: str, out: Terminal) -> None:
    """Write all of it. `next_step` is a command to give now, empty where there is none."""
    out.write("This machine\n", BOLD)
    for name, value in _machine(here):
        _say(f"{name:8}{value}", out, indent=10)
    out.write(f"\n{visible(advice.headline)}\n", BOLD)
    if advice.report is not None:
        _sum(advice.report, out)
    _say(advice.why, out, DIM)
    if advice.others:
        out.write("\nBeside it\n", BOLD)
        title, *lines = aligned([TITLES, *map(_row, advice.others)], right=(3, 4, 6))
        out.write(f"{title}\n", DIM)
        for each, line in zip(advice.others, lines, strict=True):
            out.write(f"{visible(line)}\n", STYLES[each.verdict] if each.verdict == "too big" else "")
    if next_step:
        out.write("\nNext: ", DIM)
        out.write(f"{next_step}\n")


def _machine(here: MachineFigures) -> list[tuple[str, str]]:
    room = here.room
    rows = [("memory", f"{sized(room.memory)} free")]
    if room.device:
        rows.append(("GPU", f"{visible(room.device_name)}, {sized(room.device)} "
                            f"{'of the same memory' if room.shared else 'free'}"))
    for what, speed in (("processor", here.bandwidth.memory), ("GPU", here.bandwidth.device)):
        if speed:
            of = f", of the {_rate(here.ceiling)} that memory gives" if what == "processor" and here.ceiling else ""
            rows.append(("speed", f"decoding on the {what} reads {_rate(speed)} of weights{of}"))
    if here.busy > resources.BUSY_SHARE:
        rows.append(("", f"other programs had {here.busy:.0%} of the processor meanwhile: it is faster without them"))
    return rows


def _sum(each: FitReport, out: Terminal) -> None:
    choice = each.choice
    parts = choice.needs
    per_token = parts.cache // parts.context
    source = "the catalogue's size, until the Hub says it" if each.candidate.estimated else ""
    rows = [
        ("weights", sized(parts.weights), source),
        ("cache", sized(parts.cache), f"{parts.context:,} tokens of {sized(per_token)}, {parts.cache_type}"),
        ("compute", sized(parts.compute), "buffers of a step of 512 tokens"),
        ("output", sized(parts.output), f"logits of {each.candidate.shape.vocabulary:,} tokens"),
        ("program", sized(parts.runtime), "Python, llama.cpp and the vocabulary"),
        ("total", sized(parts.total), f"of {choice.room.described()}"),
    ]
    _lines(aligned(rows, right=(1,)), out)
    facts = [*choice.offloaded(each.candidate.shape.layers),
             f"largest context {each.largest_context:,} tokens" if each.largest_context else "",
             f"about {each.tokens_per_second:.1f} tokens/s" if each.tokens_per_second else "", *choice.waste()]
    _say(" · ".join([f"{SIGNS[each.verdict]} {SAID[each.verdict]}", *filter(None, facts)]), out, STYLES[each.verdict])


def _row(each: FitReport) -> tuple[str, ...]:
    needs = each.choice.needs
    return (SIGNS[each.verdict], each.candidate.name, each.candidate.precision, sized(needs.total),
            f"{needs.context:,}", needs.cache_type, f"{each.tokens_per_second:.1f}" if each.tokens_per_second else "")


def _say(text: str, out: Terminal, style: str = "", indent: int = 2) -> None:
    """A sentence over as many lines as it takes, those after the first below where it began."""
    width = min(WIDEST, max(NARROWEST, shutil.get_terminal_size().columns))
    for line in textwrap.wrap(visible(text), width, initial_indent="  ", subsequent_indent=" " * indent):
        out.write(f"{line}\n", style)


def _rate(speed: float | None) -> str:
    return f"{(speed or 0.0) / 1e9:.1f} GB/s"


def _lines(lines: list[str], out: Terminal) -> None:
    out.write("".join(f"{line}\n" for line in lines))
