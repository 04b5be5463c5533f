"""A list of models before a machine, a stock and a pull that are made up."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from localthink.chat.asking import Opening
from localthink.chat.pulling import PullState
from localthink.chat.stock import Kept, Stock
from localthink.chat.surveying import Surveyor
from localthink.errors import UsageError
from localthink.hub.wanted import Wanted
from localthink.shelf.catalogue import read_catalogue
from localthink.tui.screens.models import ModelsScreen

GIB = 2**30


class Coming:
    """A pull that goes on as a test says."""

    def __init__(self) -> None:
        self.state, self.said = PullState(), list[str]()
        self.begun: list[tuple[Wanted, Opening]] = []

    def begin(self, wanted: Wanted, opening: Opening, prefer: Sequence[str] = ()) -> None:
        if self.state.running:
            raise UsageError(f"{self.state.name} is being pulled: wait for it, or stop it first")
        self.begun.append((wanted, opening))
        self.state = PullState("asking", wanted.text, wanted.model)

    def come(self, **more: Any) -> None:
        self.state = replace(self.state, **more)

    def stop(self) -> None:
        self.come(phase="stopped")
        self.said.append(f"{self.state.name}: {self.state.figures}")


def stock_of(*here: Kept, catalogue: bool = True) -> Stock:
    return Stock(here, read_catalogue() if catalogue else (), Path("/hub"), 100 * GIB)


def shown(engine: Any, coming: Coming, surveyor: Surveyor, take: Callable[[], Stock],
          busy: Callable[[], bool] = lambda: False) -> ModelsScreen:
    return ModelsScreen(lambda: engine.state, lambda: engine.opening, engine.eject, engine.load, coming, surveyor, busy,
                        take)
