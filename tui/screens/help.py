"""What every key does, and what the penalty is, for somebody who has never heard of it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from localthink.tui.keys import ALL_KEYS, HELP_KEYS, Key, groups
from localthink.tui.screens.dialog import Dialog

KEYS, LEAST_KEYS = 22, 11  # cells of the column with the names of keys

THOUGHTS = (
    "A reasoning model thinks before it answers: it writes to itself. One idea that it follows there is a thought, and "
    "words such as “Alternatively” begin the next one. Small models tend to jump to another thought before the one "
    "they are in has led anywhere, and so to think much and find little.",
    "The penalty makes that jump less likely, and nothing else. At every step a model has a score for each token (a "
    "word or a piece of one) that could come next; what would begin another thought loses α of it. With α 3, at a "
    "temperature of 0.6, the odds of a jump are about 150 times smaller; with α 0 the model is left as it is.",
    "β says for how long: for the first β tokens of each thought. After them the model may jump as it likes, since by "
    "then the idea has had its chance. The paper behind this uses α 3 and β 600; small models may need less of both.",
    "⊘ marks a place where a jump was held back: with the same random numbers, and without the penalty, it would "
    "have come there. “Held” counts those marks. F6 looks at one: n and p go from mark to mark, and Enter writes "
    "another answer, which takes the jump, beside this one.",
    "F5 asks the same question twice with the same random numbers, with and without the penalty: up to the first "
    "jump that was held back, both write the same. There k keeps both answers, F8 writes a picture to a file, and n "
    "counts the question over many seeds, with an interval: one comparison is an anecdote. /demo, typed as a question, "
    "shows again what the first launch shows.",
)
MAP = (
    "Every row is a thought: its number, and a bar as long as the thought, whose tokens stand beside it in a "
    "comparison, and in the list below otherwise. Many short bars are a model that jumps about; long ones are ideas "
    "that were carried on.",
    "⊘ in a bar stands where in the thought a jump was held back. ░ behind the latest bar shows how far the penalty "
    "still reaches.",
    "Where there are more thoughts than rows, the earliest share the first row, each as a column whose height is its "
    "length (▂▇▃). Click a row to read its thought.",
)
PENALTY = "What the penalty does"
PROSE = {PENALTY: THOUGHTS, "How to read the map of thoughts": MAP}


class HelpScreen(Dialog[None]):
    """What `keys` do, and below them `prose`: headings, and the paragraphs under each. Closed as it was opened."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in HELP_KEYS if key.shown]
    AUTO_FOCUS = "#pages"
    DEFAULT_CSS = """
    HelpScreen > #box { height: 90%; max-width: 92; }
    HelpScreen.-low > #box, HelpScreen.-narrow > #box { height: 100%; }
    HelpScreen #pages { width: 100%; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    HelpScreen .heading {
        height: auto; color: $text-accent; text-style: bold;
        &:nocolor { text-style: bold underline; }
    }
    HelpScreen .keys, HelpScreen .prose { height: auto; margin-bottom: 1; }
    """

    def __init__(self, keys: Sequence[Key] = ALL_KEYS, prose: Mapping[str, Sequence[str]] = PROSE) -> None:
        super().__init__("Help")
        self._keys, self._prose = keys, prose

    def contents(self) -> Iterable[Widget]:
        with VerticalScroll(id="pages"):
            for heading, keys in groups(self._keys).items():
                yield Static(heading, classes="heading", markup=False)
                yield KeyTable(keys)
            for heading, paragraphs in self._prose.items():
                yield Static(heading, id="penalty" if heading == PENALTY else None, classes="heading", markup=False)
                for paragraph in paragraphs:
                    yield Static(paragraph, classes="prose", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "penalty" or PENALTY in self._prose

    def action_penalty(self) -> None:
        self.query_one("#penalty").scroll_visible(top=True, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)


class KeyTable(Static):
    """The keys of a group, and beside each what it does."""

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__(classes="keys", markup=False)
        self._keys = keys

    def on_resize(self) -> None:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=max(LEAST_KEYS, min(KEYS, self.size.width // 3)))
        table.add_column()
        for key in self._keys:
            table.add_row(Text(key.names, "bold"), Text.assemble(f"{key.label}: ", (key.help, "dim")))
        self.update(table)
