"""Which token sequences open a new line of thought in a given vocabulary.

A switch expression is words; a model writes tokens. Each expression is tokenized in the forms in
which it can stand (start of a line, after a space, after newlines, with a capital or without), and
the token that completes it is the one to penalise. Penalising every piece of every form, as several
implementations do, punishes commas and bare words as well.
"""
from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

from localthink.errors import UsageError
from localthink.thinking.automaton import Automaton

BEFORE = ("", " ", "\n", "\n\n")  # after "**", "### " or "- " words are the same tokens as after one of these
SLOT = re.compile(r"\{(\w+)\}")
MOST_SPELLINGS = 2000  # of one expression: three slots of a dozen words each
PARAPHRASE = "paraphrase"  # the group that is counted and not penalised, unless it is named


class Vocabulary(Protocol):
    """What markers need of a model."""

    def tokenize(self, text: str, special: bool = False) -> list[int]: ...
    def piece(self, token: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class MarkerGroup:
    """Expressions that are selected together.

    `any_case` adds each of `expressions` with its first letter changed; `sentence_starts` stand as they are
    written. `{name}` in either stands for each of `words[name]`.
    """

    name: str
    about: str
    expressions: tuple[str, ...]
    any_case: bool = True
    sentence_starts: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def spellings(self) -> Iterator[tuple[str, str]]:
        """Every expression of the file with each text that it stands for."""
        for expression in self.expressions:
            for text in _filled(expression, self.words):
                yield from ((expression, form) for form in _cases(text, self.any_case))
        for expression in self.sentence_starts:
            yield from ((expression, text) for text in _filled(expression, self.words))


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
        raise UsageError(f"{override} cannot be read: {error}; correct it, or remove it for the shipped "
                         "markers") from None
    return parse_groups(table, str(override))


def parse_groups(table: Mapping[str, Any], source: str) -> tuple[MarkerGroup, ...]:
    return tuple(_group(name, entry, f"{source}: [{name}]") for name, entry in table.items())


def _group(name: str, entry: Any, where: str) -> MarkerGroup:
    if not isinstance(entry, dict) or "expressions" not in entry:
        raise UsageError(f"{where} needs expressions = [...], each a text that is not blank")
    case = entry.get("case", "any")
    if case not in ("any", "as-written"):
        raise UsageError(f"{where} has case = {case!r}; it is \"any\" or \"as-written\"")
    lists = entry.get("words", {})
    if not isinstance(lists, dict):
        raise UsageError(f"{where} has words = {lists!r}; it is a table of lists: words.NAME = [...]")
    words = {slot: _texts(texts, f"{where} words.{slot}") for slot, texts in lists.items()}
    expressions = _texts(entry["expressions"], f"{where} expressions")
    starts = _texts(entry.get("sentence_starts", []), f"{where} sentence_starts")
    for expression in (*expressions, *starts):
        _check_slots(expression, words, where)
    return MarkerGroup(name, str(entry.get("about", "")), expressions, case == "any", starts, words)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise UsageError(f"{where} = {value!r}; it is a list of texts, none of them blank")
    return tuple(text.strip() for text in value)


def _check_slots(expression: str, words: Mapping[str, tuple[str, ...]], where: str) -> None:
    slots = SLOT.findall(expression)
    for slot in slots:
        if slot not in words:
            raise UsageError(f"{where} has {expression!r} and no words.{slot} = [...] for the {{{slot}}} in it")
    count = math.prod(len(words[slot]) for slot in slots)
    if count > MOST_SPELLINGS:
        raise UsageError(f"{where} has {expression!r}, which stands for {count} texts; {MOST_SPELLINGS} is the most")


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
        for expression, text in group.spellings():
            for before in BEFORE:
                tokens = _without_space(vocabulary.tokenize(before + text), vocabulary)
                if tokens:
                    found.setdefault(tokens, Marker(group.name, expression, tokens))
    return tuple(found.values())


def _filled(expression: str, words: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """`expression` with every choice of words in its slots, and with either apostrophe."""
    parts = SLOT.split(expression)  # text, slot, text, slot, ..., text
    choices = [words[part] if place % 2 else (part,) for place, part in enumerate(parts)]
    for chosen in itertools.product(*choices):
        text = "".join(chosen)
        yield from dict.fromkeys((text, text.replace("'", "’")))


def _cases(text: str, any_case: bool) -> tuple[str, ...]:
    first, rest = text[0], text[1:]
    return tuple(dict.fromkeys((text, first.upper() + rest, first.lower() + rest) if any_case else (text,)))


def _without_space(tokens: list[int], vocabulary: Vocabulary) -> tuple[int, ...]:
    """Drop leading tokens that are only white space: they belong to the thought before."""
    start = 0
    while start < len(tokens) and not vocabulary.piece(tokens[start]).strip():
        start += 1
    return tuple(tokens[start:])


def automaton(markers: Iterable[Marker]) -> Automaton:
    return Automaton(marker.tokens for marker in markers)
