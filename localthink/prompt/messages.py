"""From messages to the tokens of a prompt.

Knows what R1 wants of a conversation: no earlier thinking, one BOS, the model's own template, an open block.
Knows of the vocabulary only what `Tokens` says, and of templates only that they render.

What a message says is text and never structure. Tokenized as Hugging Face does, in one piece with
special tokens parsed, a message that holds `<｜Assistant｜>` or `</think>` would forge a turn. So
`render` puts a seam inside every such text in a message, and `encode` tokenizes on either side of
it. Nothing else is cut: without such text the tokens are exactly those of Hugging Face.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from localthink.errors import PromptError
from localthink.prompt.template import ChatTemplate
from localthink.records import Message
from localthink.thinking.tags import KNOWN_TAGS, Tags

LONGEST_TAG = 64  # tokens, with the white space after it
SEAM = "\ud800"  # half of a surrogate pair: no text can hold it, so none can be mistaken for it
LONG, PIECE = 2**20, 2**16  # characters: from which on a text is counted first, and so many at a time


class Tokens(Protocol):
    """What a prompt needs of a vocabulary."""

    @property
    def bos(self) -> int | None: ...

    @property
    def add_bos(self) -> bool: ...

    def tokenize(self, text: str, special: bool) -> list[int]:
        """Token ids of `text`, nothing added; `special` says if texts of control tokens become them."""
        ...

    def piece(self, token: int) -> bytes: ...


def without_thinking(messages: Sequence[Message], pairs: Sequence[Tags] = KNOWN_TAGS) -> list[Message]:
    """Messages from elsewhere without the block that an assistant's may begin with: R1's authors ask for that.

    What localthink has written itself has no thinking in its answers, and is not to be searched for any.
    """
    return [replace(m, content=_without_block(m.content, pairs)) if m.role == "assistant" else m for m in messages]


def _without_block(content: str, pairs: Sequence[Tags]) -> str:
    """What follows the block of thinking that the text begins with; nothing where that never ends."""
    text = content.lstrip()
    for tags in pairs:
        if text.startswith(tags.opening):
            return text.partition(tags.closing)[2].lstrip()
    return content


def render(messages: Sequence[Message], template: ChatTemplate | None, specials: Sequence[str] = ()) -> str:
    """The prompt as text for `encode`: the template's, or without one plain text to be completed.

    `specials` are the texts that must not become tokens where a message holds them: those of the
    control tokens and of the thinking tags. Plain text is the content of a single user message;
    other messages become a transcript, each after `System: `, `User: ` or `Assistant: ` and before
    a blank line, which ends in `Assistant:`.
    """
    if not messages:
        raise PromptError("there is no message: give at least one")
    shown = [replace(m, content=_sew(_checked(m.content), specials)) for m in messages]
    if template is not None:
        return template.render(shown)
    if len(shown) == 1 and shown[0].role == "user":
        return shown[0].content
    return "".join(f"{m.role.capitalize()}: {m.content}\n\n" for m in shown) + "Assistant:"


def encode(text: str, tokens: Tokens, context: int | None = None) -> tuple[int, ...]:
    """The prompt's token ids, special tokens parsed, with exactly one BOS if there is to be one.

    There is if the vocabulary asks for it or the text begins with it. `text` is what `render`
    returned. Raises PromptError if there is none, and for a text that `context` tokens cannot nearly hold.
    """
    pieces = [_checked(piece) for piece in text.split(SEAM) if piece]
    if context is not None and len(text) > LONG:
        _check_length(pieces, tokens, context)
    ids = [token for piece in pieces for token in tokens.tokenize(piece, special=True)]
    if not ids:
        raise PromptError("the prompt is empty: give some text")
    if tokens.bos is None:
        return tuple(ids)
    written = next((n for n, token in enumerate(ids) if token != tokens.bos), len(ids))
    start = [tokens.bos] if written or tokens.add_bos else []
    return (*start, *ids[written:])


def leaves_open(text: str, tags: Tags) -> bool:
    """Whether a rendered prompt ends inside a block of thinking."""
    opened, closed = text.rfind(tags.opening), text.rfind(tags.closing)
    return opened > closed


def opened(text: str, tags: Tags) -> str:
    """A rendered prompt that ends inside a block of thinking, as R1's authors ask for."""
    return text if leaves_open(text, tags) else f"{text}{tags.opening}\n"


def begins_thinking(prompt_ids: Sequence[int], tags: Tags, tokens: Tokens) -> bool:
    """Whether the prompt leaves the thinking block open, so that what follows it begins inside.

    Where the tags are no tokens, only a prompt that ends with the opening one is known to: a message may hold it too.
    """
    if tags.ids is not None:
        return next((token for token in reversed(prompt_ids) if token in tags.ids), None) == tags.ids[0]
    end = b"".join(tokens.piece(token) for token in prompt_ids[-LONGEST_TAG:]).decode("utf-8", "replace")
    return end.rstrip().endswith(tags.opening)


def check_room(prompt_tokens: int, context: int, trained: int | None = None) -> None:
    """Raise PromptError unless `context` tokens hold the prompt and at least one more.

    `trained` is the longest context the model was trained for: no larger one is advised.
    """
    if prompt_tokens < context:
        return
    fact = f"the prompt is {prompt_tokens} tokens and the context holds {context}, with no room for an answer"
    if trained is not None and prompt_tokens >= trained:
        raise PromptError(f"{fact}: the model was trained for {trained} at most, so shorten the prompt")
    raise PromptError(f"{fact}: shorten it, or open the model with a longer context",
                      f"--context {prompt_tokens + 1} or more is enough")


def _check_length(pieces: Sequence[str], tokens: Tokens, context: int) -> None:
    """Raise PromptError before a text is tokenized as a whole, for which llama.cpp takes a hundred bytes a character.

    Where a piece is cut the tokens may be others, and a few more of them: hence twice the context.
    """
    counted = 0
    for piece in pieces:
        for start in range(0, len(piece), PIECE):
            counted += len(tokens.tokenize(piece[start : start + PIECE], special=True))
            if counted > 2 * context:
                raise PromptError(f"the prompt is {sum(map(len, pieces)):,} characters, far more than the {context} "
                                  "tokens that the context holds: shorten the prompt",
                                  "where the chat template writes most of it, --raw leaves it out")


def _sew(content: str, specials: Sequence[str]) -> str:
    """A seam after the first character of every special text, overlapping ones too."""
    texts = "|".join(re.escape(text) for text in specials if len(text) > 1)
    return re.sub(f"(?s)(?=(?:{texts}))(.)", rf"\1{SEAM}", content) if texts else content


def _checked(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PromptError(
            f"character {error.start + 1} is {text[error.start]!a}, half of a surrogate pair: the text is not Unicode"
        ) from None
    return text
