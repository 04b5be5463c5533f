"""A fork of a sample: a few tokens written greedily beside it, of which only the control that asked hears."""
from __future__ import annotations

from localthink.control.interface import Control, Fork
from localthink.engine.sample import Sample
from localthink.engine.sampler import Draw
from localthink.records import Alternative, Event, FinishReason, Generation, Request, Sampling, Tip
from localthink.thinking.tracker import NOTHING, ThoughtTracker

ANSWER_ENDS = "}"  # what follows a boxed answer says nothing of how certain it is


class Trial(Sample):
    """What `parent` would write next behind the fork's own tokens. Its cache is the parent's, shared."""

    def __init__(self, parent: Sample, asker: Control, fork: Fork) -> None:
        prompt = (*parent.job.tokens, *fork.tokens)
        generation = Generation(Sampling(temperature=0), Tip(alpha=0), fork.limit, stop=(ANSWER_ENDS,))
        super().__init__(parent.request_id, Request(prompt, generation), parent.index,
                         ThoughtTracker(NOTHING, begins_thinking=False))
        self._parent, self._asker, self._logprobs = parent, asker, list[float]()

    def accept(self, draw: Draw, piece: bytes, now: float, ends: bool = False, last: bool = False,
               alternatives: tuple[Alternative, ...] = ()) -> list[Event]:
        """Nobody is told of a token. The last one ends the trial, and the control hears of all of them."""
        self._logprobs.append(draw.logprob)
        super().accept(draw, piece, now, ends, last)
        return []

    def finish(self, reason: FinishReason) -> list[Event]:
        self.finished = reason
        if reason != "cancelled" and self._parent.finished is None:
            self._asker.forked(self._parent.view, self.tokens, self._logprobs)
        return []
