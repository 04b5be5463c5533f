"""What an empty conversation says: what this is, and what to try."""
from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from localthink.chat.puzzles import PUZZLES


class Welcome(Vertical):
    """A few lines, and three puzzles where the bundled model is loaded."""

    DEFAULT_CSS = """
    Welcome { height: auto; max-width: 76; padding: 1 2; margin: 0 1; }
    Welcome > Static { height: auto; margin-bottom: 1; }
    Welcome > OptionList { height: auto; background: transparent; border: none; padding: 0; margin: 0 0 1 0; }
    """

    class Chosen(Message):
        """A puzzle to ask."""

        def __init__(self, question: str) -> None:
            super().__init__()
            self.question = question

    def compose(self) -> ComposeResult:
        about = Text()
        about.append("A model that reasons tends to jump from idea to idea and finish none. ")
        about.append("While it thinks, localthink takes α off the tokens that would begin another idea, for the first "
                     "β tokens of each, so that a thought is carried to its end.\n\n")
        about.append("⊘", "bold")
        about.append(" marks a jump that was held back; each bar is one thought, as long as its tokens. ")
        about.append("F5 shows the same question without the penalty beside it; F1 explains every key.")
        yield Static(about, markup=False)
        yield Static("The model that comes along plays Countdown. Try one of these (a click, or ↑ in the question):",
                     id="try", markup=False)
        yield OptionList(*(Option(puzzle) for puzzle in PUZZLES), id="puzzles", markup=False)

    def offer(self, bundled: bool) -> None:
        """Puzzles are for the bundled model alone."""
        self.query_one("#try").display = self.query_one("#puzzles").display = bundled

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(PUZZLES[event.option_index]))
