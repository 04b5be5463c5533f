r"""Which `*` and `_` of an answer are emphasis, and which are products, powers, pointers, patterns and names.

Models write `5*4*3`, `x**2`, `src/*.py` and `__init__` outside of code as well, and CommonMark would take their marks
away. A mark that could be either is left as it is written, which loses nothing. Beside scripts without spaces
CommonMark leaves `**“引号”**后面` as it is written: there the amendment of
https://github.com/tats-u/markdown-cjk-friendly is followed.
"""
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from markdown_it.common.utils import isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_NAME = re.compile(r"__[A-Za-z0-9]\w{0,60}?__(?!\w)", re.ASCII)  # bounded, as every mark asks for it
# Letters as formulas have them, and every digit: words of other scripts may stand beside a mark without a space
_OPERAND = re.compile(r"\d|[^\W_\u0530-\u1dff\u2c00-\U0001d3ff\U00020000-\U0010ffff]")
_MARKS = "*_~"
_BEFORE = {"Ps", "Pi", "Pd"}  # brackets, quotation marks and dashes that stand before the word they belong to
_AFTER = {"Pe", "Pf", "Pd"}
_QUOTES = "“‘「『《〈"


@dataclass(frozen=True, slots=True)
class _Run:
    """Marks of one kind, and the characters beside them: at the ends of the text, spaces."""

    before: str
    marks: str
    after: str

    def opens(self) -> bool:
        return self._flanks(self.after, self.before) and not self._quoted() and (
            self._opens_line() if self.marks[0] == "_" else self._opens_star())

    def closes(self) -> bool:
        return self._flanks(self.before, self.after) and not self._quoted() and (
            self._closes_line() if self.marks[0] == "_" else self._closes_star())

    def _flanks(self, inner: str, outer: str) -> bool:
        """CommonMark's flanking, left or right, as it is amended for scripts without spaces."""
        return not _space(inner) and (
            not isPunctChar(inner) or _wide(inner) or _space(outer) or isPunctChar(outer) or _wide(outer))

    def _quoted(self) -> bool:
        """`"*"` and `'**'` name the mark; brackets do so too, which `_opens_star` and `_closes_star` see."""
        return self.before == self.after and self.before in "\"'"

    def _opens_line(self) -> bool:
        """As in CommonMark, but that three and more are a blank to be filled in."""
        return len(self.marks) < 3 and (not self._flanks(self.before, self.after) or isPunctChar(self.before))

    def _closes_line(self) -> bool:
        return len(self.marks) < 3 and (not self._flanks(self.after, self.before) or isPunctChar(self.after))

    def _opens_star(self) -> bool:
        """Not after an operand, nor before what ends something; one alone only where a word can begin."""
        if _OPERAND.match(self.before) or self.before in ")]}" or self.after == "/":
            return False
        if unicodedata.category(self.after) in ("Pe", "Pf"):
            return False
        return len(self.marks) > 1 or (_wide(self.before) and self.after in _QUOTES) or (
            self.after not in ".,;:!?" and _beside(self.before, _BEFORE, ",;:>\"'"))

    def _closes_star(self) -> bool:
        """Not after what begins something, nor as a power's sign; one alone only where a word can end."""
        if self.before == "/" or unicodedata.category(self.before) in ("Ps", "Pi"):
            return False
        if len(self.marks) > 1:
            return not (_OPERAND.match(self.before) and self.after.isdigit())
        return (_wide(self.after) and not _OPERAND.match(self.before)) or _beside(self.after, _AFTER, ".,;:!?…<\"'")


def emphasis(state: StateInline, silent: bool) -> bool:
    """In place of the rule of that name: a delimiter for each mark, which pairs are then made of."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    if name := _NAME.match(state.src, state.pos, state.posMax):
        state.pending += name[0]
        state.pos = name.end()
        return True
    end = state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    run = _Run(state.src[state.pos - 1:state.pos] or " ", state.src[state.pos:end],
               state.src[end] if end < state.posMax else " ")
    opens, closes = run.opens(), run.closes()
    for _ in run.marks:
        state.push("text", "", 0).content = marker
        state.delimiters.append(Delimiter(ord(marker), len(run.marks), len(state.tokens) - 1, -1, opens, closes))
    state.pos = end
    return True


def _space(character: str) -> bool:
    return isWhiteSpace(ord(character))


def _wide(character: str) -> bool:
    """Of Chinese, Japanese or Korean: letters, and the punctuation among them."""
    return unicodedata.east_asian_width(character) in "WFH"


def _beside(character: str, categories: set[str], others: str) -> bool:
    """Whether emphasis may have the character on its outer side where one mark could also be an operator."""
    return (_space(character) or character in others or character in _MARKS
            or unicodedata.category(character) in categories
            or (_wide(character) and not character.isalnum()))
