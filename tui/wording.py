"""Figures in words, as they are said everywhere in the terminal program."""
from __future__ import annotations

from localthink.chat.wording import counted, lasted

__all__ = ["counted", "lasted"]
