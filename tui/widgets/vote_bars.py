"""The answers that attempts have come to, each with its votes as a bar."""
from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from localthink.chat.solving_summary import Vote, sign
from localthink.text.sizes import counted
from localthink.tui.lines import one_line

BAR = 12  # cells


class VoteBars(Widget):
    """As many lines as its height, whatever there is to show: what stands below it does not move."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "vote-bars--bar", "vote-bars--votes", "vote-bars--right", "vote-bars--wrong", "vote-bars--rest"}
    DEFAULT_CSS = """
    VoteBars {
        height: 3; width: 1fr; padding: 0 1;
        & > .vote-bars--bar { color: $primary; }
        & > .vote-bars--votes { color: $text-muted; }
        & > .vote-bars--right { color: $text-success; text-style: bold; }
        & > .vote-bars--wrong { color: $text-error; }
        & > .vote-bars--rest { color: $text-muted; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._votes: tuple[Vote, ...] = ()

    def show(self, votes: Sequence[Vote]) -> None:
        if tuple(votes) != self._votes:
            self._votes = tuple(votes)
            self.refresh()

    def render(self) -> Text:
        room = max(1, self.content_size.height)
        shown = self._votes if len(self._votes) <= room else self._votes[:room - 1]
        width = max((len(counted(vote.votes, "vote")) for vote in self._votes), default=0)
        text = Text(no_wrap=True, overflow="ellipsis", end="")
        for vote in shown:
            text.append("█" * max(1, round(BAR * vote.share)), self._part("bar"))
            text.append(f"{'':{BAR - max(1, round(BAR * vote.share))}}  ")
            text.append(f"{counted(vote.votes, 'vote'):>{width}}  ", self._part("votes"))
            known = "" if vote.right is None else "right" if vote.right else "wrong"
            text.append(f"{sign(vote.right)} {one_line(vote.answer)}\n".lstrip(), self._part(known) if known else "")
        if rest := self._votes[len(shown):]:
            text.append(f"{'':{BAR}}  {counted(sum(vote.votes for vote in rest), 'vote'):>{width}}  "
                        f"of {counted(len(rest), 'other answer')}", self._part("rest"))
        return text

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"vote-bars--{name}", partial=True)
