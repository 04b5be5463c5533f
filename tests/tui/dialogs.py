"""A dialog on its own, over an empty screen."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widget import Widget

SIZES = ((80, 24), (120, 40), (40, 12))
HOSTILE = "[red]red[/red] \x1b[31mmore\x07 三つの数 שלום \u202eback \U0001f469\u200d\U0001f52c" + "long " * 60

Steps = Callable[[Pilot[None]], Awaitable[None]]


class Host(App[None]):
    """Keeps what the dialog gave."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Any] = []


def play(screen: ModalScreen[Any], steps: Steps, size: tuple[int, int] = (80, 24)) -> list[Any]:
    """Open the dialog, take the steps, and return what it gave, once for each time it was closed."""
    async def played() -> list[Any]:
        app = Host()
        async with app.run_test(size=size) as pilot:
            await app.push_screen(screen, app.given.append)
            await pilot.pause()
            await steps(pilot)
            await pilot.pause()
        return app.given

    return asyncio.run(played())


def seen(widget: Widget) -> str:
    """The text that a widget shows now."""
    lines = (widget.render_line(line) for line in range(widget.size.height))
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def inside(screen: ModalScreen[Any]) -> bool:
    """Whether nothing that is shown sticks out of the screen or of its parent's width."""
    return all(widget.region.right <= screen.size.width and widget.region.x >= 0
               for widget in screen.walk_children(Widget) if widget.display)
