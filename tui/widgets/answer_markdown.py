r"""The Markdown of an answer: what its blocks are, where mathematics begins and ends, and what cannot change any more.

Differs from CommonMark where a model's text would be lost or misread: HTML is text; `\( \)`, `\[ \]`, `$ $`, `$$ $$`,
LaTeX environments and `\boxed{}` are mathematics, and left open they stay as they are written; no line under a
paragraph makes it a heading; there are no link definitions, which would be read and not shown.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from localthink.chat.mathematics import closing_brace

MATH, MATH_BLOCK = "math_inline", "math_block"
CONTINUES = "continues"  # in the meta of an item that is not the first of its list
MOST_LINES = 100  # of one formula
DEEPEST = 20  # quotes and lists in one another; what is deeper is shown as it is written

_OPENERS = re.compile(r"\\\(|\\\[|\$\$?|\\boxed\s*\{|\\begin\{([A-Za-z]+\*?)\}")
_BLOCK_OPENERS = re.compile(r"\\\[|\$\$|\\begin\{([A-Za-z]+\*?)\}")
_CLOSERS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}
_AFTER_BLOCK = re.compile(r"[.,;:!]?\s*")
_ONE_SIGN = re.compile(r"[A-Za-z]|.*[\\^_].*", re.DOTALL)
_FENCE_END = re.compile(r" {0,3}(`{3,}|~{3,})\s*")


@cache
def parser() -> MarkdownIt:
    """The one parser: it keeps nothing from one text to the next."""
    made = MarkdownIt("gfm-like", {"html": False, "linkify": False, "maxNesting": DEEPEST})
    made.disable(["linkify", "lheading", "reference", "html_block", "html_inline"])
    made.inline.ruler.before("escape", MATH, _inline)
    made.block.ruler.before("fence", MATH_BLOCK, _block, {"alt": ["paragraph", "blockquote", "list"]})
    made.core.ruler.push("whole", _keep_whole)
    made.core.ruler.push("items", _divide_lists)
    return made


def parse(text: str) -> list[Token]:
    return parser().parse(text)


# Mathematics

def _inline(state: StateInline, silent: bool) -> bool:
    """A formula within a line. One that is not closed is text, with all that follows it in its paragraph."""
    opener = _OPENERS.match(state.src, state.pos, state.posMax)
    if opener is None:
        return _keep_bracket(state, silent)
    end = _end_of(state.src, opener, state.posMax)
    if end is None:
        if opener[0] == "$":
            return False
        if not silent:
            state.pending += state.src[state.pos:state.posMax]
        state.pos = state.posMax
        return True
    if not silent:
        _fill(state.push(MATH, "math", 0), state.src, opener, end)
    state.pos = end + len(_closer(opener))
    return True


def _keep_bracket(state: StateInline, silent: bool) -> bool:
    r"""Leave a `\)` or `\]` as it stands: in Markdown its backslash would vanish."""
    if not state.src.startswith(("\\)", "\\]"), state.pos):
        return False
    if not silent:
        state.pending += state.src[state.pos:state.pos + 2]
    state.pos += 2
    return True


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula that begins a line and ends one, with no empty line in it."""
    if state.is_code_block(start):
        return False
    first = _line(state, start)
    opener = _BLOCK_OPENERS.match(first)
    if opener is None:
        return False
    text = ""
    for line in range(start, min(end, start + MOST_LINES)):
        if line > start and (state.isEmpty(line) or state.sCount[line] < state.blkIndent):
            return False
        text += ("\n" if line > start else "") + _line(state, line)
        if _closer(opener) not in text:
            continue
        close = _end_of(text, opener, len(text))
        if close is None:
            continue
        after = text[close + len(_closer(opener)):]
        if not _AFTER_BLOCK.fullmatch(after):
            return False
        if not silent:
            token = state.push(MATH_BLOCK, "math", 0)
            token.block, token.map = True, [start, line + 1]
            _fill(token, text, opener, close)
            token.meta["after"] = after.strip()
            state.line = line + 1
        return True
    return False


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line]:state.eMarks[line]]


def _fill(token: Token, text: str, opener: re.Match[str], end: int) -> None:
    """`content` is the LaTeX, and `meta["source"]` that with what stands around it."""
    whole = opener[1] is not None or opener[0].startswith("\\boxed")
    after = end + len(_closer(opener))
    token.meta = {"source": text[opener.start():after]}
    token.content = token.meta["source"] if whole else text[opener.end():end]
    token.markup = opener[0]


def _closer(opener: re.Match[str]) -> str:
    if opener[1] is not None:
        return f"\\end{{{opener[1]}}}"
    return _CLOSERS.get(opener[0], "}")


def _end_of(text: str, opener: re.Match[str], limit: int) -> int | None:
    """Where the closer of a formula stands, None where there is none before `limit`."""
    if opener[0].startswith("\\boxed"):
        end = closing_brace(text, opener.end())
        return end if end is not None and end < limit else None
    if opener[0] == "$":
        return _end_of_dollars(text, opener, limit)
    end = _find(text, _closer(opener), opener.end(), limit)
    return end if end is not None and text[opener.end():end].strip() else None


def _end_of_dollars(text: str, opener: re.Match[str], limit: int) -> int | None:
    """As Pandoc has it: no space inside the dollars, no digit outside them; "$5 and $10" is money."""
    start = opener.end()
    end = _find(text, "$", start, limit)
    if end is None or end == start or text[start].isspace() or text[end - 1].isspace():
        return None
    before, after = text[opener.start() - 1:opener.start()], text[end + 1:end + 2] if end + 1 < limit else ""
    if before.isdigit() or after.isdigit() or after == "$":
        return None
    return end if not after.isalpha() or _ONE_SIGN.fullmatch(text, start, end) else None


def _find(text: str, closer: str, start: int, limit: int) -> int | None:
    """The first place of `closer` that no backslash before it takes away."""
    place = start
    while (place := text.find(closer, place, limit)) >= 0:
        slashes = place - len(text[start:place].rstrip("\\")) - start
        if slashes % 2 == 0:
            return place
        place += 1
    return None


def _keep_whole(state: StateCore) -> None:
    """Show a text as it is written if it is nested too deep: the parser would leave out what is inside."""
    if any(token.level >= DEEPEST - 1 for token in state.tokens):
        inline = Token("inline", "", 0, level=1, content=state.src, children=[Token("text", "", 0, content=state.src)])
        lines = [0, state.src.count("\n") + 1]
        state.tokens = [Token("paragraph_open", "p", 1, map=lines), inline, Token("paragraph_close", "p", -1)]


def _divide_lists(state: StateCore) -> None:
    """Make lists of single items, as an answer may be cut between them: each keeps the number that is written."""
    tokens: list[Token] = []
    opened: list[Token] = []
    for token in state.tokens:
        if token.type.endswith("_list_open"):
            opened.append(token)
        elif token.type == "list_item_open" and tokens[-1].type == "list_item_close":
            begun = opened[-1]
            tokens.append(Token(begun.type.replace("open", "close"), begun.tag, -1, level=begun.level, block=True))
            tokens.append(Token(begun.type, begun.tag, 1, map=token.map, level=begun.level, markup=begun.markup,
                                block=True, meta={CONTINUES: True}))
        elif token.type.endswith("_list_close"):
            opened.pop()
        tokens.append(token)
    state.tokens = tokens


# What is settled

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
    if blocks and blocks[-1].map and _is_closed(blocks[-1], lines):
        yield blocks[-1].map[1], False
    for block in reversed(blocks[1:]):
        if block.map:
            yield block.map[0], CONTINUES in block.meta


def _is_closed(token: Token, lines: list[str]) -> bool:
    """Whether a block has an end of its own, and has come to it."""
    assert token.map is not None
    if token.type == "fence":
        start, end = token.map
        found = _FENCE_END.fullmatch(lines[end - 1]) if end - 1 > start else None
        return found is not None and found[1].startswith(token.markup)
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
        if _BLOCK_OPENERS.search(lines[line]):
            return True
    return False
