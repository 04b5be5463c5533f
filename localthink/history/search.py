"""Messages and titles found by words that a person gives; nothing in those is syntax.

Words are looked up in the index first. It knows whole words and their beginnings: what is inside of words,
or in a script without spaces, is looked for in the texts themselves, where the index finds nothing.
"""
from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice

from localthink.history.records import Hit
from localthink.history.texts import storable

LONGEST = 1000  # characters of what is looked for that are looked at
EXCERPT, BEFORE = 160, 40  # characters; so many of them stand before the first word found
MATCHES, NEAR = 1000, 20  # places in one text, and places in one excerpt, among which the best excerpt is looked for
MARKS = "[\u0300-\u036f]"  # accents that follow their letter as characters of their own
FIRST_SHOWN = """coalesce((SELECT id FROM messages WHERE id = c.chosen),
    (SELECT max(id) FROM messages WHERE conversation = c.id AND parent IS NULL), 0)"""
TITLES = "SELECT c.id FROM conversations c"
TITLE = f"SELECT c.id, c.title, {FIRST_SHOWN}, c.title, '' FROM conversations c WHERE c.id = ?"
MESSAGES = "SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation"
MESSAGE = """SELECT c.id, c.title, m.id, m.content, m.thinking
    FROM messages m JOIN conversations c ON c.id = m.conversation WHERE m.id = ?"""
Place = tuple[int, str, int, str, str]  # conversation, title, message, and its two texts


class Words:
    """What is looked for; the last word may be the beginning of one. `inside` also finds it within other words."""

    def __init__(self, words: str, inside: bool) -> None:
        self._folding = _Folding()
        self.terms = storable(words).replace("\0", " ")[:LONGEST].split()
        folded = (re.sub(MARKS, "", self._fold(term)) for term in self.terms)
        start = "" if inside else r"(?<![^\W_])"
        parts = folded if inside else (part for term in folded for part in re.findall(r"[^\W_]+", term))
        self._patterns = [start + f"{MARKS}*".join(map(re.escape, part)) for part in parts if part]

    def _fold(self, text: str) -> str:
        return text.lower() if text.isascii() else text.translate(self._folding)

    def expression(self) -> str:
        """For FTS5, which reads nothing but doubled quotation marks in a quoted string."""
        return " ".join('"{}"'.format(term.replace('"', '""')) for term in self.terms) + "*"

    def all_in(self, *texts: str) -> bool:
        folded = [self._fold(text) for text in texts]
        return bool(self._patterns) and all(
            any(re.search(pattern, text) for text in folded) for pattern in self._patterns)

    def excerpt(self, *texts: str) -> str:
        """One line of the text, and of the place in it, that shows the most of the words."""
        _, first, text = max(((*self._densest(text), text) for text in texts), key=lambda best: best[0])
        start = max(0, first - BEFORE)
        end = start + EXCERPT
        return "…" * (start > 0) + " ".join(text[start:end].split()) + "…" * (end < len(text))

    def _densest(self, text: str) -> tuple[int, int]:
        """How many different words stand close together, and where the first of them begins."""
        if not self._patterns:
            return 0, 0
        any_word = re.compile("|".join(f"({pattern})" for pattern in self._patterns))
        places = [(match.start(), match.lastindex) for match in islice(any_word.finditer(self._fold(text)), MATCHES)]
        together = [len({word for place, word in places[index:index + NEAR] if place < start + EXCERPT - BEFORE})
                    for index, (start, _) in enumerate(places)]
        most = max(together, default=0)
        return most, places[together.index(most)][0] if places else 0


class _Folding(dict[int, int]):
    """For str.translate: letters without case and accents, one for one, so that places in a text stay right."""

    def __missing__(self, code: int) -> int:
        parts = unicodedata.normalize("NFD", chr(code))
        letter = parts[0] if all(map(unicodedata.combining, parts[1:])) else chr(code)
        self[code] = ord(letter.casefold()[0])
        return self[code]


def search(connection: sqlite3.Connection, words: str, limit: int) -> list[Hit]:
    """At most `limit` places where all the words are found, each message once; titles come first."""
    indexed, inside = Words(words, inside=False), Words(words, inside=True)
    if not indexed.terms or limit < 1:
        return []
    return (_hits(_by_index(connection, indexed.expression()), indexed, limit)
            or _hits(_by_reading(connection, inside), inside, limit))


def _hits(places: Iterator[Place], words: Words, limit: int) -> list[Hit]:
    hits: dict[tuple[int, int], Hit] = {}
    for conversation, title, message, *texts in places:
        if (conversation, message) not in hits:
            hits[conversation, message] = Hit(conversation, title, message, words.excerpt(*texts))
            if len(hits) == limit:
                break
    return list(hits.values())


def _by_index(connection: sqlite3.Connection, expression: str) -> Iterator[Place]:
    """The best first: BM25, as FTS5 ranks."""
    yield from _each(connection, TITLE, f"{TITLES} JOIN titles ON titles.rowid = c.id WHERE titles MATCH ? "
                     "AND c.deleted IS NULL ORDER BY titles.rank, c.updated DESC", expression)
    yield from _each(connection, MESSAGE, f"{MESSAGES} JOIN texts ON texts.rowid = m.id WHERE texts MATCH ? "
                     "AND c.deleted IS NULL ORDER BY texts.rank, m.id DESC", expression)


def _by_reading(connection: sqlite3.Connection, words: Words) -> Iterator[Place]:
    """The latest first."""
    titles = _each(connection, TITLE, f"{TITLES} WHERE c.deleted IS NULL ORDER BY c.updated DESC, c.id DESC")
    messages = _each(connection, MESSAGE, f"{MESSAGES} WHERE c.deleted IS NULL ORDER BY c.updated DESC, m.id DESC")
    return (place for place in chain(titles, messages) if words.all_in(*place[3:]))


def _each(connection: sqlite3.Connection, read: str, order: str, *wanted: str) -> Iterator[Place]:
    """Texts one at a time, as far as they are asked for: sorting rows with their texts would copy all of them."""
    for number in connection.execute(order, wanted).fetchall():
        yield connection.execute(read, number).fetchone()
