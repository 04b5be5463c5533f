"""What was pulled from the Hub, and whether all of it is there and checked: one small file for each model.

A receipt is written before the first byte, so that what a killed download left in the Hub's cache is
known to be unfinished, and completed once every byte is checked. Only then is the model offered.
"""
from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from localthink import locations
from localthink.errors import LocalthinkError


@dataclass(frozen=True, slots=True)
class PulledFile:
    """One file of a model: its `name` in the repository, where it lies, and what the Hub says of it.

    `sha256` is that of its content, empty where the Hub gives none. `blob` is the sum by which the Hub's cache
    knows the content: the same, or git's sha1 of it.
    """

    name: str
    path: str
    bytes: int
    sha256: str
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A model of the Hub. `model` is its name in the catalogue, empty for any other; `files` are in order of parts.

    `checked` says that all files are there, with the sizes and sums of the Hub and a sound header.
    """

    repository: str
    commit: str
    precision: str
    files: tuple[PulledFile, ...]
    model: str = ""
    checked: bool = False

    @property
    def path(self) -> Path:
        """The file to load."""
        return Path(self.files[0].path)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def complete(self) -> bool:
        """Whether it was checked, and every file is still there and as long as it was then."""
        return self.checked and all(_size(Path(file.path)) == file.bytes for file in self.files)

    def finished(self) -> Receipt:
        return replace(self, checked=True)

    def doubted(self) -> Receipt:
        """The same, for files that turned out to be damaged: it is not offered until a pull has mended it."""
        return replace(self, checked=False)


Kept = TypeVar("Kept", PulledFile, Receipt)


def read_receipts() -> tuple[Receipt, ...]:
    """Every receipt that can be read, by name; one that is damaged is as good as none."""
    found = (_read(path) for path in sorted(locations.receipts().glob("*.json")))
    return tuple(receipt for receipt in found if receipt is not None)


def read_receipt(receipt: Receipt) -> Receipt | None:
    """What was kept of the same repository and files, whatever their state."""
    return _read(_place(receipt))


def write_receipt(receipt: Receipt) -> None:
    """Keep it, in place of one of the same repository and files. Raises LocalthinkError where it cannot be written."""
    path, written = _place(receipt), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
            written = Path(file.name)
            json.dump(asdict(receipt), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
    except OSError as error:
        if written is not None:
            with suppress(OSError):
                written.unlink()
        raise LocalthinkError(f"{path}: cannot be written: {error.strerror or error}") from error


def remove_receipt(receipt: Receipt) -> None:
    _place(receipt).unlink(missing_ok=True)


def unfinished(receipts: Iterable[Receipt]) -> frozenset[Path]:
    """The files that must not be offered: their download was begun here and never checked to its end."""
    return frozenset(Path(file.path) for receipt in receipts if not receipt.checked for file in receipt.files)


def _place(receipt: Receipt) -> Path:
    """One place for each repository and file, however long their names; capitals do not matter to every system."""
    whole = f"{receipt.repository}/{receipt.files[0].name}"
    name = re.sub(r"[^A-Za-z0-9._-]+", "--", whole.removesuffix(".gguf"))[-100:].lstrip("-.")
    return locations.receipts() / f"{name}.{hashlib.sha256(whole.encode()).hexdigest()[:12]}.json"


def _read(path: Path) -> Receipt | None:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(_typed(PulledFile(**file)) for file in values.pop("files"))
        receipt = _typed(Receipt(files=files, **values))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return receipt if files else None


def _typed(kept: Kept) -> Kept:
    """What was read, if every value is of its kind. Raises TypeError."""
    kinds = {"str": str, "int": int, "bool": bool}
    for field in fields(kept):
        if type(getattr(kept, field.name)) is not kinds.get(str(field.type), tuple):
            raise TypeError(f"{field.name} is no {field.type}")
    return kept


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
