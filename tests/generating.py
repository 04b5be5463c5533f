"""Keyword arguments of a test, sorted into a `Generation` and what is not part of one."""
from __future__ import annotations

from dataclasses import fields
from typing import Any

from localthink.records import Generation

NAMES = {field.name for field in fields(Generation)}


def split(settings: dict[str, Any]) -> tuple[Generation, dict[str, Any]]:
    own = {name: value for name, value in settings.items() if name in NAMES}
    return Generation(**own), {name: value for name, value in settings.items() if name not in NAMES}
