"""The thoughts or steps of a sample in a list, each with what it was rated: in a letter, and in colour."""
from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets.option_list import Option

from localthink.label.labels import Rated
from localthink.tui.lines import column, one_line
from localthink.tui.widgets.choices import Choices

OPENING = 100  # characters of a text that its one line can show
UNRATED = "·"
BY_DEFAULT = "w"
STYLES = {"R": "bold $text-success", "W": "bold $text-error", "U": "bold $text-warning", BY_DEFAULT: "$text-error",
          UNRATED: "dim"}
LEGEND = f"R right · W wrong · U unsure · {BY_DEFAULT} wrong by default, behind a wrong one"


def letter(rated: Rated) -> str:
    """R, W or U for what was said, in lower case for what follows by default."""
    if rated.rating is None:
        return UNRATED
    return rated.rating[0].upper() if rated.said else rated.rating[0]


class UnitList(Choices, can_focus=False):
    """Rows of a letter, a name, and how the text begins. The screen has the keys; a click chooses."""

    DEFAULT_CSS = """
    UnitList { height: 1fr; & > .option-list--option-highlighted { background: $boost; text-style: bold; } }
    """

    def __init__(self) -> None:
        super().__init__(id="units", markup=False)
        self._names: list[str] = []
        self._openings: list[str] = []
        self._letters: list[str] = []
        self._drawn = 0  # the width for which it was

    def show(self, names: Sequence[str], texts: Sequence[str], rated: Sequence[Rated], cursor: int) -> None:
        """Show these, with the mark on the one at `cursor`; what has not changed is not drawn anew."""
        letters = [letter(each) for each in rated]
        openings = [one_line(text[:OPENING]) for text in texts]
        if (self._names, self._openings, self._drawn) != (list(names), openings, self.room):
            self._names, self._openings, self._letters, self._drawn = list(names), openings, letters, self.room
            self.set_options(Option(self._row(place)) for place in range(len(names)))
        for place, (before, now) in enumerate(zip(self._letters, letters, strict=True)):
            if before != now:
                self._letters[place] = now
                self.replace_option_prompt_at_index(place, self._row(place))
        self.highlighted = cursor

    def on_resize(self) -> None:
        if self._names and self._drawn != self.room:
            self._drawn, place = self.room, self.highlighted
            self.set_options(Option(self._row(place)) for place in range(len(self._names)))
            self.highlighted = place

    def _row(self, place: int) -> Content:
        mark, width = self._letters[place], max(map(len, self._names))
        return column(Content.assemble((mark, STYLES[mark]), f" {self._names[place]:<{width}} ",
                                       (self._openings[place], "dim")), self.room)
