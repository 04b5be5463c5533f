"""Where a person writes a question: Enter sends it, and the arrows at its edges bring earlier ones back."""
from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message as Posted
from textual.widgets import TextArea

from localthink.text.visible import UNSAFE

NEW_LINE = ("shift+enter", "alt+enter", "ctrl+j")
THE_SCREENS = ("f6", "f7")  # keys that a text area would take for itself
LINES = 8


class Prompt(TextArea, inherit_bindings=False):
    """Grows from one line to LINES; what it holds stays until it is taken."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding for binding in TextArea.BINDINGS if getattr(binding, "key", "") not in THE_SCREENS]
    DEFAULT_CSS = f"""
    Prompt {{
        height: auto; min-height: 3; max-height: {LINES + 2}; padding: 0 1; background: transparent;
        border: round $foreground 30%; border-title-color: $text-accent;
        &:focus {{ border: round $primary; }}
        &:nocolor:focus {{ border: heavy $foreground; }}
    }}
    """

    class Sent(Posted):
        """A question to ask."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, placeholder: str = "Ask anything. Enter sends, Ctrl+J makes a new line.") -> None:
        super().__init__(placeholder=Content(placeholder), highlight_cursor_line=False)
        self.match_cursor_bracket = False
        self.cursor_blink = False  # a repaint twice a second, for nothing
        self._earlier: list[str] = []
        self._place = 0  # which of the earlier questions is shown; behind the last of them is the draft
        self._changed: dict[int, str] = {}  # what was made of them, and the draft, by place

    def remember(self, text: str) -> None:
        """Keep a question to be had back with the arrow keys."""
        if text.strip() and text not in self._earlier[-1:]:
            self._earlier.append(text)
        self._leave_earlier()

    def take(self) -> str:
        """What is written; nothing is left."""
        text = self.text
        self.load_text("")
        self._leave_earlier()
        return text

    def _leave_earlier(self) -> None:
        self._place = len(self._earlier)
        self._changed.clear()

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter" or event.key in NEW_LINE:
            event.stop()
            event.prevent_default()
            if event.key != "enter":
                self._replace_via_keyboard("\n", *self.selection)
            elif self.text.strip():
                self.post_message(self.Sent(self.text))

    def action_cursor_up(self, select: bool = False) -> None:
        if select or not self.navigator.is_first_wrapped_line(self.cursor_location) or not self._walk(-1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if select or not self.navigator.is_last_wrapped_line(self.cursor_location) or not self._walk(1):
            super().action_cursor_down(select)

    def _walk(self, step: int) -> bool:
        """Show an earlier or later question, or the draft; False where there is none."""
        place = self._place + step
        if not 0 <= place <= len(self._earlier):
            return False
        self._changed[self._place] = self.text
        self._place = place
        kept = self._earlier[place] if place < len(self._earlier) else ""
        self.load_text(self._changed.get(place, kept))
        self.move_cursor(self.document.end)
        return True

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: a control character would be obeyed by the terminal, so that it is left out."""
        line = super().get_line(line_index)
        line.plain = UNSAFE.sub("\u200b", line.plain)  # as many characters, and as narrow as those are
        return line
