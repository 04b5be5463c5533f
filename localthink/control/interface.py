"""What a control is: a small object for one sample, asked before every token and told of it afterwards.

A control reads a `View` and returns an `Action`, or None where it has nothing to do; it knows no llama.cpp. What it
keeps follows from the tokens it was told of alone, so that a sample that goes on behind an earlier attempt, whose
tokens it is told again, goes on as that would have. Several controls work together: their biases add up, the
temperature is the product of theirs, and of forced tokens and requests the first counts, in the order of the list.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from localthink.control.view import FloatRow, View
from localthink.records import FinishReason
from localthink.thinking.automaton import TokenIds


class Bias(NamedTuple):
    """`values` (a number, or one for each id) are added to the logits of `ids`, which ascend."""

    ids: TokenIds
    values: FloatRow | np.float32


@dataclass(frozen=True, slots=True)
class Finish:
    """End the sample before the next token."""

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class Fork:
    """Write at most `limit` tokens greedily behind what there is and `tokens`, beside the sample, which goes on.

    `Control.forked` hears of it, some steps later: as soon as a slot was free for it.
    """

    tokens: tuple[int, ...]
    limit: int

    @property
    def room(self) -> int:
        """The tokens that it takes; it is not written where its sample has no more."""
        return len(self.tokens) + self.limit


class Action(NamedTuple):
    """What a control does at one token, and why, in the words of the trace. `why` is empty where it goes without."""

    bias: Bias | None = None
    force: tuple[int, ...] = ()
    temperature: float = 1.0
    request: Finish | Fork | None = None
    why: str = ""


class Control:
    """Does nothing. A control overrides what it needs; what it does not override costs nothing."""

    name = ""
    forks = False  # whether it may request a Fork, which takes a second slot and a model whose cache can be shared

    def before(self, view: View) -> Action | None:
        """Asked before a token is drawn from `view.logits`, which are not to be written to."""
        return None

    def instead(self, view: View, drawn: int) -> Action | None:
        """Asked when `drawn` was drawn: tokens to force in its place."""
        return None

    def after(self, view: View, token: int) -> None:
        """Told of a token, when the view has it already."""

    def forked(self, view: View, tokens: Sequence[int], logprobs: Sequence[float]) -> None:
        """Told of what a fork has written behind its own tokens, and of the natural log-probability of each.

        It ends at a closing brace, with which a boxed answer ends.
        """

    def summary(self) -> str:
        """What the trace is to say of the control at the end, where it has something to say."""
        return ""
