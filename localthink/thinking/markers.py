"""Which token sequences open a new line of thought in a given vocabulary.

A switch expression is words; a model writes tokens. Each expression is tokenized in the forms in
which it can stand (start of a line, after a space, after newlines, with a capital or without), and
the token that completes it is the one to penalise. Penalising every piece of every form, as several
implementations do, punishes commas and bare words as well.
"""
from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

from localthink.errors import UsageError
from localthink.thinking.automaton import Automaton

PARAPHRASE = "paraphrase"  # the group that is counted and never penalised, unless it is named
BEFORE = ("", " ", "\n", "\n\n")


class Vocabulary(Protocol):
    """What markers need of a model."""

    def tokenize(self, text: str, special: bool = False) -> list[int]: ...
    def piece(self, token: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class MarkerGroup:
    """Switch expressions that are selected together; `any_case` adds each with its first letter changed."""

    name: str
    about: str
    expressions: tuple[str, ...]
    any_case: bool = True


@dataclass(frozen=True, slots=True)
class Marker:
    """One expression as one token sequence of a vocabulary; the last token completes it."""

    group: str
    expression: str
    tokens: tuple[int, ...]


def shipped_markers() -> str:
    return (resources.files("localthink.thinking") / "markers.toml").read_text(encoding="utf-8")


def read_groups(override: Path) -> tuple[MarkerGroup, ...]:
    """The groups of the file `override` if there is one, else those that localthink ships.

    Raises UsageError where the file is not what markers.toml describes.
    """
    if not override.is_file():
        return parse_groups(tomllib.loads(shipped_markers()), "the shipped markers")
    try:
        table = tomllib.loads(override.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{override} cannot be read: {error}; mend it, or remove it for the shipped markers") from None
    return parse_groups(table, str(override))


def parse_groups(table: Mapping[str, Any], source: str) -> tuple[MarkerGroup, ...]:
    groups = []
    for name, entry in table.items():
        expressions = entry.get("expressions") if isinstance(entry, dict) else None
        if not isinstance(expressions, list) or not all(isinstance(e, str) and e.strip() for e in expressions):
            raise UsageError(f"{source}: [{name}] needs expressions = [...], each a text that is not blank")
        case = entry.get("case", "any")
        if case not in ("any", "as-written"):
            raise UsageError(f"{source}: [{name}] has case = {case!r}; it is \"any\" or \"as-written\"")
        about = str(entry.get("about", ""))
        groups.append(MarkerGroup(name, about, tuple(e.strip() for e in expressions), case == "any"))
    return tuple(groups)


def select(groups: Iterable[MarkerGroup], names: Iterable[str]) -> tuple[MarkerGroup, ...]:
    known, wanted = {group.name: group for group in groups}, tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no marker group {name!r}: the groups are {', '.join(known)}")
    return tuple(known[name] for name in wanted)


def resolve(groups: Iterable[MarkerGroup], vocabulary: Vocabulary) -> tuple[Marker, ...]:
    """Every distinct token sequence of every expression, in the file's order."""
    found: dict[tuple[int, ...], Marker] = {}
    for group in groups:
        for expression in group.expressions:
            for text in _cases(expression, group.any_case):
                for before in BEFORE:
                    tokens = _without_space(vocabulary.tokenize(before + text), vocabulary)
                    if tokens:
                        found.setdefault(tokens, Marker(group.name, expression, tokens))
    return tuple(found.values())


def _cases(expression: str, any_case: bool) -> tuple[str, ...]:
    first, rest = expression[0], expression[1:]
    return tuple(dict.fromkeys((expression, first.upper() + rest, first.lower() + rest) if any_case else (expression,)))


def _without_space(tokens: list[int], vocabulary: Vocabulary) -> tuple[int, ...]:
    """Drop leading tokens that are only white space: they belong to the thought before."""
    start = 0
    while start < len(tokens) and not vocabulary.piece(tokens[start]).strip():
        start += 1
    return tuple(tokens[start:])


def automaton(markers: Iterable[Marker]) -> Automaton:
    return Automaton(marker.tokens for marker in markers)
