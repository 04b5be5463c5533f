"""The options of a multiple-choice question, as data sets have them: what each letter stands for."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from string import ascii_uppercase as LETTERS
from typing import Any

FIELDS = ("options", "choices")
_LETTERED = re.compile(r"\s*\(?([A-Z])[).:]\s*(.*)", re.DOTALL)


def read_options(row: Mapping[str, Any]) -> dict[str, str]:
    """The options that the row lists, by their letters; none where it lists none in a form that is known.

    The forms are a list of texts or numbers, with their letters ("A) 5") or without; an object of letters and texts;
    and an object of the lists `label` and `text`.
    """
    for value in (row.get(field) for field in FIELDS):
        if isinstance(value, list):
            return _listed(value)
        if isinstance(value, dict) and isinstance(value.get("text"), list) and isinstance(value.get("label"), list):
            return _by_letter(zip(value["label"], value["text"], strict=False))
        if isinstance(value, dict):
            return _by_letter(value.items())
    return {}


def with_options(question: str, row: Mapping[str, Any]) -> str:
    """The question, and below it after a blank line its options, one a line: "A) 5". A text stands there as it is.

    Options that the question holds already are not repeated.
    """
    options = read_options(row)
    written = next((value for field in FIELDS if isinstance(value := row.get(field), str) and value.strip()), "")
    below = "\n".join(f"{letter}) {text}" for letter, text in options.items()) or written
    return question if below in question else f"{question}\n\n{below}"


def _listed(texts: Sequence[Any]) -> dict[str, str]:
    if len(texts) > len(LETTERS) or not all(_is_text(text) for text in texts):
        return {}
    lettered = [_LETTERED.fullmatch(str(text)) for text in texts]
    if [found and found[1] for found in lettered] == list(LETTERS[:len(texts)]):
        return {found[1]: found[2] for found in lettered if found}
    return dict(zip(LETTERS, map(str, texts), strict=False))


def _by_letter(pairs: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    pairs = list(pairs)
    if not all(label in list(LETTERS) and _is_text(text) for label, text in pairs):
        return {}
    return {letter: str(text) for letter, text in pairs}


def _is_text(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip() != ""
