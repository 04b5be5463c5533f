"""The text of one block of an answer, with its styles: nothing in it can be clicked, and nothing is left out."""
from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token
from textual.content import Content, Span

from localthink.latex.formulas import pieces
from localthink.text.visible import visible
from localthink.tui.widgets.answer_markdown import MATH

# A ground in a theme's colour would be the colour of the text where a terminal has only sixteen of them
FORMULA, CODE, LINK, BOXED = "italic", "$text-warning", "underline", "bold reverse $text-accent"
_STYLES = {"em_open": "italic", "strong_open": "bold", "s_open": "strike", "link_open": LINK}
_SPACES = re.compile(r"[ \t]*\n[ \t]*")


def inline_content(tokens: Sequence[Token]) -> Content:
    """The content of a paragraph, a heading or a cell."""
    writer = _Writer()
    for token in tokens:
        writer.take(token)
    return writer.content()


def formula_content(token: Token) -> Content:
    """The content of a formula that stands alone."""
    writer = _Writer()
    writer.take_math(token, alone=True)
    writer.write(token.meta["after"])
    return writer.content()


class _Writer:
    """Collects text and the spans of its styles."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._spans: list[Span] = []
        self._open: list[tuple[str, int, str]] = []  # style, where it begins, the address of a link
        self._length = 0

    def content(self) -> Content:
        return Content("".join(self._parts), spans=self._spans)

    def write(self, text: str, style: str = "") -> None:
        text = visible(text)  # an entity may be a control character
        if style and text:
            self._spans.append(Span(self._length, self._length + len(text), style))
        self._parts.append(text)
        self._length += len(text)

    def take(self, token: Token) -> None:
        if token.type == "text":
            self.write(_SPACES.sub("\n", token.content))
        elif token.type in ("softbreak", "hardbreak"):
            self.write("\n")
        elif token.type == "code_inline":
            self.write(token.content, CODE)
        elif token.type == MATH:
            self.take_math(token)
        elif token.type == "image":
            self.write(f"{token.content} ({token.attrGet('src')})", LINK)
        elif token.type in _STYLES:
            self._open.append((_STYLES[token.type], self._length, str(token.attrGet("href") or "")))
        elif token.type.endswith("_close"):
            self._close()

    def _close(self) -> None:
        style, start, address = self._open.pop()
        self._spans.append(Span(start, self._length, style))
        if address and address.removeprefix("mailto:") != "".join(self._parts)[start:]:
            self.write(f" ({address})")

    def take_math(self, token: Token, alone: bool = False) -> None:
        """A formula that can be read, with its boxes, or else its source, whole."""
        found = pieces(token.content)
        if found is None or (not alone and any("\n" in piece.text for piece in found)):
            self.write(token.meta["source"], CODE)
            return
        for piece in found:
            self.write(piece.text, BOXED if piece.boxed else FORMULA)
