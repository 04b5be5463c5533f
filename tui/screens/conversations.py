"""The conversations that are kept: found by their words, opened, renamed, deleted and had back."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from localthink.errors import HistoryError
from localthink.history import Conversation, History
from localthink.text.sizes import counted
from localthink.tui.keys import CONVERSATIONS_KEYS
from localthink.tui.lines import one_line
from localthink.tui.screens.dialog import Dialog
from localthink.tui.widgets.conversation_list import CURRENT, ConversationList, Row
from localthink.tui.widgets.line_input import LineInput

PAGE = 100  # conversations that are read at once
HITS = 200  # places that a search shows at most
SEARCH_AFTER = 0.2  # seconds without a key
T = TypeVar("T")


class SearchLine(LineInput):
    """Words to look for. What is found is opened and deleted from here too; Delete itself is for the words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Open"), Binding("ctrl+d", "screen.remove", "Delete")]


class ConversationsScreen(Dialog[int | None]):
    """Gives the conversation to open, None if it was left. `now` gives seconds since 1970."""

    BINDINGS: ClassVar[list[BindingType]] = [key.binding() for key in CONVERSATIONS_KEYS]
    AUTO_FOCUS = "ConversationList"
    DEFAULT_CSS = """
    ConversationsScreen > #box { height: 90%; }
    ConversationsScreen.-low > #box, ConversationsScreen.-narrow > #box { height: 100%; }
    ConversationsScreen #title { display: none; }
    ConversationsScreen.renaming #title { display: block; }
    ConversationsScreen.renaming #search { display: none; }
    ConversationsScreen #list { height: 1fr; margin-top: 1; }
    ConversationsScreen #nothing { height: 1fr; margin: 1; color: $text-muted; display: none; }
    ConversationsScreen.nothing #nothing { display: block; }
    ConversationsScreen.nothing #list { display: none; }
    ConversationsScreen #said { height: auto; max-height: 2; margin: 1 1 0 1; color: $text-muted; }
    ConversationsScreen #said.trouble { color: $text-error; }
    ConversationsScreen.-low #list { margin: 0; }
    ConversationsScreen.-low #said, ConversationsScreen.-low #nothing { margin: 0 1; }
    """

    def __init__(self, history: History, current: int | None, now: Callable[[], float] = time.time) -> None:
        super().__init__("Conversations")
        self._history, self._current, self._now = history, current, now
        self._list = ConversationList(current, now)
        self._deleted: list[Conversation] = []  # that can be had back, also from another time
        self._all = False  # every conversation is in the list
        self._renamed: Conversation | None = None
        self._waiting: Timer | None = None

    def contents(self) -> Iterable[Widget]:
        yield SearchLine(placeholder="search titles, questions, thoughts and answers", id="search")
        yield LineInput(id="title")
        yield self._list
        yield Static(id="nothing", markup=False)
        yield Static(id="said", markup=False)

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._do(lambda: self._deleted.extend(self._history.deleted()))
        self._read()
        place = next((place for place, row in enumerate(self._list.rows) if row.conversation.id == self._current), 0)
        if self._list.rows:
            self._list.highlighted = place

    # What is in the list

    @property
    def _words(self) -> str:
        return self.query_one(SearchLine).value.strip()

    def _read(self, place: int = 0) -> bool:
        """Show what the store has now; False, and what there was stays, where it cannot be read."""
        words = self._words
        rows = self._ask(lambda: self._found(words) if words else self._latest(max(PAGE, len(self._list.rows))))
        if rows is None:
            return False
        self._list.show(rows, words, place)
        self.set_class(not rows, "nothing")
        self.query_one("#nothing", Static).update(Content(
            "Nothing has these words in it." if words else
            "Nothing here yet: every conversation is kept from its first question on, and will be listed here."))
        self._say(self._count())
        return True

    def _latest(self, limit: int, offset: int = 0) -> list[Row]:
        conversations = self._history.conversations(limit, offset)
        self._all = len(conversations) < limit
        return [Row(conversation) for conversation in conversations]

    def _found(self, words: str) -> list[Row]:
        """A row for each conversation, with the best place in it."""
        self._all = True
        excerpts: dict[int, str] = {}
        for hit in self._history.search(words, HITS):
            excerpts.setdefault(hit.conversation, hit.excerpt)
        found = ((self._history.conversation(number), excerpt) for number, excerpt in excerpts.items())
        return [Row(conversation, excerpt) for conversation, excerpt in found if conversation is not None]

    def _count(self) -> str:
        rows = self._list.rows
        if not rows:
            return ""
        count = counted(len(rows), "conversation") if self._all else f"the latest {len(rows):,} conversations"
        current = any(row.conversation.id == self._current for row in rows)
        open_one = f" · {CURRENT} is open" if current and not self.has_class("-narrow") else ""
        return f"{count}{' with these words' if self._words else ''}{open_one}"

    @on(OptionList.OptionHighlighted)
    def _go_on(self, event: OptionList.OptionHighlighted) -> None:
        """Near the end of the list, read what comes next."""
        if not self._all and event.option_index >= len(self._list.rows) - 2:
            rows = self._ask(lambda: self._latest(PAGE, len(self._list.rows)))
            there = {row.conversation.id for row in self._list.rows}
            self._list.add([row for row in rows or () if row.conversation.id not in there])
            if rows is not None:
                self._say(self._count())

    # Searching

    @on(Input.Changed, "#search")
    def _words_changed(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(SEARCH_AFTER, self._read)

    def on_key(self, event: events.Key) -> None:
        """From the list, typing searches; from the search, an arrow goes to the list."""
        search = self.query_one(SearchLine)
        if self.focused is self._list and event.is_printable and event.character:
            event.stop()
            search.focus()
            search.insert_text_at_cursor(event.character)
        elif self.focused is search and event.key in ("down", "up", "pagedown", "pageup") and self._list.rows:
            event.stop()
            self._list.focus()
            moves: dict[str, Callable[[], None]] = {
                "down": self._list.action_cursor_down, "up": self._list.action_cursor_up,
                "pagedown": self._list.action_page_down, "pageup": self._list.action_page_up}
            moves[event.key]()

    # What a person does

    @on(OptionList.OptionSelected)
    @on(Input.Submitted, "#search")
    def _open(self, event: OptionList.OptionSelected | Input.Submitted) -> None:
        event.stop()
        self.action_choose()

    def action_choose(self) -> None:
        if self._waiting is not None and self._words:  # Enter right behind the words: these decide
            self._waiting.stop()
            self._read()
        if (chosen := self._list.chosen) is not None:
            self.dismiss(chosen.id)

    def action_close(self) -> None:
        if self._renamed is not None:
            self._end_renaming()
        else:
            self.dismiss(None)

    def action_remove(self) -> None:
        chosen, place = self._list.chosen, self._list.highlighted or 0
        if chosen is None or not self._do(lambda: self._history.delete(chosen.id)):
            return
        self._deleted.append(chosen)
        if self._read(place):
            self._say(f"deleted {_quoted(chosen)} — Ctrl+Z brings it back")
        self.refresh_bindings()

    def action_restore(self) -> None:
        latest = self._deleted[-1]
        if not self._do(lambda: self._history.restore(latest.id)):
            return
        self._deleted.pop()
        if self._read():
            self._mark(latest)
            self._say(f"{_quoted(latest)} is back")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "restore":
            return bool(self._deleted) and self._renamed is None
        if action in ("remove", "rename"):
            return self._renamed is None
        return True

    def action_rename(self) -> None:
        if (chosen := self._list.chosen) is None:
            return
        self._renamed = chosen
        self.add_class("renaming")
        line = self.query_one("#title", LineInput)
        line.value = one_line(chosen.title)
        line.focus()
        line.action_select_all()
        self._say(f"another title for {_quoted(chosen)}")
        self.refresh_bindings()

    @on(Input.Submitted, "#title")
    def _rename(self, event: Input.Submitted) -> None:
        event.stop()
        renamed, title = self._renamed, one_line(event.value)
        if renamed is None:
            return
        if not title:
            self._say("a title needs at least one letter", trouble=True)
        elif self._do(lambda: self._history.rename(renamed.id, title)):
            self._end_renaming()
            if self._read():
                self._mark(renamed)

    def _end_renaming(self) -> None:
        self._renamed = None
        self.remove_class("renaming")
        self._list.focus()
        self._say(self._count())
        self.refresh_bindings()

    def _mark(self, conversation: Conversation) -> None:
        """Put the mark on a conversation, if it is in the list."""
        places = [place for place, row in enumerate(self._list.rows) if row.conversation.id == conversation.id]
        if places:
            self._list.highlighted = places[0]

    # The store

    def _ask(self, read: Callable[[], T]) -> T | None:
        """What the store answers; where it cannot, that is said, and None given."""
        try:
            return read()
        except HistoryError as error:
            self._say(str(error), trouble=True)
            return None

    def _do(self, change: Callable[[], None]) -> bool:
        """Whether the store has done it."""
        def done() -> bool:
            change()
            return True

        return self._ask(done) is True

    def _say(self, line: str, trouble: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.update(Content(one_line(line)))
        said.set_class(trouble, "trouble")


def _quoted(conversation: Conversation) -> str:
    title = Content(one_line(conversation.title)).truncate(40, ellipsis=True).plain
    return f"“{title}”"
