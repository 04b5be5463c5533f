"""A value of the input in a message about it, its digest, and whether a text can be used at all."""
from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable

from localthink.errors import UsageError

SHOWN = 60  # characters


def quoted(value: object) -> str:
    """A value as it may stand in a one-line message: as JSON, printable and short; lists and objects by their kind."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        start = value[:SHOWN]
        return json.dumps(start, ensure_ascii=not start.isprintable()) + ("…" if len(value) > SHOWN else "")
    text = json.dumps(value, default=repr)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """What to say where `name` is not among the `known`: the nearest of them, or what else there is to say."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}?" if near else otherwise


def json_sha256(value: object) -> str:
    """64 hexadecimal digits that are the same exactly where two values are the same JSON."""
    data = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(data.encode()).hexdigest()


def check_unicode(text: str, what: str) -> str:
    """The text itself; JSON can write halves of surrogate pairs, which no tokenizer and no file takes."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} is not Unicode: its character {error.start + 1} is {text[error.start]!a}, half of a "
                         "surrogate pair: correct the text") from None
    return text


def check_text(text: object, what: str) -> str:
    """The text itself. Raises UsageError unless it is a text, says something and is Unicode."""
    if not isinstance(text, str):
        raise UsageError(f"{what} is {quoted(text)}: give a text")
    if not text.strip():
        raise UsageError(f"{what} is {'only white space' if text else 'empty'}: give some text")
    return check_unicode(text, what)
