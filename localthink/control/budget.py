"""Whether thinking takes its own course, is brought to its end, or is kept from it. Pure: positions and text in.

Closing means that the next token is `</think>`, whatever was drawn. It waits for the end of a sentence,
so that the answer does not follow half a thought, but not for long: a limit that can be talked past
is none. Going on is what s1 does (arXiv 2501.19393, budget forcing): where the model would close its
thinking, it reads "Wait" instead.
"""
from __future__ import annotations

import re

from localthink.control.interface import Action, Control
from localthink.control.view import View
from localthink.records import BudgetRequest

GRACE_TOKENS = 64  # tokens after which thinking is closed in the middle of a sentence
EARLY = 10  # a limit of n tokens looks for a sentence end within its last n / EARLY, at most GRACE_TOKENS
GO_ON = "Wait"
# a full stop after a digit may be a decimal point or the number of a list, an exclamation mark a factorial
SENTENCE_END = re.compile(r"""(\n|[。！？?]|[^\d\s.][.!])["'”’)\]*）」』]*[ \t]*\Z""")


class ThinkingBudget:
    """The course of one sample's thinking. `limit` is the most tokens of it, None for no limit."""

    __slots__ = ("_asked", "_limit", "wish")

    def __init__(self, limit: int | None) -> None:
        self._limit, self._asked = limit, 0
        self.wish: BudgetRequest = "free"

    def steer(self, wish: BudgetRequest, position: int) -> None:
        """What a person wants from the token at `position` of the thinking; it overrules the limit."""
        self.wish, self._asked = wish, position

    @property
    def free(self) -> bool:
        """Whether nothing is to be watched."""
        return self.wish == "free" and self._limit is None

    def closes(self, position: int, tail: str) -> bool:
        """Whether the token at `position` of the thinking, after a text that ends in `tail`, is to close it."""
        if self.wish == "answer":
            early, last = self._asked, self._asked + GRACE_TOKENS
        elif self.wish == "free" and self._limit is not None:
            early, last = self._limit - min(GRACE_TOKENS, self._limit // EARLY), self._limit
        else:
            return False
        return position >= last or (position >= early and SENTENCE_END.search(tail) is not None)

    @property
    def goes_on(self) -> bool:
        """Whether the thinking must not be closed."""
        return self.wish == "think"


class BudgetControl(Control):
    """The budget of one sample: closes its thinking, or keeps it from closing.

    A tag of several tokens is kept from coming by its first one: a model hardly ever writes that for anything else.
    """

    name = "budget"

    def __init__(self, limit: int | None) -> None:
        self.budget = ThinkingBudget(limit)

    def instead(self, view: View, drawn: int) -> Action | None:
        budget, closing = self.budget, view.words.closing
        if budget.free or not view.thinking:
            return None
        ends = view.words.ends(drawn)
        if budget.closes(view.thinking_tokens, view.tail) or (ends and budget.wish == "answer"):
            return Action(force=closing, why="closed the thinking")
        if (drawn == closing[0] or ends) and budget.goes_on and (go_on := view.words.tokens(GO_ON)):
            return Action(force=go_on, why="kept the thinking open")
        return None
