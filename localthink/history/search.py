"""Messages and titles found by words that a person gives; nothing in those is syntax.

The index knows whole words and their beginnings. What is inside of words is looked for in the texts themselves, where
the index finds nothing; so is, before it, what has letters of a script whose words are not parted by spaces: of those
the index has whole sentences only.
"""
from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain, islice

from localthink.history.records import Hit
from localthink.history.tokens import storable

LONGEST = 1000  # characters of what is looked for that are looked at
EXCERPT, BEFORE = 160, 40  # characters; so many of them stand before the first word found
MATCHES, NEAR = 1000, 20  # places in one text, and places in one excerpt, among which the best excerpt is looked for
MARKS = "[\u0300-\u0344\u0346-\u036f]"  # accents that follow their letter; U+0345 is folded to a letter, iota
# Thai and Lao, Burmese, Khmer, Chinese and Japanese, Hangul, to whose words endings are joined
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
                      "\uff66-\uffdc\U00020000-\U0003ffff]")
FIRST_SHOWN = """coalesce((SELECT id FROM messages WHERE id = c.chosen),
    (SELECT max(id) FROM messages WHERE conversation = c.id AND parent IS NULL), 0)"""
TITLES = "SELECT c.id FROM conversations c"
NAME = "CAST(ifnull(c.title, '') AS TEXT)"  # text, whatever damage has made of it
TITLE = f"SELECT c.id, {NAME}, {FIRST_SHOWN}, {NAME}, '' FROM conversations c WHERE c.id = ?"
MESSAGES = "SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation"
MESSAGE = f"""SELECT c.id, {NAME}, m.id, CAST(ifnull(m.content, '') AS TEXT), CAST(ifnull(m.thinking, '') AS TEXT)
    FROM messages m JOIN conversations c ON c.id = m.conversation WHERE m.id = ?"""
Place = tuple[int, str, int, str, str]  # conversation, title, message, and its two texts


class Words:
    """What is looked for; the last word may be the beginning of one. `inside` also finds it within other words."""

    def __init__(self, words: str, inside: bool) -> None:
        self.terms = storable(words).replace("\0", " ")[:LONGEST].split()
        bare = ("".join(map(folded, re.sub(MARKS, "", term))) for term in self.terms)
        start = "" if inside else r"(?<![^\W_])"
        parts = bare if inside else (part for term in bare for part in re.findall(r"[^\W_]+", term))
        self._patterns = [start + f"{MARKS}*".join(map(_any_form, part)) for part in dict.fromkeys(parts) if part]

    def expression(self) -> str:
        """For FTS5, which reads nothing but doubled quotation marks in a quoted string."""
        return " ".join('"{}"'.format(term.replace('"', '""')) for term in self.terms) + "*"

    def all_in(self, *texts: str) -> bool:
        return bool(self._patterns) and all(
            any(re.search(pattern, text) for text in texts) for pattern in self._patterns)

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
        places = [(match.start(), match.lastindex) for match in islice(any_word.finditer(text), MATCHES)]
        together = [len({word for place, word in places[index:index + NEAR] if place < start + EXCERPT - BEFORE})
                    for index, (start, _) in enumerate(places)]
        most = max(together, default=0)
        return most, places[together.index(most)][0] if places else 0


def folded(character: str) -> str:
    """A letter without case and accents, always one character."""
    parts = unicodedata.normalize("NFD", character)
    letter = parts[0] if all(map(unicodedata.combining, parts[1:])) else character
    return letter.casefold()[0]


@cache
def forms() -> Mapping[str, str]:
    """Every letter with all that is folded to it: texts are read as they are, ten times faster than folded."""
    found: dict[str, str] = defaultdict(str)
    for character in map(chr, chain(range(0x20000), range(0x2F800, 0x2FA20))):  # nothing is folded beyond
        found[folded(character)] += character
    return {letter: characters for letter, characters in found.items() if characters != letter}


def _any_form(letter: str) -> str:
    return f"[{re.escape(forms()[letter])}]" if letter in forms() else re.escape(letter)


def search(connection: sqlite3.Connection, words: str, limit: int) -> list[Hit]:
    """At most `limit` places where all the words are found, each message once; titles come first."""
    whole, inside = Words(words, inside=False), Words(words, inside=True)
    if not whole.terms or limit < 1:
        return []
    ways = [(_by_index(connection, whole.expression()), whole), (_by_reading(connection, inside), inside)]
    if UNSPACED.search(words):
        ways.reverse()
    return next(filter(None, (_hits(places, found, limit) for places, found in ways)), [])


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
