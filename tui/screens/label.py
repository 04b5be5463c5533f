"""The screen on which a person says which thoughts or steps of a sample are right."""
from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static

from localthink.errors import LocalthinkError
from localthink.label.labels import MEANING, Rated, Rating
from localthink.label.session import Labelling
from localthink.text.visible import visible
from localthink.tui.keys import LABEL_KEYS
from localthink.tui.lines import cut, ends, one_line
from localthink.tui.screens.dialog import LOW
from localthink.tui.screens.help import HelpScreen
from localthink.tui.widgets.key_line import KeyLine
from localthink.tui.widgets.unit_list import LEGEND, UnitList

ANSWER = 400  # characters of an answer that are shown
PROSE = {
    "What right means": (
        *(f"Of {kind}. {meaning}" for kind, meaning in MEANING.items()),
        "Behind a wrong one the rest is wrong by default, until one is rated right; steps only within their thought. "
        "What is wrong by default counts in an export, and not where people are compared, nor for underthinking: say "
        "it where you mean it."),
    "The letters": (f"{LEGEND}.",)}


class LabelScreen(Screen[None]):
    """Shows where a session is, and passes on what a person says."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in LABEL_KEYS if key.action != "quit"]
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide"), (110, "-broad")]  # noqa: RUF012, as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-high")]  # noqa: RUF012
    DEFAULT_CSS = """
    LabelScreen > #title { height: 1; padding: 0 1; background: $panel; color: $text; }
    LabelScreen > #question { height: auto; max-height: 4; padding: 0 1; text-style: bold; }
    LabelScreen.whole > #question { max-height: 70%; overflow-y: auto; }
    LabelScreen > #known { height: auto; max-height: 3; padding: 0 1; color: $text-accent; display: none; }
    LabelScreen.known > #known { display: block; }
    LabelScreen > #meaning { height: auto; padding: 0 1; color: $text-muted; text-style: italic; }
    LabelScreen.-low > #question { max-height: 2; }
    LabelScreen.-low > #meaning { display: none; }
    LabelScreen > #body { height: 1fr; }
    LabelScreen #side { width: 34; border: round $panel; border-title-color: $text-muted; }
    LabelScreen.-narrow #side { width: 11; }
    LabelScreen.-broad #side { width: 46; }
    LabelScreen #side > #units { background: $background; }
    LabelScreen #text {
        width: 1fr; padding: 0 1; border: round $primary; border-title-color: $text; scrollbar-size-vertical: 1;
        border-subtitle-color: $text-muted;
    }
    LabelScreen #text > Static { height: auto; }
    LabelScreen #text > .around { color: $text-muted; }
    """

    def __init__(self, labelling: Labelling) -> None:
        super().__init__()
        self.labelling = labelling

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        with VerticalScroll(id="question", can_focus=False):
            yield Static(id="asked", markup=False)
        yield Static(id="known", markup=False)
        yield Static(MEANING[self.labelling.kind], id="meaning", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield UnitList()
            with VerticalScroll(id="text", can_focus=False):
                yield Static(id="before", classes="around", markup=False)
                yield Static(id="current", markup=False)
                yield Static(id="after", classes="around", markup=False)
        yield KeyLine({key.action: key.rank for key in LABEL_KEYS})

    def on_mount(self) -> None:
        self.call_after_refresh(self.show)  # once it is known how wide everything is

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def on_unmount(self) -> None:
        self.labelling.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "sample":
            return len(self.labelling.samples) > 1
        return action != "close" or len(self.app.screen_stack) > 1

    def show(self) -> None:
        """Everything as it is now."""
        self._show_title()
        self._show_sample()
        self._show_unit()

    def _show_title(self) -> None:
        labelling = self.labelling
        rated, units = labelling.progress()
        sample = labelling.sample
        place = f"sample {labelling.place + 1} of {len(labelling.samples)} · {rated} of {units} rated"
        title = self.query_one("#title", Static)
        title.update(ends(cut(f"{labelling.by} labels {labelling.kind} · {sample.id}", title.size.width),
                          Content(place), title.size.width))

    def _show_sample(self) -> None:
        labelling = self.labelling
        sample, units = labelling.sample, labelling.units
        self.query_one("#asked", Static).update(Content(visible(sample.question.strip())))
        self.query_one("#known", Static).update(Content(self._known()))
        self.query_one("#side").border_title = Content(labelling.kind)
        self.query_one(UnitList).show([unit.name for unit in units], [sample.text(unit) for unit in units],
                                      labelling.rated, labelling.cursor)

    def _known(self) -> str:
        """What is known of the answer, and what this sample came to."""
        sample = self.labelling.sample
        known = f"right is {sample.known_text}" if sample.known_text else "no right answer is known"
        verdict = {True: "; graded right", False: "; graded wrong", None: ""}[sample.correct]
        answer = one_line(sample.answer[:ANSWER]) or "none"
        return f"{known} · answered: {answer}{'; cut off' if sample.cut_off else verdict}"

    def _show_unit(self) -> None:
        labelling = self.labelling
        units, at = labelling.units, labelling.cursor
        around = [place for place, unit in enumerate(units) if unit.thought == units[at].thought and unit.step >= 0]
        for name, places in (("before", [place for place in around if place < at]), ("current", [at]),
                             ("after", [place for place in around if place > at])):
            text = "\n".join(labelling.sample.text(units[place]) for place in places)
            part = self.query_one(f"#{name}", Static)
            part.update(Content(visible(text)))
            part.display = bool(places)
        frame = self.query_one("#text", VerticalScroll)
        what, place = labelling.kind.removesuffix("s"), "" if units[at].step < 0 else f", {at + 1}"
        frame.border_title = Content(f"{what} {units[at].name}{place} of {len(units)}{_words(labelling.rated[at])}")
        self.call_after_refresh(self._scroll_to_unit)

    def _scroll_to_unit(self) -> None:
        self.query_one("#text", VerticalScroll).scroll_to_widget(self.query_one("#current"), top=True, animate=False)

    # What a person does

    def action_rate(self, rating: Rating) -> None:
        labelling = self.labelling
        last = labelling.cursor == len(labelling.units) - 1
        try:
            labelling.rate(rating)
        except LocalthinkError as error:
            self.notify(visible(str(error)), title="not rated", severity="error", markup=False)
            return
        self.show()
        if last:
            more = ": n goes to the next sample" if len(labelling.samples) > 1 else ""
            self._tell(f"that was the last one of this sample{more}")

    def action_undo(self) -> None:
        try:
            undone = self.labelling.undo()
        except LocalthinkError as error:
            self.notify(visible(str(error)), title="not taken back", severity="error", markup=False)
            return
        self.show()
        self._tell("the latest rating is taken back" if undone else "there is no rating of these to take back")

    def action_move(self, by: int) -> None:
        self.labelling.move(by)
        self.show()

    def action_open(self) -> None:
        if not self.labelling.next_open():
            self._tell(f"of all {self.labelling.kind} something is known")
        self.show()

    def action_sample(self, by: int) -> None:
        if not self.labelling.move_sample(by):
            self._tell("this is the last sample" if by > 0 else "this is the first sample")
        self.query_one("#question").scroll_home(animate=False)
        self.show()

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.labelling.go(event.option_index)
        self.show()

    def action_scroll(self, by: int) -> None:
        text = self.query_one("#text", VerticalScroll)
        text.scroll_relative(y=by * max(1, text.size.height - 1), animate=False)

    def action_known(self) -> None:
        self.toggle_class("known")

    def action_question(self) -> None:
        self.toggle_class("whole")

    def action_close(self) -> None:
        self.dismiss()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(LABEL_KEYS, PROSE))

    def _tell(self, what: str) -> None:
        self.app.clear_notifications()
        self.notify(what, markup=False, timeout=3)


def _words(rated: Rated) -> str:
    if rated.rating is None:
        return ""
    return f": {rated.rating}" if rated.said else f": {rated.rating} by default"
