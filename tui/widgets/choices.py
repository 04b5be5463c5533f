"""Rows to choose from, as the dialogs have them."""
from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import OptionList


class Choices(OptionList, inherit_bindings=False):
    """Rows of any text. What Enter does is for the screen to say, so that its line of keys tells of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding for binding in OptionList.BINDINGS if not (isinstance(binding, Binding) and binding.key == "enter")]
    DEFAULT_CSS = """
    Choices {
        width: 100%; background: $surface; border: none; padding: 0; scrollbar-size-vertical: 1;
        & > .option-list--option { padding: 0 1; }
        &:focus { border: none; background-tint: $surface 0%; }
        &:nocolor > .option-list--option-highlighted { text-style: reverse; }
    }
    """

    @property
    def room(self) -> int:
        """The cells that a row has for its text, beside a scrollbar that may be there."""
        return self.size.width - 3
