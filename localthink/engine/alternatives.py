"""What else was likely where a token was drawn."""
from __future__ import annotations

import math

from localthink.engine.model import Vocabulary
from localthink.engine.sampler import Draw, FloatRow, Sampler
from localthink.records import Alternative

SURE = 0.99  # from this probability on, a token has no alternatives worth a look: most have not


def alternatives(sampler: Sampler, vocabulary: Vocabulary, logits: FloatRow, draw: Draw,
                 count: int) -> tuple[Alternative, ...]:
    """What was likely in the row of the sampler's latest draw, and what would have come without the controls.

    Where nothing else was likely, the token itself.
    """
    if not count:
        return ()
    likely = [(draw.token, math.exp(draw.raw_logprob), math.exp(draw.logprob))]
    if min(likely[0][1:]) < SURE:
        likely = sampler.alternatives(logits, count)
    if draw.instead is not None and all(token != draw.instead for token, *_ in likely):
        likely = [*likely[:count - 1], sampler.chances(logits, draw.instead)]
    return tuple(Alternative(token, vocabulary.piece(token).decode("utf-8", "replace"), before, after)
                 for token, before, after in likely)
