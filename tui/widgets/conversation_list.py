"""Conversations in a list: the title of each, when and how long it was, and what was found in it."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from textual.content import Content
from textual.widgets.option_list import Option

from localthink.history import Conversation
from localthink.text.sizes import counted
from localthink.tui.lines import column, cut, ends, one_line
from localthink.tui.widgets.choices import Choices

ONE_LINE = 56  # cells; from there on a title has its figures beside it, and below them with fewer
WHEN, TURNS = 11, 9  # cells: "today 14:02", "123 turns"
CURRENT = "●"
FOUND = "not dim bold underline"  # seen without colours too


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation, and the place in it where the words were found that are looked for."""

    conversation: Conversation
    excerpt: str = ""


class ConversationList(Choices):
    """The rows, drawn anew for every width."""

    def __init__(self, current: int | None, now: Callable[[], float]) -> None:
        super().__init__(id="list", markup=False)
        self._current, self._now = current, now
        self._rows: list[Row] = []
        self._words = ""
        self._drawn = 0  # the width for which it was

    @property
    def rows(self) -> Sequence[Row]:
        return self._rows

    @property
    def chosen(self) -> Conversation | None:
        """The one that the mark is on."""
        place = self.highlighted
        return self._rows[place].conversation if place is not None and place < len(self._rows) else None

    def show(self, rows: Sequence[Row], words: str, place: int) -> None:
        """Show these, with the mark on the one at `place` or the last before it."""
        self._rows, self._words = list(rows), words
        self._draw(min(place, len(rows) - 1))

    def add(self, rows: Sequence[Row]) -> None:
        """More at the end."""
        self._rows += rows
        self.add_options(self._option(row) for row in rows)

    def on_resize(self) -> None:
        if self._drawn != self.room:
            self._draw(-1 if self.highlighted is None else self.highlighted)

    def _draw(self, place: int) -> None:
        self._drawn = self.room
        self.set_options(self._option(row) for row in self._rows)
        self.highlighted = place if place >= 0 else None

    def _option(self, row: Row) -> Option:
        conversation = row.conversation
        return Option(row_content(row, self.room, self._now(), conversation.id == self._current, self._words),
                      str(conversation.id))


def when(moment: float, now: float) -> str:
    """A time as people say it; both are seconds since 1970."""
    then, today = datetime.fromtimestamp(moment), datetime.fromtimestamp(now).date()
    if then.date() == today:
        return f"today {then:%H:%M}"
    return "yesterday" if then.date() == today - timedelta(days=1) else f"{then:%Y-%m-%d}"


def row_content(row: Row, width: int, now: float, current: bool, words: str = "") -> Content:
    """The lines of a row, each of at most `width` cells."""
    conversation = row.conversation
    mark = f"{CURRENT} " if current else "  "
    title = one_line(conversation.title) or "without a title"
    time, turns = when(conversation.updated, now), counted(conversation.turns, "turn")
    lines = []
    if width >= ONE_LINE:
        figures = Content.styled(f"{time:<{WHEN}}  {turns:>{TURNS}}", "dim")
        lines.append(ends(Content.assemble((mark, "bold"), marked(title, words)), figures, width))
    else:
        lines.append(column(Content.assemble((mark, "bold"), marked(title, words)), width))
        lines.append(cut(f"{time} · {turns}", width - 2, "dim").pad_left(2))
    excerpt = one_line(row.excerpt)
    if excerpt and excerpt != title:
        found = marked(around(excerpt, words, width - 4), words).truncate(width - 2, ellipsis=True)
        lines.append(found.stylize_before("dim").pad_left(2))
    return Content("\n").join(lines)


def marked(text: str, words: str) -> Content:
    """The text, with the words in it made to stand out."""
    content = Content(text)
    for start, end in places(text, words):
        content = content.stylize(FOUND, start, end)
    return content


def around(text: str, words: str, width: int) -> str:
    """The text from shortly before the first of the words, where that would not be seen from the beginning."""
    first = next(iter(places(text, words)), None)
    if first is None or first[1] <= width:
        return text
    start = max(0, first[0] - width // 3)
    return "…" + text[start:].lstrip()


def places(text: str, words: str) -> list[tuple[int, int]]:
    """Where one of the words stands in the text, whatever its case and accents."""
    wanted = {re.escape(_fold(word)) for word in words.split()}
    pattern = "|".join(sorted(wanted, key=len, reverse=True))
    return [match.span() for match in re.finditer(pattern, _fold(text))] if pattern else []


def _fold(text: str) -> str:
    """Letter for letter, so that places stay right."""
    return "".join(unicodedata.normalize("NFD", letter)[0].casefold()[:1] for letter in text)
