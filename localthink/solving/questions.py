"""What a person asks, one question or a file of them, as the items of a batch; and what decides their solutions."""
from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from localthink.batch.items import BadLine, Item, read_item
from localthink.batch.settings import Settings
from localthink.batch.sources import find_source, read_items
from localthink.errors import LocalthinkError, UsageError
from localthink.generation import generation_object
from localthink.grade.countdown import Puzzle
from localthink.records import Message
from localthink.shelf.local_models import find_model
from localthink.solving.question import known_of
from localthink.solving.strategy import Strategy
from localthink.solving.verifier import EXACT, SELF, is_function
from localthink.text.visible import shown_name


def item_of(question: str | Sequence[Message], settings: Settings, append: str = "") -> Item:
    """A question as the line of a batch that asks it: its attempts have the seeds that its samples would have there.

    Raises UsageError for an empty question, and for messages that cannot be asked.
    """
    row = {"prompt": question} if isinstance(question, str) else {"messages": [asdict(each) for each in question]}
    item = read_item(row, 1, settings, append)
    if isinstance(item, BadLine):
        raise UsageError(item.reason)
    return item


def read_questions(path: str, settings: Settings, append: str = "", limit: int | None = None) -> list[Item]:
    """The items of a file that `localthink run` can read. Raises UsageError at the first line that asks nothing."""
    source, items = find_source(path, Path()), list[Item]()
    for row in read_items(source, settings, append=append, limit=limit):
        if isinstance(row, BadLine):
            raise UsageError(f"{shown_name(path)}, line {row.line}: {row.reason}")
        if row.settings.samples != settings.samples:
            raise UsageError(f"{shown_name(path)}, line {row.line}, has an n of its own: all questions take as many "
                             "attempts as -n says")
        items.append(row)
    return items


def choose_verifier(strategy: Strategy, written: str | None, items: Sequence[Item]) -> str | None:
    """The verifier to open, None where the strategy takes none: what is `written`, or else exact where all items are
    puzzles, and the model itself where not.

    Raises UsageError where it has one and takes none, and where a right answer is not known that has to be.
    """
    if not strategy.judges:
        if written is not None:
            raise UsageError(f"{strategy.name} takes no verifier, and {written} is given: leave it out, or take best "
                             "or steps")
        return None
    if written is None:
        return EXACT if all(isinstance(known_of(item), Puzzle) for item in items) else SELF
    unknown = next((item for item in items if known_of(item) is None), None)
    if written == EXACT and unknown is not None:
        where = f"line {unknown.line}" if len(items) > 1 else "the question"
        raise UsageError(f"the verifier is exact, and the right answer to {where} is not known: give it as the field "
                         "answer of a file's line, or take another verifier")
    return written


def decisive(strategy: Strategy, settings: Settings, verifier: str | None, prompts: Path | None) -> dict[str, Any]:
    """What decides a solution, beside model and question, as JSON."""
    chosen: Mapping[str, Any] = asdict(strategy)  # type: ignore[call-overload]  # every strategy is a dataclass
    return {"strategy": strategy.name, **chosen, **generation_object(settings.generation), "seed": settings.seed,
            "raw": settings.raw, "verifier": verifier, "verifier_file": _identity(verifier),
            "prompts": _digest(prompts) if prompts is not None else None}


def _identity(verifier: str | None) -> str | int | None:
    """By what it is noticed that a verifier's file was changed: the digest of a function's, the size of a model's."""
    if verifier is None or verifier in (EXACT, SELF):
        return None
    if is_function(verifier):
        return _digest(Path(verifier.rpartition(":")[0]))
    return find_model(verifier).stat().st_size


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise LocalthinkError(f"{shown_name(path)} cannot be read: {error.strerror}") from None
