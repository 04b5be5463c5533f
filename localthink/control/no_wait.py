"""NoWait (arXiv 2506.08343): the words with which a model doubts itself never come while it thinks.

    z'(t, v) = -inf   if v is one of the banned words, as a token of its own in any of its forms, else z(t, v)

The paper bans the tokens of 17 keywords over the whole output; here they are banned in the thinking, for an answer
may well need the word "but". A word of several tokens is not banned: its pieces belong to other words too.
"""
from __future__ import annotations

import numpy as np

from localthink.control.interface import Action, Bias, Control
from localthink.control.view import View


class NoWait(Control):
    """`words` are joined by "+"; each is banned in small letters, with a capital, and in capitals."""

    name = "no-wait"

    def __init__(self, words: str) -> None:
        named = [word.strip() for word in words.split("+") if word.strip()]
        self._words = tuple(form for word in named for form in (word.lower(), word.capitalize(), word.upper()))
        self._ban: Action | None = None

    def before(self, view: View) -> Action | None:
        if not view.thinking:
            return None
        if self._ban is None:
            self._ban = Action(Bias(view.words.forms(self._words), np.float32(-np.inf)))
        return self._ban
