"""What a model that judges is asked, one prompt for each kind of case; a person can put others in their place."""
from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from localthink.errors import UsageError
from localthink.judge.interface import KINDS, Case, Kind
from localthink.text.fields import Fields
from localthink.text.values import did_you_mean, json_sha256
from localthink.text.visible import shown_name

FILE = "prompts.toml"
PLACES = ("question", "before", "text")
NEEDED = ("question", "text")
NOTHING_BEFORE = "(nothing yet)"
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Prompts:
    """A prompt for each kind, and the words that are a verdict where an answer begins with them."""

    texts: Mapping[Kind, str]
    yes: tuple[str, ...]
    no: tuple[str, ...]

    def filled(self, case: Case, before: str) -> str:
        """What a model is asked about a case, with this `before` in the place of the case's own."""
        values = {"question": case.question, "before": before or NOTHING_BEFORE, "text": case.text}
        return _PLACE.sub(lambda found: values[found[1]], self.texts[case.kind])

    def sha256(self, kind: Kind) -> str:
        """64 hexadecimal digits that are others where anything is that decides a verdict about this kind."""
        return json_sha256([kind, self.texts[kind], self.yes, self.no])


def bundled_prompts() -> Prompts:
    """Those that come with localthink."""
    text = (resources.files("localthink.judge") / FILE).read_text(encoding="utf-8")
    return _read(text, FILE, None)


def read_prompts(path: Path) -> Prompts:
    """Those of a file; what it leaves out is as it comes with localthink. Raises UsageError for whatever is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{shown_name(path)} cannot be read: {error}") from None
    return _read(text, shown_name(path), bundled_prompts())


def _read(text: str, where: str, otherwise: Prompts | None) -> Prompts:
    try:
        fields = Fields(tomllib.loads(text), where)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{where} is not TOML: {error}") from None
    yes, no = fields.texts("yes"), fields.texts("no")
    texts = {kind: fields.text(kind, otherwise.texts[kind] if otherwise else None) for kind in KINDS}
    fields.close()
    for kind, prompt in texts.items():
        _check_places(prompt, f"{where} {kind}")
    if otherwise is not None:
        yes, no = yes or otherwise.yes, no or otherwise.no
    if both := set(yes) & set(no):
        raise UsageError(f"{where} has {min(both)!r} in yes and in no: a word can be one verdict only")
    return Prompts(texts, yes, no)


def _check_places(prompt: str, where: str) -> None:
    """Raise UsageError where a prompt has a place that nothing goes into, or none for what is judged."""
    there = _PLACE.findall(prompt)
    for name in there:
        if name not in PLACES:
            hint = did_you_mean(name, PLACES, f"it may hold {', '.join(f'{{{each}}}' for each in PLACES)}")
            raise UsageError(f"{where} holds {{{name}}}, which nothing goes into: {hint}")
    for name in NEEDED:
        if name not in there:
            raise UsageError(f"{where} has no {{{name}}}: put it where the {name} is to stand")
