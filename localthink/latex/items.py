"""The parts of a formula as text, and how they are put next to each other without changing what it means.

LaTeX shows a fraction as one thing; on one line `\\frac{1}{2}x` has to be (1/2)x, and `\\sqrt{3}/2` √(3)/2.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from localthink.latex.tokens import DIVISIONS, Kind, kind

BOX, END_BOX = "\ue000", "\ue001"  # around what is boxed, until the text is cut there
_BEFORE: frozenset[Kind] = frozenset(("symbol", "digit", "word", "close", "bar", "fraction", "root"))
_AFTER: frozenset[Kind] = frozenset(("symbol", "digit", "word", "open", "bar", "fraction", "root", "sum"))
_UNARY: frozenset[Kind] = frozenset(("operator", "relation", "open", "mark", "wide", "text"))
_NUMBERS = re.compile("[0-9]+/[0-9]+")


class UnreadableError(Exception):
    """The formula has no text that is whole and unambiguous."""


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a formula. `closed` is its text where it might run into what stands beside it.

    `gap`: a letter or digit after it needs a space. `scripts` are those that it has. `lines` are those of a block.
    """

    text: str
    kind: Kind
    closed: str = ""
    gap: bool = False
    scripts: str = ""
    lines: tuple[str, ...] = ()


SPACE = Item(" ", "space")


def joined(items: Sequence[Item]) -> str:
    """The items as one line. Raises UnreadableError where one of them is several lines."""
    seen = [item for item in items if item.kind != "space"]
    if any(item.kind == "block" for item in seen):
        raise UnreadableError
    spaces = _spaces(items)
    parts = []
    for place, item in enumerate(seen):
        before = seen[place - 1] if place else None
        after = seen[place + 1] if place + 1 < len(seen) else None
        text = _closed(item, before, after)
        if before is not None and _apart(seen, place, spaces):
            parts.append(" ")
        parts.append(text)
    return "".join(parts).strip(" ")


def _spaces(items: Sequence[Item]) -> list[bool]:
    """Whether there is a space before each item that is none itself."""
    spaces, space = [], False
    for item in items:
        if item.kind == "space":
            space = True
        else:
            spaces.append(space)
            space = False
    return spaces


def _closed(item: Item, before: Item | None, after: Item | None) -> str:
    """The text of an item, closed off from its neighbours if it could be read together with them."""
    if item.kind not in ("fraction", "root"):
        return item.text
    touched = after is not None and (after.kind in _AFTER or after.text in DIVISIONS or after.text == "!")
    if item.kind == "fraction" and before is not None:
        if before.kind == "digit" and _NUMBERS.fullmatch(item.text):
            raise UnreadableError  # 2½ or twice a half
        touched = touched or before.kind in _BEFORE or before.text in DIVISIONS
    return item.closed if touched else item.text


def _apart(items: Sequence[Item], place: int, spaces: Sequence[bool]) -> bool:
    """Whether a space belongs before the item at `place`."""
    before, item = items[place - 1], items[place]
    if "wide" in (before.kind, item.kind) or before.kind == "open" or item.kind == "close":
        return False
    if before.text.endswith(" ") or item.text.startswith(" "):
        return False
    if "relation" in (before.kind, item.kind):
        return True
    if item.kind == "operator" and not _unary(items, place):
        return spaces[place] or _space_after(spaces, place)
    if before.kind == "operator":
        return spaces[place] or (spaces[place - 1] and not _unary(items, place - 1))
    if spaces[place]:
        return True
    if item.kind in ("word", "sum"):
        return before.kind in ("symbol", "digit", "word", "close", "root", "sum")
    return before.gap and item.kind in ("symbol", "digit", "fraction", "root")


def _unary(items: Sequence[Item], place: int) -> bool:
    return items[place].text in ("+", "-", "−", "±", "∓") and (place == 0 or items[place - 1].kind in _UNARY)


def _space_after(spaces: Sequence[bool], place: int) -> bool:
    return place + 1 < len(spaces) and spaces[place + 1]


def side(items: Sequence[Item], below: bool, differential: bool = False) -> str:
    """Numerator or denominator as it stands beside the stroke, in parentheses where it is not one thing."""
    seen = [item for item in items if item.kind != "space"]
    text = joined(items)
    if not seen:
        raise UnreadableError
    if len(seen) == 1:
        only = seen[0]
        if only.kind == "root" and not below:
            return only.closed
        whole = only.kind in ("symbol", "digit", "root") or (only.kind in ("word", "text") and text.isalnum())
        return text if whole else _in_parentheses(text)
    number = all(item.kind == "digit" or item.text in ".," for item in seen) and seen[-1].kind == "digit"
    product = not below and all(item.kind in ("digit", "symbol") for item in seen)
    derivative = differential and is_differential(seen)
    return text if number or product or derivative or _is_bracketed(seen) else _in_parentheses(text)


def is_differential(items: Sequence[Item]) -> bool:
    """Whether it is d or ∂, alone or of a variable: in dy/dx it is no product."""
    seen = [item for item in items if item.kind != "space"]
    return 0 < len(seen) <= 2 and seen[0].text.startswith(("d", "∂")) and all(item.kind == "symbol" for item in seen)


def _is_bracketed(items: Sequence[Item]) -> bool:
    depth = 0
    for place, item in enumerate(items):
        depth += (item.kind == "open") - (item.kind == "close")
        if depth == 0:
            return place == len(items) - 1 and item.kind == "close"
    return False


def _in_parentheses(text: str) -> str:
    return f"({text})"


def attach(items: list[Item], text: str, sign: str, gap: bool = False) -> None:
    """Add a script to the last item, closed off where the script would else be of a part of it."""
    base = items[-1] if items else SPACE
    if base.kind in ("space", "wide", "operator", "relation", "open", "mark", "block"):
        items.append(Item(text, "symbol", gap=gap, scripts=sign))
        return
    if sign and sign in base.scripts:
        raise UnreadableError
    loose = base.kind in ("fraction", "root")
    items[-1] = replace(base, text=(f"({base.closed})" if base.kind == "root" else base.closed or base.text) + text,
                        kind="symbol" if loose else base.kind, closed="", gap=gap or base.kind in ("word", "sum"),
                        scripts=base.scripts + sign)


def box(content: list[Item]) -> Item:
    text = f"{BOX}{joined(content)}{END_BOX}"
    alone = len(content) == 1 and content[0].kind in ("symbol", "digit", "word", "text")
    return Item(text, content[0].kind if alone else "fraction", closed=f"({text})")


def known(sign: str | None) -> Item:
    if sign is None:
        raise UnreadableError
    return Item(sign, kind(sign), gap=kind(sign) == "sum")


def marked(content: list[Item], combining: str, command: str) -> Item:
    """A letter under its mark; a line may be over several."""
    text = joined(content)
    several = command in (r"\overline", r"\underline", r"\bar") and text.isalnum()
    if not several and not (len(text) == 1 and text.isalpha()):
        raise UnreadableError
    return Item("".join(character + combining for character in text), "symbol")


def composed(content: list[Item], combining: str) -> Item:
    """A sign struck through, where Unicode has it as one."""
    sign = unicodedata.normalize("NFC", joined(content) + combining)
    if len(sign) != 1:
        raise UnreadableError
    return Item(sign, kind(sign))
