"""Whether files are still what they were published as: their sums again, and their headers."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from localthink.errors import ModelFileError, UsageError
from localthink.gguf.header import read_facts
from localthink.hub.cache import size_of
from localthink.hub.listing import BLOB
from localthink.hub.transfer import Sum
from localthink.hub.wanted import of_file
from localthink.shelf.receipts import Receipt, read_receipts, write_receipt
from localthink.text.visible import shown_name

OnBytes = Callable[[int, int], None]  # bytes that are done, of how many


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one file: the sum that it should have and the one it has. `problem` is a line, empty for a sound file."""

    path: Path
    bytes: int
    known: str
    found: str
    problem: str = ""

    @property
    def sound(self) -> bool:
        return not self.problem


def verify(model: Receipt | Path, on_progress: OnBytes | None = None) -> tuple[Verdict, ...]:
    """Read every file of a model and compare it with its sum: that of the receipt, or the one that names its content.

    The Hub's cache and ollama name contents by their sums. A receipt whose files are not sound is no longer
    offered as a model, and stays in trouble, until a pull has replaced it. Raises UsageError for a file whose sum
    nobody knows, and ModelFileError for a path that is no model.
    """
    if isinstance(model, Path):
        receipt = next(iter(of_file(model, read_receipts())), None)
        known = _named(model) if receipt is None else _known(receipt)
    else:
        receipt, known = model, _known(model)
    total, done = sum(size_of(path) for path in known), 0

    def on_bytes(number: int) -> None:
        nonlocal done
        done += number
        if on_progress is not None:
            on_progress(done, total)

    verdicts = [_verdict(path, blob, size, on_bytes) for path, (blob, size) in known.items()]
    if receipt is not None:
        verdicts = _with_more(receipt, verdicts)
        if receipt.checked and not all(verdict.sound for verdict in verdicts):
            write_receipt(receipt.doubted())
    return tuple(verdicts)


def _known(receipt: Receipt) -> dict[Path, tuple[str, int]]:
    return {Path(file.path): (file.blob or file.sha256, file.bytes) for file in receipt.files}


def _named(path: Path) -> dict[Path, tuple[str, int]]:
    """The sums of a model's files by the names of their contents."""
    known = {}
    for part in read_facts(path).parts:
        name = re.sub(r"^sha256[-:]", "", part.resolve().name)
        if not BLOB.fullmatch(name):
            raise UsageError(f"{shown_name(part)}: nothing here says what its sum should be: give a model that was "
                             "pulled with localthink, or one in the Hub's cache or in ollama's")
        known[part] = (name, size_of(part))
    return known


def _verdict(path: Path, blob: str, size: int, on_bytes: Callable[[int], None]) -> Verdict:
    there, summed = size_of(path), Sum(blob, size)
    if not there:
        return Verdict(path, 0, blob, "", f"{shown_name(path)}: there is no such file any more: pull it again")
    try:
        summed.add_file(path, on_bytes)
    except OSError as error:
        return Verdict(path, there, blob, "", f"{shown_name(path)}: it cannot be read: {error.strerror or error}")
    if there != size:
        problem = f"{shown_name(path)}: it has {there:,} bytes instead of {size:,}: pull it again"
    elif not summed.right:
        problem = (f"{shown_name(path)}: it is damaged, its sum is {summed.found[:12]}… and not {blob[:12]}…: "
                   "pull it again")
    else:
        problem = ""
    return Verdict(path, there, blob, summed.found, problem)


def _with_more(receipt: Receipt, verdicts: list[Verdict]) -> list[Verdict]:
    """Where all sums are right, the first file has the problems of the whole model: a header that is refused, and what
    only a pull can settle.
    """
    if not all(verdict.sound for verdict in verdicts):
        return verdicts
    first, problem = verdicts[0], ""
    try:
        read_facts(receipt.path)
    except ModelFileError as error:
        problem = str(error)
    if not problem and not receipt.checked:
        before = "was found damaged before" if receipt.damaged else "was never checked to its end"
        problem = f"{shown_name(first.path)}: its sum is right, but it {before}: pull it again, it is not loaded twice"
    return [replace(first, problem=problem), *verdicts[1:]]
