"""What cannot change any more of an answer that is still being written."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from localthink.chat.code_blocks import is_closed
from localthink.tui.widgets.answer_markdown import BLOCK_OPENERS, CONTINUES, MATH_BLOCK, parse


@dataclass(frozen=True, slots=True)
class Settled:
    """So many characters of a text are blocks that nothing written after them changes.

    `amid_list`: the text after them goes on with an item of the list that they end with.
    """

    length: int
    amid_list: bool = False


def settled(text: str) -> Settled:
    """How much of an unfinished text can be shown for good: all before the last block, or item of a list.

    Lines that are not ended, and formulas that may still be closed, settle nothing.
    """
    lines = text.split("\n")[:-1]
    tokens = parse("\n".join(lines)) if lines else []
    for line, amid_list in _boundaries(tokens, lines):
        if not _formula_open(lines[:line], tokens):
            return Settled(sum(map(len, lines[:line])) + line, amid_list)
    return Settled(0)


def _boundaries(tokens: list[Token], lines: list[str]) -> Iterator[tuple[int, bool]]:
    """Lines before which everything is complete, the last first, and whether they are amid a list."""
    blocks = [token for token in tokens if token.level == 0 and token.map is not None]
    if blocks and blocks[-1].map and _has_ended(blocks[-1], lines):
        yield blocks[-1].map[1], False
    for block in reversed(blocks[1:]):
        if block.map:
            yield block.map[0], CONTINUES in block.meta


def _has_ended(token: Token, lines: list[str]) -> bool:
    """Whether a block has an end of its own, and has come to it."""
    if token.type == "fence":
        return is_closed(token, lines)
    return token.type in ("heading_open", "hr", MATH_BLOCK)


def _formula_open(lines: list[str], tokens: list[Token]) -> bool:
    """Whether a formula that was begun since the last empty line may still be closed below these lines."""
    covered = {line for token in tokens if token.type in ("fence", "code_block", MATH_BLOCK) and token.map
               for line in range(*token.map)}
    for line in range(len(lines) - 1, -1, -1):
        if line in covered:
            continue
        if not lines[line].strip():
            return False
        if BLOCK_OPENERS.search(lines[line]):
            return True
    return False
