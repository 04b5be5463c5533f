"""LaTeX as a list of tokens, and the symbols that one token stands for."""
from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

# `text` and `fraction` are kept apart because of what may stand next to them, `sum` is followed by what it is over
Kind = Literal["symbol", "digit", "word", "text", "operator", "relation", "open", "close", "bar", "mark", "sum",
               "fraction", "root", "space", "wide", "block"]

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)

OPERATORS = frozenset("+-*/×÷⋅·±∓∪∩∧∨⊕⊗∘∖−∗")
DIVISIONS = frozenset("/÷:")
RELATIONS = frozenset("=<>≤≥≠≈≡∼≅∝∈∉∋⊂⊆⊃⊇→←↔⇒⇐⇔⟹⟸⟺⟶⟵↦≪≫∣∤⊢⊨≔∴∵")
SUMS = frozenset("∑∏∫∬∭∮")
WORDS = frozenset((
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log", "ln", "lg",
    "exp", "max", "min", "sup", "inf", "gcd", "lcm", "deg", "det", "dim", "ker", "arg", "hom", "mod", "bmod", "Pr"))
LIMITS = frozenset(("lim", "limsup", "liminf"))
SPACES = {"\\,": " ", "\\:": " ", "\\;": " ", "\\>": " ", "\\ ": " ", "\\\n": " ",
          "\\quad": "  ", "\\qquad": "    "}
IGNORED = frozenset((
    r"\!", r"\displaystyle", r"\textstyle", r"\scriptstyle", r"\limits", r"\nolimits", r"\nonumber", r"\notag",
    r"\left", r"\right", r"\middle", r"\hline", r"\big", r"\Big", r"\bigg", r"\Bigg", r"\bigl", r"\bigr", r"\Bigl",
    r"\Bigr", r"\biggl", r"\biggr", r"\Biggl", r"\Biggr", r"\bigm", r"\Bigm"))
# What unicodeit's table lacks, and where it has a wide bracket, one sign for two, or an en or em space
_OWN = {
    "langle": "⟨", "rangle": "⟩", "epsilon": "ϵ", "star": "⋆", "ast": "∗", "lvert": "|", "rvert": "|", "vert": "|",
    "lVert": "‖", "rVert": "‖", "lt": "<", "gt": ">", "dots": "…", "dotsc": "…", "dotsb": "⋯", "dotsm": "⋯",
    "iff": "⟺", "lbrack": "[", "rbrack": "]", "lbrace": "{", "rbrace": "}", "Box": "□", "square": "□",
    "blacksquare": "■", "qed": "∎", "cdotp": "⋅", "degree": "°", "models": "⊨", "lnot": "¬",
    "llbracket": "⟦", "rrbracket": "⟧", "smallsetminus": "∖",
}
_COMMAND = re.compile(r"\\([A-Za-z]+|[{}$%&#_|])")


def tokens(latex: str) -> list[str]:
    r"""Commands with their backslash, single characters, and stretches of white space as one token each."""
    return _TOKEN.findall(latex)


@cache
def _symbols() -> dict[str, str]:
    # Its tables alone: its `replace` also takes the beginning of a longer name (`\left` becomes "≤ft")
    from unicodeit.data import REPLACEMENTS

    signs = {name: sign for name, sign in REPLACEMENTS
             if (_COMMAND.fullmatch(name) or "{" in name) and _stands_alone(sign)}
    return signs | {f"\\{name}": sign for name, sign in _OWN.items()}


def _stands_alone(sign: str) -> bool:
    """Whether it is seen, is not put over or under others, and does not read as a command."""
    return unicodedata.category(sign[0])[0] not in "MCZ" and sign not in "⎴⎵⏜⏝⏞⏟⏠⏡\\"


@cache
def _scripts() -> dict[str, str]:
    from unicodeit.data import SUBSUPERSCRIPTS

    odd = {"^V", "^.", "^*", "^<", "^>", "^∫", "_<", "_>"}  # look-alikes, one of them a letter of Korean
    return {name: sign for name, sign in SUBSUPERSCRIPTS if name not in odd}


@cache
def _marks() -> dict[str, str]:
    from unicodeit.data import COMBININGMARKS

    return dict(COMBININGMARKS) | {r"\widehat": "\u0302", r"\widetilde": "\u0303", r"\overrightarrow": "\u20d7"}


def symbol(command: str) -> str | None:
    r"""The sign that a command stands for: `\pi`, or with its letter, `\mathbb{R}`."""
    return _symbols().get(command)


def mark(command: str) -> str | None:
    r"""The combining mark of `\hat` and its like."""
    return _marks().get(command)


def script(sign: str, text: str) -> str | None:
    """A text as superscript ("^") or subscript ("_") characters, None where one of them is lacking."""
    table = _scripts()
    raised = [table.get(sign + character) for character in text]
    return "".join(filter(None, raised)) if text and all(raised) else None


def kind(sign: str) -> Kind:
    """What a sign is in a formula."""
    for kind_, signs in _KINDS:
        if sign in signs:
            return kind_
    return "digit" if sign.isdigit() else "symbol"


_KINDS: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("operator", OPERATORS), ("relation", RELATIONS), ("sum", SUMS), ("open", frozenset("([{⟨⌊⌈")),
    ("close", frozenset(")]}⟩⌋⌉")), ("bar", frozenset("|‖")), ("mark", frozenset(",;:.!?′")))
