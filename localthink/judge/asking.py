"""A case as the tokens of a prompt, cut so that a context holds them."""
from __future__ import annotations

import math
from dataclasses import dataclass

from localthink.engine.model import Model
from localthink.errors import PromptError
from localthink.judge.interface import Case
from localthink.judge.prompts import Prompts
from localthink.records import Message

CUT_MARK = "[…] "
BLOCKS = 4  # what is too long is cut by such parts of the room: the next thoughts then begin alike, and share the cache


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt's tokens, and how many tokens of what stood before the case are not in it."""

    tokens: tuple[int, ...]
    cut: int = 0


def asked(model: Model, prompts: Prompts, case: Case, longest: int) -> Asked:
    """The prompt of a case, with less of its `before` where that and one token more would be over `longest` tokens.

    Raises PromptError where even the case alone is too long, or is no text.
    """
    room = longest - 1
    tokens = prompt_tokens(model, prompts, case, case.before)
    if len(tokens) <= room:
        return Asked(tokens)
    before = model.vocabulary.tokenize(case.before)
    block = max(1, room // BLOCKS)
    cut = math.ceil((len(tokens) - room) / block) * block
    while cut < len(before):
        rest = b"".join(map(model.vocabulary.piece, before[cut:])).decode("utf-8", "ignore")
        tokens = prompt_tokens(model, prompts, case, CUT_MARK + rest.lstrip())
        if len(tokens) <= room:
            return Asked(tokens, cut)
        cut += block
    tokens = prompt_tokens(model, prompts, case, CUT_MARK.strip() if before else "")
    if len(tokens) > room:
        raise PromptError(f"the {case.kind} is too long for the judge: with its question it takes {len(tokens):,} "
                          f"tokens, and there is room for {room:,}")
    return Asked(tokens, len(before))


def prompt_tokens(model: Model, prompts: Prompts, case: Case, before: str) -> tuple[int, ...]:
    """The whole prompt. A model that thinks finds its thinking closed, so that its answer begins at once."""
    messages = [Message("user", prompts.filled(case, before))]
    tokens = model.prompt(messages, think="open" if model.thinks else "free")
    if model.begins_thinking(tokens):
        tokens += tuple(model.vocabulary.tokenize(f"\n{model.tags.closing}\n\n", special=True))
    return tokens
