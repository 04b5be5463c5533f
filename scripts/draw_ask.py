#!/usr/bin/env python3
"""Draw the README's picture: one question, one seed, without and with the switch penalty, side by side.

    python scripts/draw_ask.py docs/ask.svg --seed 7

What it shows is what the bundled model wrote; nothing is edited.
"""
from __future__ import annotations

import argparse
import io
from pathlib import Path

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

import localthink
from localthink.records import Generation, Tip
from localthink.text.page import HELD_MARK, THOUGHT_MARK


def written(engine: localthink.Engine, question: str, tip: Tip, seed: int) -> Text:
    """The sample as `localthink ask` shows it."""
    text, thought = Text(), -1
    for event in engine.stream(question, Generation(tip=tip), seed=seed):
        if event.part == "thinking" and event.thought > thought:
            thought = event.thought
            text.append(f"{THOUGHT_MARK} {thought + 1} ", "bold cyan")
        if event.held > 0:
            text.append(HELD_MARK, "yellow")
        text.append(event.text, "grey62" if event.part == "thinking" else "bold white")
    assert event.trace is not None
    trace = event.trace
    text.rstrip()
    text.append(f"\n\n{len(trace.thoughts)} thoughts · {trace.held} switches held · {trace.tokens} tokens", "green")
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--question", default="Use 4, 7 and 11 to make 39.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alpha", type=float, default=3.0)
    args = parser.parse_args()
    with localthink.load() as engine:
        plain = written(engine, args.question, Tip(alpha=0.0), args.seed)
        held = written(engine, args.question, Tip(alpha=args.alpha), args.seed)
    console = Console(record=True, width=120, file=io.StringIO(), force_terminal=True)
    console.print(Columns([
        Panel(plain, title="--no-penalty", width=59, border_style="red"),
        Panel(held, title=f"--alpha {args.alpha:g}", width=59, border_style="green"),
    ]))
    console.save_svg(str(args.out), title=f'localthink ask "{args.question}" --seed {args.seed}')


if __name__ == "__main__":
    main()
