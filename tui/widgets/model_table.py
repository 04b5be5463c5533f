"""The models as rows of figures, as many columns as the width has room for."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from localthink.fit.report import score_of
from localthink.text.sizes import sized
from localthink.tui.lines import column, cut_inside, one_line
from localthink.tui.widgets.choices import Choices
from localthink.tui.widgets.model_plan import FIT, ModelRow, OfferRow, Plan, Row, parameters, speed, trained

OPEN, BEST, HEADING = "●", "★", "heading"
NAME = 16  # cells that a name has before columns give way
GAP = 2
LIGHTS = {"fits": "$text-success", "tight": "$text-warning", "too big": "$text-error"}


@dataclass(frozen=True, slots=True)
class Marks:
    """Keys of rows: the one that is open, the best for this machine, and the one that is pulled, with how far."""

    open: str = ""
    best: str = ""
    pulled: str = ""
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """`rank` says which give way first: those with the highest."""

    title: str
    width: int
    rank: int
    text: Callable[[Row, Plan], str | Content]
    right: bool = True


def _type(row: Row, plan: Plan) -> str:
    return row.precision if isinstance(row, OfferRow) else row.facts.quantization if row.facts else ""


def _parameters(row: Row, plan: Plan) -> str:
    count = row.spec.parameters if isinstance(row, OfferRow) else row.facts.parameters if row.facts else 0
    return parameters(count)


def _context(row: Row, plan: Plan) -> str:
    tokens = (row.spec.shape.context_length if isinstance(row, OfferRow)
              else row.facts.context_length if row.facts else 0)
    return trained(tokens) if tokens else "—"


def _size(row: Row, plan: Plan) -> str:
    return _short_size(row.bytes if isinstance(row, OfferRow) else row.facts.weight_bytes if row.facts else 0)


def _needs(row: Row, plan: Plan) -> str:
    return _short_size(plan.choice.needs.total) if plan.choice else "—"


def _short_size(number: int) -> str:
    """Bytes in eight cells."""
    return f"{number / 2**30:,.1f} GiB" if number >= 10 * 2**30 else sized(number)


def _light(row: Row, plan: Plan) -> Content:
    if plan.verdict is None:
        return Content.styled("✕ no", LIGHTS["too big"])
    return Content.styled(FIT[plan.verdict], LIGHTS[plan.verdict])


def _speed(row: Row, plan: Plan) -> str:
    found = plan.report.tokens_per_second if plan.report is not None else None
    return speed(found) if found is not None else "—"


def _score(row: Row, plan: Plan) -> str:
    score = score_of(row.spec) if row.spec is not None else None
    return f"{score:.0f}" if score is not None else "—"


def _keeper(row: Row, plan: Plan) -> str:
    return "" if isinstance(row, OfferRow) else row.keeper.removeprefix("localthink (").rstrip(")")


COLUMNS = (
    Column("type", 7, 1, _type, right=False),
    Column("params", 6, 6, _parameters),
    Column("context", 7, 8, _context),
    Column("size", 8, 3, _size),
    Column("needs", 8, 2, _needs),
    Column("", 9, 0, _light, right=False),
    Column("tok/s", 5, 4, _speed),
    Column("score", 5, 5, _score),
    Column("from", 12, 7, _keeper, right=False),
)


class ModelChoices(Choices):
    """A click marks a row, and only another one chooses it: loading takes a while, and closes what was open."""

    def on_click(self, event: events.Click) -> None:
        place = event.style.meta.get("option")
        if place is not None and place != self.highlighted and not self.get_option_at_index(place).disabled:
            event.prevent_default()
            self.highlighted = place


class ModelTable(Vertical):
    """A line of titles above the rows: first what is here, then, below a heading, what could be pulled."""

    DEFAULT_CSS = """
    ModelTable { width: 100%; height: auto; }
    ModelTable > #columns { height: 1; padding: 0 1; color: $text-muted; }
    ModelTable > #models { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[tuple[Row, Plan]] = ()
        self.marks = Marks()
        self._choices = ModelChoices(id="models", markup=False)

    def compose(self) -> ComposeResult:
        yield Static(id="columns", markup=False)
        yield self._choices

    @property
    def chosen(self) -> tuple[Row, Plan] | None:
        """The one that the mark is on."""
        option = self._choices.highlighted_option
        return next((pair for pair in self.rows if option is not None and pair[0].key == option.id), None)

    def show(self, rows: Sequence[tuple[Row, Plan]], marks: Marks, first: str = "") -> None:
        """Show these; the mark stays on its model, and begins on the `first`."""
        chosen = self.chosen
        self.rows, self.marks = rows, marks
        self._draw(chosen[0].key if chosen else first)

    def tell(self, marks: Marks) -> None:
        """Other marks on the rows there are, of which only those are drawn that change."""
        before, self.marks = self.marks, marks
        changed = {key for one, other in zip(_each(before), _each(marks), strict=True) if one != other
                   for key in (one[0], other[0])}
        for row, plan in self.rows:
            if row.key in changed:
                self._choices.replace_option_prompt(row.key, self._line(row, plan, self._choices.room))

    def mark(self, key: str) -> None:
        """Put the mark on a model."""
        if any(row.key == key for row, _ in self.rows):
            self._choices.highlighted = self._choices.get_option_index(key)

    def on_resize(self) -> None:
        if (chosen := self.chosen) is not None:
            self._draw(chosen[0].key)

    def _draw(self, key: str) -> None:
        width = self._choices.room
        shown, name = _fitting(width)
        titles = [Content("  "), column("model", name), *(column(each.title, each.width, each.right) for each in shown)]
        self.query_one("#columns", Static).update(_joined(titles))
        options = [Option(self._line(row, plan, width), row.key) for row, plan in self.rows]
        offers = next((place for place, (row, _) in enumerate(self.rows) if isinstance(row, OfferRow)), None)
        if offers is not None:
            heading = Content.styled("  not here yet: Enter pulls it from the Hub", "$foreground 60%")
            options.insert(offers, Option(heading, HEADING, disabled=True))
        self._choices.set_options(options)
        if self.rows:
            self._choices.highlighted = self._choices.get_option_index(self.rows[0][0].key)
        self.mark(key)

    def _line(self, row: Row, plan: Plan, width: int) -> Content:
        sign = OPEN if row.key == self.marks.open else BEST if row.key == self.marks.best else " "
        mark = Content.styled(f"{sign} ", "bold")
        if isinstance(row, ModelRow) and row.facts is None:
            told = f"✕ {one_line(row.trouble)}" if row.trouble else "…"
            name = cut_inside(row.name, max(NAME, width // 3))
            return column(Content.assemble(mark, name, "  ", (told, "dim")), width)
        shown, name_width = _fitting(width)
        name = column(cut_inside(_short(row.name, _type(row, plan)), name_width), name_width)
        return _joined([mark, name, *(column(self._cell(each, row, plan), each.width, each.right) for each in shown)])

    def _cell(self, each: Column, row: Row, plan: Plan) -> str | Content:
        if each.text is _light and row.key == self.marks.pulled:
            return Content.styled(self.marks.progress, "bold")
        return each.text(row, plan)


def _each(marks: Marks) -> tuple[tuple[str, str], ...]:
    return (marks.open, ""), (marks.best, ""), (marks.pulled, marks.progress)


def _fitting(width: int) -> tuple[list[Column], int]:
    """The columns that there is room for, and the width of the name."""
    shown = list(COLUMNS)
    while len(shown) > 1 and _name_width(shown, width) < NAME:
        shown.remove(max(shown, key=lambda each: each.rank))
    return shown, max(1, _name_width(shown, width))


def _short(name: str, type_: str) -> str:
    """A name without the type at its end, which has a column of its own."""
    short = name[:-len(type_)] if type_ and name.upper().endswith(type_) else name
    return short.rstrip("-_.:") or name


def _name_width(shown: Sequence[Column], width: int) -> int:
    return width - len(f"{OPEN} ") - sum(each.width + GAP for each in shown)


def _joined(parts: Sequence[Content]) -> Content:
    """The mark, then cells with a gap between them."""
    mark, *cells = parts
    return Content.assemble(mark, Content(" " * GAP).join(cells))
