"""From what a request asks for to live controls: one object for each, new for every sample."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localthink.control.alpha_one import AlphaOne
from localthink.control.catalogue import settings_of
from localthink.control.confidence import Confidence
from localthink.control.cyclic_reflex import CyclicReflex
from localthink.control.deer import Deer
from localthink.control.early_exit import EarlyExit
from localthink.control.interface import Control
from localthink.control.loop_guard import LoopGuard
from localthink.control.no_wait import NoWait
from localthink.control.placebo import Placebo
from localthink.records import Generation

KINDS: Mapping[str, Callable[..., Control]] = {
    kind.name: kind for kind in (LoopGuard, NoWait, CyclicReflex, AlphaOne, EarlyExit, Deer, Confidence, Placebo)}


def made(generation: Generation) -> list[Control]:
    """The controls of one sample, in the order in which they come first. Raises UsageError as the catalogue does."""
    return [make(spec.name, settings_of(spec)) for spec in generation.controls]


def make(name: str, settings: Mapping[str, Any]) -> Control:
    return KINDS[name](**settings)
