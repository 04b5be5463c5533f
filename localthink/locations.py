"""Every path that localthink reads or writes by itself, one function each.

`LOCALTHINK_HOME` moves all of them, which is also how tests stay away from a person's own files.
"""
from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

HOME_VARIABLE = "LOCALTHINK_HOME"


def _home(kind: str) -> Path:
    if moved := os.environ.get(HOME_VARIABLE):
        return Path(moved) / kind
    import platformdirs

    return Path(getattr(platformdirs, f"user_{kind}_dir")("localthink", appauthor=False))


def local_models() -> Path:
    """The folder in which a person keeps GGUF files that can be called by name."""
    return _home("data") / "models"


def receipts() -> Path:
    """The folder that says which models were pulled from the Hub, and whether they are whole."""
    return _home("data") / "pulled"


def user_catalogue() -> Path:
    """The models that a person has added to the catalogue."""
    return _home("config") / "catalogue.toml"


def catalogue() -> Path:
    """The catalogue of published models that comes with localthink."""
    return bundled_models() / "catalogue.toml"


def user_markers() -> Path:
    """The switch expressions that replace the shipped ones, where a person has written some."""
    return _home("config") / "markers.toml"


def history_file() -> Path:
    """The store of chat conversations."""
    return _home("data") / "history.sqlite"


def bundled_models() -> Path:
    """The folder of the models that come with localthink."""
    return Path(str(resources.files("localthink.models")))


def bundled_model() -> Path:
    """The small model that runs when no other is named."""
    return bundled_models() / "countdown.gguf"
