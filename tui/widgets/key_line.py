"""The keys that do something now: the eight that matter most."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from localthink.tui.keys import key_name

MOST = 8  # keys; the rest is in the help and the palette
MOST_LINES = 3
LOW = 18  # lines of a terminal: with fewer, one line has to do
GAP = 2


class KeyLine(Widget):
    """Shows and clicks the bindings of its screen, and of what is focused, that are shown and can be used.

    `ranks` say by their actions which of them give way to keep it on one line, the highest first; others stay.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--label"}
    DEFAULT_CSS = """
    KeyLine {
        height: auto; width: 1fr; padding: 0 1; background: $footer-background;
        & > .key-line--key { color: $footer-key-foreground; text-style: bold; }
        & > .key-line--label { color: $footer-description-foreground; }
    }
    """

    def __init__(self, ranks: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self._ranks = ranks or {}

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh(layout=True)

    def _keys(self, width: int) -> list[tuple[str, str, str]]:
        """Key to press, its name, its label; each verb once."""
        found: dict[str, tuple[str, str, str]] = {}
        for key, active in self.screen.active_bindings.items():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in found:
                found[binding.action] = (key, key_name(key).replace("Ctrl+", "^"), binding.description)
        while len(found) > 1 and (len(found) > MOST or _cells(found.values()) > width):
            last = max(found, key=lambda action: self._ranks.get(action, 0))
            if not self._ranks.get(last):
                break
            del found[last]
        return list(found.values())

    def _lines(self, width: int) -> list[list[tuple[str, str, str]]]:
        """The keys by lines."""
        lines: list[list[tuple[str, str, str]]] = [[]]
        room = width
        for key in self._keys(width):
            needed = len(key[1]) + 1 + len(key[2])
            if needed > room and lines[-1]:
                lines.append([])
                room = width
            lines[-1].append(key)
            room -= needed + GAP
        return lines[:1 if self.app.size.height < LOW else MOST_LINES]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render(self) -> Text:
        key_style = self.get_component_rich_style("key-line--key", partial=True)
        label_style = self.get_component_rich_style("key-line--label", partial=True)
        text = Text(no_wrap=True, overflow="ellipsis", end="")
        for number, line in enumerate(self._lines(self.content_size.width)):
            text.append("\n" if number else "")
            for place, (key, name, label) in enumerate(line):
                press = Style(meta={"press": key})
                text.append(" " * GAP if place else "")
                text.append(name, key_style + press)
                text.append(f" {label}", label_style + press)
        return text

    def on_click(self, event: events.Click) -> None:
        if (key := event.style.meta.get("press")) is not None:
            event.stop()
            self.app.simulate_key(key)


def _cells(keys: Iterable[tuple[str, str, str]]) -> int:
    """What they take on one line."""
    return sum(len(name) + 1 + len(label) + GAP for _, name, label in keys) - GAP
