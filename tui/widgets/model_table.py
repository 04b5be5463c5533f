"""The models as rows of figures, as many columns as the width has room for."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from localthink.cli.info import sized
from localthink.gguf_header import ModelFacts
from localthink.tui.lines import column, cut_inside, one_line
from localthink.tui.widgets.choices import Choices
from localthink.tui.widgets.model_plan import FIT, ModelRow, Plan, parameters, trained

OPEN = "●"
NAME = 13  # cells that a name has before columns give way
GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """`rank` says which give way first: those with the highest."""

    title: str
    width: int
    rank: int
    text: Callable[[ModelFacts, Plan], str]
    right: bool = True


COLUMNS = (
    Column("type", 7, 3, lambda facts, _: facts.quantization, right=False),
    Column("params", 6, 4, lambda facts, _: parameters(facts.parameters)),
    Column("context", 7, 5, lambda facts, _: trained(facts.context_length) if facts.context_length else "—"),
    Column("weights", 8, 2, lambda facts, _: sized(facts.weight_bytes)),
    Column("needs", 8, 1, lambda _, plan: sized(plan.memory.total) if plan.memory else "—"),
    Column("", 9, 0, lambda _, plan: FIT[plan.fit] if plan.fit else "✕ no", right=False),
)


class ModelChoices(Choices):
    """A click marks a row, and only another one chooses it: loading takes a while, and closes what was open."""

    def on_click(self, event: events.Click) -> None:
        place = event.style.meta.get("option")
        if place is not None and place != self.highlighted:
            event.prevent_default()
            self.highlighted = place


class ModelTable(Vertical):
    """A line of titles above the rows."""

    DEFAULT_CSS = """
    ModelTable { width: 100%; height: auto; }
    ModelTable > #columns { height: 1; padding: 0 1; color: $text-muted; }
    ModelTable > #models { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[tuple[ModelRow, Plan]] = ()
        self._open: Path | None = None
        self._choices = ModelChoices(id="models", markup=False)

    def compose(self) -> ComposeResult:
        yield Static(id="columns", markup=False)
        yield self._choices

    @property
    def chosen(self) -> tuple[ModelRow, Plan] | None:
        """The one that the mark is on."""
        place = self._choices.highlighted
        return self.rows[place] if place is not None and place < len(self.rows) else None

    def show(self, rows: Sequence[tuple[ModelRow, Plan]], open_one: Path | None) -> None:
        """Show these; the mark stays on its model."""
        chosen = self.chosen
        self.rows, self._open = rows, open_one
        self._draw(chosen[0].path if chosen else open_one)

    def mark(self, path: Path) -> None:
        """Put the mark on a model."""
        places = [place for place, (row, _) in enumerate(self.rows) if row.path == path]
        if places:
            self._choices.highlighted = places[0]

    def on_resize(self) -> None:
        if (chosen := self.chosen) is not None:
            self._draw(chosen[0].path)

    def _draw(self, path: Path | None) -> None:
        width = self._choices.room
        shown, name = _fitting(width)
        titles = [Content("  "), column("model", name), *(column(each.title, each.width, each.right) for each in shown)]
        self.query_one("#columns", Static).update(_joined(titles))
        self._choices.set_options(Option(self._line(row, plan, width), str(row.path)) for row, plan in self.rows)
        if self.rows:
            self._choices.highlighted = 0
        if path is not None:
            self.mark(path)

    def _line(self, row: ModelRow, plan: Plan, width: int) -> Content:
        mark = Content.styled(f"{OPEN} " if row.path == self._open else "  ", "bold")
        if row.facts is None:
            told = f"✕ {one_line(row.trouble)}" if row.trouble else "…"
            name = cut_inside(row.name, max(NAME, width // 3))
            return column(Content.assemble(mark, name, "  ", (told, "dim")), width)
        shown, name_width = _fitting(width)
        facts = row.facts
        return _joined([mark, column(cut_inside(_short(row.name, facts), name_width), name_width),
                        *(column(each.text(facts, plan), each.width, each.right) for each in shown)])


def _fitting(width: int) -> tuple[list[Column], int]:
    """The columns that there is room for, and the width of the name."""
    shown = list(COLUMNS)
    while len(shown) > 1 and _name_width(shown, width) < NAME:
        shown.remove(max(shown, key=lambda each: each.rank))
    return shown, max(1, _name_width(shown, width))


def _short(name: str, facts: ModelFacts) -> str:
    """A name without the type at its end, which has a column of its own."""
    short = name[:-len(facts.quantization)] if name.upper().endswith(facts.quantization) else name
    return short.rstrip("-_.") or name


def _name_width(shown: Sequence[Column], width: int) -> int:
    return width - len(f"{OPEN} ") - sum(each.width + GAP for each in shown)


def _joined(parts: Sequence[Content]) -> Content:
    """The mark, then cells with a gap between them."""
    mark, *cells = parts
    return Content.assemble(mark, Content(" " * GAP).join(cells))
