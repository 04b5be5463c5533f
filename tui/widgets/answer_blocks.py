"""The blocks of an answer, of which some hold others, made from the tokens of its Markdown."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markdown_it.token import Token
from textual.content import Content

from localthink.tui.widgets.answer_content import formula_content, inline_content
from localthink.tui.widgets.answer_markdown import CONTINUES, MATH_BLOCK

Side = Literal["left", "center", "right"]

BULLETS = "•▪‣◦"
TAB = 4  # columns in code


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, or a heading of a level from 1 to 6."""

    content: Content
    level: int = 0


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that stands alone."""

    content: Content


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code, and the language that the model says it is in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Blocks that are quoted."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list; it `continues` one if it is not the first."""

    marker: str
    blocks: tuple[Block, ...]
    continues: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first of which are headings, and at which side the cells of a column stand."""

    rows: tuple[tuple[Content, ...], ...]
    sides: tuple[Side, ...]


Block = Paragraph | Formula | Code | Rule | Quote | Item | Table


def blocks_of(tokens: Sequence[Token]) -> list[Block]:
    return list(_Reader(tokens).blocks("", 0))


class _Reader:
    """Goes through the tokens once; what holds others is read up to its closing token."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def _next(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def blocks(self, end: str, depth: int) -> tuple[Block, ...]:
        found: list[Block] = []
        while self._place < len(self._tokens) and (token := self._next()).type != end:
            if token.type in ("paragraph_open", "heading_open"):
                level = int(token.tag[1:]) if token.type == "heading_open" else 0
                found.append(Paragraph(inline_content(self._next().children or ()), level))
            elif token.type in ("fence", "code_block"):
                language = token.info.split()[0] if token.info.strip() else ""
                found.append(Code(token.content.removesuffix("\n").expandtabs(TAB), language))
            elif token.type == MATH_BLOCK:
                found.append(Formula(formula_content(token)))
            elif token.type == "hr":
                found.append(Rule())
            elif token.type == "blockquote_open":
                found.append(Quote(self.blocks("blockquote_close", depth)))
            elif token.type.endswith("_list_open"):
                found.append(self._item(token, depth))
            elif token.type == "table_open":
                found.append(self._table())
        return tuple(found)

    def _item(self, opened: Token, depth: int) -> Item:
        item = self._next()
        ordered = opened.type == "ordered_list_open"
        marker = f"{item.info}{item.markup} " if ordered else f"{BULLETS[depth % len(BULLETS)]} "
        blocks = self.blocks("list_item_close", depth if ordered else depth + 1)
        self._next()  # its list ends with it
        return Item(marker, blocks, CONTINUES in opened.meta)

    def _table(self) -> Table:
        rows: list[list[Content]] = []
        sides: list[Side] = []
        while (token := self._next()).type != "table_close":
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                if token.type == "th_open":
                    sides.append(_side(token))
                rows[-1].append(inline_content(self._next().children or ()))
        return Table(tuple(map(tuple, rows)), tuple(sides))


def _side(token: Token) -> Side:
    style = str(token.attrGet("style") or "")
    return "right" if style.endswith("right") else "center" if style.endswith("center") else "left"

