"""What a control may see of a sample before its next token."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from localthink.records import BudgetRequest
    from localthink.thinking.automaton import TokenIds
    from localthink.thinking.tracker import ThoughtTracker

FloatRow = npt.NDArray[np.float32]
TAIL = 4  # tokens whose text is enough to see the end of a sentence


class Words:
    """The tokens that controls force or look for, in one vocabulary: those of the closing tag, and of any text."""

    def __init__(self, closing: Sequence[int] = (), tokenize: Callable[[str], list[int]] | None = None,
                 ends: Callable[[int], bool] | None = None) -> None:
        self.closing = tuple(closing)
        self._tokenize, self._ends = tokenize, ends
        self._known: dict[str, tuple[int, ...]] = {}
        self._forms: dict[tuple[str, ...], TokenIds] = {}
        self._found: dict[str, frozenset[int]] = {}

    def tokens(self, text: str) -> tuple[int, ...]:
        """A text as tokens; asked for once."""
        if text not in self._known:
            self._known[text] = tuple(self._tokenize(text)) if self._tokenize is not None else ()
        return self._known[text]

    def forms(self, words: tuple[str, ...]) -> TokenIds:
        """The tokens that are one of these words as a whole, at a line's start or after a space, ids ascending."""
        if words not in self._forms:
            spelt = (self.tokens(before + word) for word in words for before in ("", " "))
            found = {tokens[0] for tokens in spelt if len(tokens) == 1}
            self._forms[words] = np.array(sorted(found), dtype=np.int64)
        return self._forms[words]

    def is_word(self, token: int, word: str) -> bool:
        """Whether a token is this word as a whole."""
        if word not in self._found:
            self._found[word] = frozenset(self.forms((word,)).tolist())
        return token in self._found[word]

    def ends(self, token: int) -> bool:
        """Whether a token ends the generation."""
        return self._ends is not None and self._ends(token)


class View:
    """One sample, as its controls see it; the same object all the way, brought up to date before every token.

    `tokens` are those generated so far, `room` is how many may still come. `logits` is the row that the next token is
    drawn from, before any bias; with the biases on it once a token was drawn. `seed` is the sample's own, and `wish`
    what a person wants of its thinking.
    """

    __slots__ = ("_texts", "logits", "logprob", "room", "seed", "thinking_since", "tokens", "tracker", "whole", "wish",
                 "words")

    def __init__(self, tracker: ThoughtTracker, words: Words, tokens: list[int], texts: list[str]) -> None:
        self.tracker, self.words, self.tokens, self._texts = tracker, words, tokens, texts
        self.logits: FloatRow = np.empty(0, np.float32)
        self.logprob = 0.0  # of the latest token, after the biases, at the sampling temperature
        self.thinking_since = 0  # the position behind the opening tag
        self.room = 2**31
        self.seed = 0
        self.wish: BudgetRequest = "free"
        self.whole = True  # no character is half written

    @property
    def position(self) -> int:
        """How many tokens there are."""
        return self.tracker.position

    @property
    def thinking(self) -> bool:
        return self.tracker.part == "thinking"

    @property
    def thinking_tokens(self) -> int:
        """Tokens since the block of thinking opened."""
        return self.tracker.position - self.thinking_since

    @property
    def tail(self) -> str:
        """The end of the text; empty within a character, which ends nothing."""
        return "".join(self._texts[-TAIL:]) if self.whole else ""

    def text(self, tokens: int) -> str:
        """The text of the latest so many tokens."""
        return "".join(self._texts[-tokens:])

    def margin(self, token: int) -> float:
        """How much more likely the likeliest next token is than this one: a difference of natural log-probabilities."""
        return float(self.logits.max()) - float(self.logits[token])

    def rank(self, token: int) -> int:
        """How many next tokens are likelier than this one."""
        return int(np.count_nonzero(self.logits > self.logits[token]))

    def logprobs(self, count: int) -> FloatRow:
        """The natural log-probabilities of the `count` likeliest next tokens, at temperature 1, in no order."""
        top = self.logits.max()
        total = np.log(np.exp(self.logits - top).sum())
        kept: FloatRow = np.partition(self.logits, -count)[-count:] - top - total
        return kept
