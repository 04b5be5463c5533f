"""How long a sample thinks: a maximum that lands softly, a minimum, room for an answer, and what a person wants.

Closing means that the next token is the closing tag, whatever was drawn. It waits for the end of a sentence, so that
the answer does not follow half a thought, but not for long: a limit that can be talked past is none. A soft landing
waits, from the limit on, for a sentence end at which the model itself might stop: where the closing tag is among its
ten likeliest tokens, or its log-probability is at most `landing` below the likeliest one's, which is ThinkBrake's
margin (arXiv 2510.00546):

    log p(likeliest) - log p(closing tag) <= landing

Going on is what s1 does (arXiv 2501.19393, budget forcing): where the model would close its thinking too early, it
reads "Wait" instead. An answer comes where room is kept for one: thinking that would use it up is closed.
"""
from __future__ import annotations

import re
from collections.abc import Callable

from localthink.control.interface import Action, Control
from localthink.control.view import View
from localthink.records import BudgetRequest, Generation

GRACE_TOKENS = 64  # tokens after which thinking is closed in the middle of a sentence
EARLY = 10  # a limit of n tokens looks for a sentence end within its last n / EARLY, at most GRACE_TOKENS
LATE = 4  # a soft landing takes at most a quarter of the limit,
LONGEST_LANDING = 256  # and at most so many tokens
LIKELY = 10  # the closing tag is likely where it is among so many tokens
SHARE = 4  # an answer is kept at most a quarter of all the tokens that may come
GO_ON = "Wait"
# a full stop after a digit may be a decimal point or the number of a list, an exclamation mark a factorial
SENTENCE_END = re.compile(r"""(\n|[。！？?]|[^\d\s.][.!])["'”’)\]*）」』]*[ \t]*\Z""")


def ends_sentence(tail: str) -> bool:
    """Whether a text, of which `tail` is the end, ends a sentence."""
    return SENTENCE_END.search(tail) is not None


class ThinkingBudget:
    """The course of one sample's thinking.

    `limit` is the most tokens of it, None for no limit, `least` the fewest. With `landing` the limit is where a soft
    landing begins, and not where it ends.
    """

    __slots__ = ("_asked", "_landing", "_limit", "least", "wish")

    def __init__(self, limit: int | None, least: int = 0, landing: bool = False) -> None:
        self._asked, self._limit, self.least, self._landing = 0, limit, least, landing
        self.wish: BudgetRequest = "free"

    def steer(self, wish: BudgetRequest, position: int) -> None:
        """What a person wants from the token at `position` of the thinking; it overrules the limit."""
        self.wish, self._asked = wish, position

    @property
    def free(self) -> bool:
        """Whether nothing is to be watched."""
        return self.wish == "free" and self._limit is None and not self.least

    def closes(self, position: int, tail: str, near: Callable[[], bool] = lambda: True) -> bool:
        """Whether the token at `position` of the thinking, after a text that ends in `tail`, is to close it.

        `near` says whether the model might close it by itself; it is asked at the sentence ends of a soft landing.
        """
        if self.wish == "answer":
            early, last, near = self._asked, self._asked + GRACE_TOKENS, lambda: True
        elif self.wish == "think" or self._limit is None:
            return False
        elif self._landing:
            early, last = self._limit, self._limit + min(LONGEST_LANDING, self._limit // LATE)
        else:
            early, last = max(self.least, self._limit - min(GRACE_TOKENS, self._limit // EARLY)), self._limit
        return position >= last or (position >= early and ends_sentence(tail) and near())

    def goes_on(self, position: int) -> bool:
        """Whether the thinking must not be closed by the token at `position`."""
        return self.wish == "think" or (self.wish == "free" and position < self.least)


class BudgetControl(Control):
    """The budget of one sample: closes its thinking, or keeps it from closing.

    A tag of several tokens is kept from coming by its first one: a model hardly ever writes that for anything else.
    """

    name = "budget"

    def __init__(self, generation: Generation) -> None:
        landing = generation.landing
        self.budget = ThinkingBudget(generation.max_thinking, generation.min_thinking or 0, landing is not None)
        self._landing, self._message, self._kept = landing or 0.0, generation.closing, generation.answer_room

    def instead(self, view: View, drawn: int) -> Action | None:
        budget = self.budget
        if (budget.free and not self._kept) or not view.thinking:
            return None
        position, closing, ends = view.thinking_tokens, view.words.closing, view.words.ends(drawn)
        if budget.closes(position, view.tail, lambda: self._near(view)):
            said = "as it was asked to" if budget.wish == "answer" else "at its limit"
            return self._close(view, f"closed the thinking {said}, after {position:,} tokens")
        if self._kept and budget.wish != "think" and self._runs_out(view):
            return self._close(view, f"closed the thinking after {position:,} tokens, to keep room for an answer")
        if budget.goes_on(position):
            if (drawn == closing[0] or ends) and (go_on := view.words.tokens(GO_ON)):
                least = "" if budget.wish == "think" else f", as it has not had {budget.least:,} tokens"
                return Action(force=go_on, why=f"kept the thinking open{least}")
        elif ends and (budget.wish == "answer" or self._kept):
            return self._close(view, "closed the thinking, where the text would have ended without an answer")
        return None

    def _close(self, view: View, why: str) -> Action:
        message = view.words.tokens(self._message) if self._message else ()
        return Action(force=(*message, *view.words.closing), why=why)

    def _near(self, view: View) -> bool:
        """Whether the model might close its thinking here by itself."""
        tag = view.words.closing[0]
        return view.margin(tag) <= self._landing or view.rank(tag) < LIKELY

    def _runs_out(self, view: View) -> bool:
        """Whether so little room is left that the thinking has to end, if possible where a sentence does."""
        together = view.position + view.room  # as many tokens may come, from the first to the last
        message = len(view.words.tokens(self._message)) if self._message else 0
        left = view.room - min(self._kept, together // SHARE) - len(view.words.closing) - message
        return left <= 0 or (left <= min(GRACE_TOKENS, together // EARLY) and ends_sentence(view.tail))
