"""Reads the LaTeX of one formula. A command that it does not know makes the whole of it unreadable."""
from __future__ import annotations

import re
from collections.abc import Sequence

from localthink.latex.blocks import ARRAYS, NAMES, beside, block
from localthink.latex.items import (
    SPACE,
    Item,
    UnreadableError,
    attach,
    box,
    composed,
    is_differential,
    joined,
    known,
    marked,
    side,
)
from localthink.latex.tokens import IGNORED, LIMITS, SPACES, WORDS, kind, mark, script, symbol, tokens

MOST_DEPTH = 40

_PLAIN = frozenset((r"\mathrm", r"\mathit", r"\mathsf", r"\mathtt", r"\mathnormal", r"\mathbf", r"\boldsymbol", r"\bm"))
_TEXTS = frozenset((r"\text", r"\textbf", r"\textit", r"\textrm", r"\textsf", r"\texttt", r"\textnormal", r"\mbox",
                    r"\emph"))
_ALPHABETS = frozenset((r"\mathbb", r"\mathcal", r"\mathscr", r"\mathfrak"))
_FRACTIONS = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac"))
_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}


def as_text(latex: str) -> str:
    """The formula as text, with the signs of `items` around what is boxed. Raises UnreadableError."""
    rows = _Parser(tokens(latex)).rows("")
    if any(len(row) > 1 for row in rows):  # a `&` that is in no environment
        raise UnreadableError
    return "\n".join(_line(row[0]) for row in rows)


class _Parser:
    """Recursive descent over the tokens of one formula; every method may raise UnreadableError."""

    def __init__(self, found: list[str]) -> None:
        self._rest = found[::-1]
        self._depth = 0

    def rows(self, end: str) -> list[list[list[Item]]]:
        """Rows of cells of items, up to a token that is `end`."""
        rows: list[list[list[Item]]] = [[[]]]
        while self._peek() != end:
            token = self._peek()
            if token == "&":
                self._next()
                rows[-1].append([])
            elif token in (r"\\", r"\cr"):
                self._next()
                self._skip_length()
                rows.append([[]])
            else:
                self._atom(rows[-1][-1])
        self._next()
        if len(rows) > 1 and not any(item.kind != "space" for cell in rows[-1] for item in cell):
            rows.pop()  # the last line was ended too
        return rows

    def _skip_length(self) -> None:
        r"""Pass over the [4pt] of `\\[4pt]`."""
        if self._peek() == "[":
            ahead = "".join(self._rest[-1:-9:-1])
            if found := re.match(r"\[-?[0-9.]+(?:pt|em|ex|mm|cm)\]", ahead):
                del self._rest[len(self._rest) - found.end():]

    def _peek(self) -> str:
        return self._rest[-1] if self._rest else ""

    def _next(self) -> str:
        token = self._rest.pop() if self._rest else ""
        if len(token) > 1 and token[-1].isalpha() and self._peek().isspace():
            self._rest.pop()  # it ends the command's name, and is no space
        return token

    def _group(self, end: str = "}") -> list[Item]:
        """The items up to `end`, which is taken."""
        items: list[Item] = []
        while self._peek() != end:
            self._atom(items)
        self._next()
        return items

    def _argument(self) -> list[Item]:
        """A group in braces, or the one token that stands for it."""
        while self._peek().isspace():
            self._next()
        if self._peek() == "{":
            self._next()
            return self._group()
        if self._peek() in ("^", "_", "}", "&", ""):
            raise UnreadableError
        items: list[Item] = []
        self._atom(items)
        return items

    def _atom(self, items: list[Item]) -> None:
        """Take the next thing and add it to the items."""
        token = self._next()
        self._depth += 1
        if self._depth > MOST_DEPTH or token in ("", "}", "&", r"\\"):
            raise UnreadableError
        if token == "{":
            items += self._group()
        elif token in ("^", "_"):
            self._add_script(items, token)
        elif token == "'":
            attach(items, "′", "")
        elif token.startswith("\\"):
            self._command(items, token)
        elif token.isspace():
            items.append(SPACE)
        else:
            items.append(SPACE if token == "~" else Item(token, kind(token)))
        self._depth -= 1

    def _add_script(self, items: list[Item], sign: str) -> None:
        content = self._argument()
        text = joined(content)
        close = text if any(item.kind in ("word", "text") for item in content) else text.replace(" ", "")
        if sign == "^" and close in ("∘", "°"):
            attach(items, "°", sign)
        elif sign == "^" and close and set(close) == {"′"}:
            attach(items, close, sign)
        elif (small := script(sign, close)) is not None:
            attach(items, small, sign)
        elif len(close) == 1 or (sign == "_" and close.isalnum()):
            attach(items, sign + close, sign, gap=True)
        elif close:
            attach(items, f"{sign}({close})", sign)
        else:
            raise UnreadableError

    def _command(self, items: list[Item], token: str) -> None:
        if token in IGNORED:
            if token in (r"\left", r"\right") and self._peek() == ".":
                self._next()
        elif token in SPACES:
            items.append(Item(SPACES[token], "wide") if len(SPACES[token]) > 1 else SPACE)
        elif token in _FRACTIONS:
            items.append(self._fraction())
        elif token == r"\sqrt":
            items.append(self._root())
        elif token in _TEXTS:
            items.append(Item(self._text(), "text"))
        elif token in (r"\boxed", r"\fbox"):
            items.append(box(self._argument()))
        elif token == r"\begin":
            items.append(self._environment())
        else:
            items += self._sign(token)

    def _sign(self, token: str) -> list[Item]:
        """Commands that stand for a sign, a name, or a sign made of their argument."""
        if token[1:] in WORDS:
            return [Item(token[1:].replace("bmod", "mod"), "word", gap=True)]
        if token[1:] in LIMITS:
            return [Item(token[1:], "sum", gap=True)]
        if token == r"\operatorname":
            return [Item(self._text(), "word", gap=True)]
        if token == r"\pmod":
            return [SPACE, Item(f"(mod {joined(self._argument())})", "text")]
        if token in (r"\binom", r"\dbinom", r"\tbinom"):
            above, below = joined(self._argument()), joined(self._argument())
            return [Item(f"binom({above}, {below})", "word")]
        if token == r"\tag":
            return [Item("  ", "wide"), Item(f"({self._text()})", "text")]
        if token in _PLAIN:
            return self._plain(token)
        if token in _ALPHABETS:
            return [known(symbol(f"{token}{{{self._text()}}}"))]
        if token == r"\not":
            return [composed(self._argument(), "\u0338")]
        if (above_it := mark(token)) is not None:
            return [marked(self._argument(), above_it, token)]
        return [known(symbol(token))]

    def _plain(self, token: str) -> list[Item]:
        """Upright or bold letters: a single bold one is another letter, a word is a word."""
        content = self._argument()
        text = joined(content)
        bold = symbol(rf"\mathbf{{{text}}}") if token in (r"\mathbf", r"\boldsymbol", r"\bm") else None
        if len(text) == 1 and text.isalpha() and bold is not None:
            return [Item(bold, "symbol")]
        is_word = len(text) > 1 and text.isalpha() and all(item.kind == "symbol" for item in content)
        return [Item(text, "text")] if is_word else content

    def _fraction(self) -> Item:
        above, below = self._argument(), self._argument()
        text = f"{side(above, below=False)}/{side(below, below=True, differential=is_differential(above))}"
        return Item(text, "fraction", closed=f"({text})")

    def _root(self) -> Item:
        degree = ""
        if self._peek() == "[":
            self._next()
            degree = joined(self._group("]"))
        sign = _ROOTS.get(degree)
        content = self._argument()
        text = joined(content)
        if sign is None or not text:
            raise UnreadableError
        alone = text.isdigit() or (len(content) == 1 and content[0].kind == "symbol" and len(text) == 1)
        return Item(f"{sign}{text}" if alone else f"{sign}({text})", "root", closed=f"{sign}({text})")

    def _text(self) -> str:
        r"""Text in braces as it stands there; `\%` and its like in it are signs."""
        self._depth += 1
        if self._depth > MOST_DEPTH or self._next() != "{":
            raise UnreadableError
        parts: list[str] = []
        while (token := self._rest.pop() if self._rest else "") != "}":
            if token in _TEXTS:
                parts.append(self._text())
            elif len(token) == 2 and token[1] in "%$&#_{} ":
                parts.append(token[1])
            elif token in ("", "$", "{") or token.startswith("\\"):
                raise UnreadableError
            else:
                parts.append(" " if token.isspace() or token == "~" else token)
        self._depth -= 1
        return "".join(parts)

    def _environment(self) -> Item:
        name = self._text()
        if name in ARRAYS and self._peek() == "{":
            self._text()  # how its columns are aligned
        if name not in NAMES:
            raise UnreadableError
        rows = self.rows(r"\end")
        if self._text() != name:
            raise UnreadableError
        lines = block(name, [[joined(cell) for cell in row] for row in rows])
        return Item("\n".join(lines), "block", lines=lines)


def _line(items: Sequence[Item]) -> str:
    """One row of the formula. A block in it may have something before it, and a mark after it."""
    seen = [item for item in items if item.kind not in ("space", "wide")]
    blocks = [place for place, item in enumerate(items) if item.kind == "block"]
    if not blocks:
        return joined(items)
    place = blocks[0]
    if len(blocks) > 1 or not (seen[-1].kind == "block" or (seen[-1].kind == "mark" and seen[-2].kind == "block")):
        raise UnreadableError
    before, lines = joined(items[:place]), items[place].lines
    end = seen[-1].text if seen[-1].kind == "mark" else ""
    return beside(f"{before} " if before else "", [*lines[:-1], lines[-1] + end])
