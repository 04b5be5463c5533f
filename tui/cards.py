"""A comparison or the thoughts of an answer on one card, to be handed on: as text, or as a picture (SVG).

A card is what the screen shows, on a fixed width: names and figures, a bar for each thought, what came of it. Knows no
widget.
"""
from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from localthink.chat.compare import Comparison, summary
from localthink.chat.turn import Turn
from localthink.text.visible import visible
from localthink.tui.lines import one_line
from localthink.tui.widgets.compared import CAVEAT
from localthink.tui.widgets.compared import figures as progress
from localthink.tui.widgets.thought_bars import bar, heights, rows_of, shared_scale
from localthink.tui.widgets.thought_headline import HELD
from localthink.tui.widgets.turns import figures

WIDTH = 88  # cells
ROWS = 12  # of bars; where there are more thoughts, the earliest share the first
BAR = 60  # cells of the longest bar
LABEL = 12  # cells of the name of a figure
LEGEND = f"a bar is a thought, as long as its tokens · {HELD} a jump to another that was held back"
Card = list[Text]


def comparison_card(comparison: Comparison) -> Card:
    """Both sides on one scale, where they part, and all figures."""
    said, (left, right) = summary(comparison), comparison.turns
    question = next((message.content for message in reversed(comparison.messages) if message.role == "user"), "")
    card = [_heading(question), Text()]
    for turn, header in zip(comparison.turns, said.names.headers, strict=True):
        card += [Text.assemble((visible(header), "bold cyan"), ("  " + progress(turn), "dim")),
                 *_bars(turn, shared_scale(left, right)), Text()]
    card += [Text(LEGEND, "dim"), Text()]
    card += [Text(visible(line), style) for line, style in ((said.opening, ""), *(
        (f"{name}: {words}", "") for name, words in said.quotes), (said.meaning, "bold")) if line]
    card += [Text(), *(Text.assemble((row.label.ljust(LABEL), "dim"), visible(f"{row.left}  /  {row.right}"))
                       for row in said.rows)]
    return [*card, Text(), Text(f"{CAVEAT.partition(':')[0]}. {_model(comparison)}seed {comparison.seed}", "dim")]


def _model(comparison: Comparison) -> str:
    """The model, where it is one: two are named in the headers."""
    names = {side.model for side in comparison.sides}
    return f"{visible(names.pop())}, " if len(names) == 1 else ""


def thoughts_card(question: str, turn: Turn, details: Mapping[str, Any]) -> Card:
    """The map of an answer's thoughts, with its question and its figures; `details` are its entry's."""
    return [_heading(question), Text(), *_bars(turn, shared_scale(turn, turn)), Text(), Text(LEGEND, "dim"),
            Text(visible(figures(turn, details)), "dim")]


def _heading(question: str) -> Text:
    return Text(visible(one_line(question)), "bold")


def _bars(turn: Turn, scale: int) -> Iterator[Text]:
    rows = rows_of(len(turn.thoughts), ROWS)
    number = max((len(row.label) for row in rows), default=0)
    for row in rows:
        thoughts = turn.thoughts[row.first:row.last + 1]
        merged = [("bar", heights(thoughts, scale, BAR))]
        parts = bar(thoughts[0], scale, BAR) if row.first == row.last else merged
        line = Text.assemble((f"{row.label:>{number}} ", "dim"), *(
            (text, "yellow bold" if part == "held" else "blue") for part, text in parts))
        line.append(f" {sum(thought.tokens for thought in thoughts):,}", "dim")
        if held := sum(len(thought.ticks) for thought in thoughts):
            line.append(f"  {HELD} {held}", "yellow")
        yield line


def as_text(card: Card) -> str:
    return "\n".join(line.rstrip() for line in _printed(card).export_text().splitlines()) + "\n"


def as_svg(card: Card) -> str:
    return _printed(card).export_svg(title="localthink", unique_id="card")


def _printed(card: Card) -> Console:
    console = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor",
                      legacy_windows=False, no_color=False, emoji=False, markup=False, highlight=False)
    for line in card:
        console.print(line)
    return console
