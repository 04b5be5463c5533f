r"""The Markdown of an answer: what its blocks are, and where mathematics begins and ends.

Differs from CommonMark where a model's text would be lost or misread: HTML is text; `\( \)`, `\[ \]`, `$ $`, `$$ $$`,
LaTeX environments and `\boxed{}` are mathematics, and left open they stay as they are written; what may be a product
or a name is no emphasis (see answer_emphasis.py); no line under a paragraph makes it a heading; there are no link
definitions, which would be read and not shown.
"""
from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from localthink.latex.formulas import closing_brace
from localthink.tui.widgets.answer_emphasis import emphasis

MATH, MATH_BLOCK = "math_inline", "math_block"
CONTINUES = "continues"  # in the meta of an item that is not the first of its list
MOST_LINES = 100  # of one formula
DEEPEST = 20  # quotes and lists in one another; what is deeper is shown as it is written

_OPENERS = re.compile(r"\\\(|\\\[|\$\$?|\\boxed\s*\{|\\begin\{([A-Za-z]+\*?)\}")
BLOCK_OPENERS = re.compile(r"\\\[|\$\$|\\begin\{([A-Za-z]+\*?)\}")
_CLOSERS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}
_AFTER_BLOCK = re.compile(r"[.,;:!]?\s*")
_BAR = re.compile(r"(?<!\\)\|")
_BEFORE_ROW = re.compile(r"^[\s>]*(?:(?:[-*+]|[0-9]+[.)])\s+)?")
_ONE_SIGN = re.compile(r"[A-Za-z]|.*[\\^_].*", re.DOTALL)


@cache
def parser() -> MarkdownIt:
    """The one parser: it keeps nothing from one text to the next."""
    made = MarkdownIt("gfm-like", {"html": False, "linkify": False, "maxNesting": DEEPEST})
    made.disable(["linkify", "lheading", "reference", "html_block", "html_inline"])
    made.inline.ruler.before("escape", MATH, _inline)
    made.inline.ruler.at("emphasis", emphasis)
    made.block.ruler.before("fence", MATH_BLOCK, _block, {"alt": ["paragraph", "blockquote", "list"]})
    made.core.ruler.push("items", _divide_lists)
    made.core.ruler.push("whole", _keep_whole)
    return made


def parse(text: str) -> list[Token]:
    return parser().parse(text)


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
    opener = BLOCK_OPENERS.match(first)
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
        slashes = 0
        while place - slashes > start and text[place - slashes - 1] == "\\":
            slashes += 1
        if slashes % 2 == 0:
            return place
        place += 1
    return None


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
            opened[-1] = Token(begun.type, begun.tag, 1, level=begun.level, markup=begun.markup, block=True,
                               meta={CONTINUES: True})
            tokens.append(opened[-1])
        elif token.type.endswith("_list_close"):
            opened.pop()
        if token.type == "list_item_open":
            opened[-1].map = token.map
        tokens.append(token)
    state.tokens = tokens


def _keep_whole(state: StateCore) -> None:
    """Leave as it is written what the parser would show in part: what is nested too deep, rows with too many cells."""
    lines = state.src.split("\n")
    tokens: list[Token] = []
    place = 0
    while place < len(state.tokens):
        token = state.tokens[place]
        end = place + 1
        if token.nesting == 1 and (token.level == 0 or token.type == "table_open"):
            while state.tokens[end - 1].nesting != -1 or state.tokens[end - 1].level != token.level:
                end += 1
        block = state.tokens[place:end]
        if (token.level == 0 and any(inner.level >= DEEPEST - 1 for inner in block)) or (
                token.type == "table_open" and _loses_cells(block, lines)):
            tokens += _as_written(token, lines)
            place = end
        else:
            tokens.append(token)
            place += 1
    state.tokens = tokens


def _loses_cells(table: list[Token], lines: list[str]) -> bool:
    columns = sum(token.type == "th_open" for token in table)
    return any(len(_BAR.findall(_BEFORE_ROW.sub("", lines[token.map[0]]).strip().strip("|"))) >= columns
               for token in table if token.type == "tr_open" and token.map)


def _as_written(block: Token, lines: list[str]) -> list[Token]:
    assert block.map is not None
    text = "\n".join(line.strip() for line in lines[slice(*block.map)]).strip()
    inline = Token("inline", "", 0, level=block.level + 1, content=text, children=[Token("text", "", 0, content=text)])
    return [Token("paragraph_open", "p", 1, map=block.map, level=block.level), inline,
            Token("paragraph_close", "p", -1, level=block.level)]
