"""Where a block of thinking begins and ends: its tags, found in what a model writes.

Where the vocabulary has a token for each of the two tags, that token is the tag and the same text in other tokens
is not. Elsewhere tags are found in the text, across the borders of tokens. A sample thinks before it answers: once
it has done so and the answer has begun, a tag is text like any other, as where an answer explains how R1 thinks. A
closing tag that no opening one stands before, in a sample that has not thought yet, says that what was written so
far was thinking: R1 begins so where its template leaves the block closed. On a line of its own in the answer of one
that has, it is no text either: a model whose thinking was closed for it may think on, and close it once more.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from localthink.errors import UsageError
from localthink.records import Part

MOST_BYTES = 60  # of a tag: so many tokens of one byte, and the white space after them, are looked at in a prompt


@dataclass(frozen=True, slots=True)
class Tags:
    """The two texts, and their token ids, None unless the vocabulary has a token for each.

    Raises UsageError where the two cannot be told from each other or from any text.
    """

    opening: str = "<think>"
    closing: str = "</think>"
    ids: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for tag in (self.opening, self.closing):
            if reason := _unusable(tag):
                raise UsageError(f"the think tag {tag!a} {reason}: give two texts as <think> and </think>")
        if self.opening in self.closing or self.closing in self.opening:
            raise UsageError(f"of the think tags {self.opening!r} and {self.closing!r} one holds the other: give two "
                             "that can be told apart, as <think> and </think>")

    def text_of(self, token: int) -> str:
        """The tag that this token is, "" if it is none."""
        if self.ids is None or token not in self.ids:
            return ""
        return self.opening if token == self.ids[0] else self.closing


def _unusable(tag: str) -> str:
    """What is wrong with the text of a tag; "" if it can be one."""
    if tag != tag.strip() or not tag:
        return "is empty" if not tag.strip() else "begins or ends with white space"
    if any("\ud800" <= character <= "\udfff" for character in tag):
        return "is not Unicode"
    size = len(tag.encode())
    return f"is {size:,} bytes long, and {MOST_BYTES} are the most" if size > MOST_BYTES else ""


# the pairs that models are known to use
KNOWN_TAGS = (Tags(), Tags("<thought>", "</thought>"), Tags("<thinking>", "</thinking>"), Tags("[THINK]", "[/THINK]"),
              Tags("<|begin_of_thought|>", "<|end_of_thought|>"))


class Turn(NamedTuple):
    """A tag that is no text. What follows it belongs to `part`.

    The latest `tokens` tokens hold it; the first of them begins with the text `before`, the last ends with `after`.
    `recasts` says that all before it was thinking.
    """

    part: Part
    tokens: int
    before: str
    after: str
    recasts: bool = False


class TagReader:
    """Finds the tags of one sample, token by token. `part` is that of the next token."""

    __slots__ = ("_answering", "_any_block", "_line_start", "_mentioned", "_pieces", "_tags", "part")

    def __init__(self, tags: Tags, begins_thinking: bool) -> None:
        self._tags = tags
        self.part: Part = "thinking" if begins_thinking else "answer"
        self._any_block = begins_thinking
        self._answering = False  # the answer has more than white space
        self._mentioned = False  # an opening tag is part of the answer
        self._line_start = True  # what was read last ends a line
        self._pieces: list[str] = []  # texts of the latest tokens, which may be the beginning of a tag

    @property
    def undecided(self) -> int:
        """How many of the latest tokens may turn out to hold a tag, together with what follows."""
        return len(self._pieces)

    def read(self, token: int, text: str) -> Turn | None:
        """Take in a token and its text, which of a tag's own token is the tag; the tag that this completes, if any."""
        if self._tags.ids is None:
            return self._search(text)
        if tag := self._tags.text_of(token):
            return self._turn(tag, 1, text.removesuffix(tag), "")
        self._note(text)
        return None

    def _search(self, text: str) -> Turn | None:
        if self.part == "answer" and self._answering and self._mentioned:
            self._pieces = []
            return None  # no tag means anything any more
        self._pieces.append(text)
        window = "".join(self._pieces)
        places = [(at, tag) for tag in (self._tags.opening, self._tags.closing) if (at := window.find(tag)) >= 0]
        at, tag = min(places, default=(len(window) - self._begun(window), ""))
        before = self._drop(at)
        if not tag:
            return None
        tokens = len(self._pieces)
        self._pieces = []
        return self._turn(tag, tokens, before, window[at + len(tag):])

    def _begun(self, window: str) -> int:
        """How many characters at the end of the window begin a tag."""
        return max((n for tag in (self._tags.opening, self._tags.closing) for n in range(1, len(tag))
                    if window.endswith(tag[:n])), default=0)

    def _drop(self, count: int) -> str:
        """Let go of the tokens that end within the first `count` characters; what is left of those in the next one."""
        while self._pieces and len(self._pieces[0]) <= count:
            count -= len(self._pieces[0])
            self._note(self._pieces.pop(0))
        before = self._pieces[0][:count] if self._pieces else ""
        self._note(before)
        return before

    def _note(self, text: str) -> None:
        if line := text.rstrip(" \t"):
            self._line_start = line.endswith("\n")
        self._answering = self._answering or (self.part == "answer" and not text.isspace() and text != "")

    def _turn(self, tag: str, tokens: int, before: str, after: str) -> Turn | None:
        self._note(before)
        opens, recasts = tag == self._tags.opening, False
        if self.part == "answer" and opens:
            if self._answering and (self._any_block or self._tags.ids is None):
                self._mentioned = True
                self._note(tag + after)
                return None
            self.part = "thinking"
        elif self.part == "answer" and self._answering:
            # as text, an answer may well mention it; a block that was begun unseen ends on a line of its own
            own_line = self._line_start or (self._tags.ids is not None and not self._any_block)
            if self._mentioned or not own_line:
                self._note(tag + after)
                return None
            if self._any_block:
                return Turn("answer", tokens, before, after)
            recasts = True
        elif not opens:
            self.part = "answer"
        self._any_block, self._answering = True, False
        return Turn(self.part, tokens, before, after, recasts)
