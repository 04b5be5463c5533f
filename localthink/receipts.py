"""What was pulled from the Hub, and whether all of it is there and checked: one small file for each model.

A receipt is written before the first byte, so that what a killed download left in the Hub's cache is
known to be unfinished, and completed once every byte is checked. Only then is the model offered.
"""
from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from localthink import locations
from localthink.errors import LocalthinkError


@dataclass(frozen=True, slots=True)
class PulledFile:
    """One file of a model: its `name` in the repository, where it lies, and what the Hub says of it.

    `sha256` is that of its content, empty where the Hub gives none.
    """

    name: str
    path: str
    bytes: int
    sha256: str


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


def read_receipts() -> tuple[Receipt, ...]:
    """Every receipt that can be read, by name; one that is damaged is as good as none."""
    found = (_read(path) for path in sorted(locations.receipts().glob("*.json")))
    return tuple(receipt for receipt in found if receipt is not None)


def write_receipt(receipt: Receipt) -> None:
    """Keep it, in place of one of the same repository and files. Raises LocalthinkError where it cannot be written."""
    path = _place(receipt)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
            json.dump(asdict(receipt), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise LocalthinkError(f"{path}: cannot be written: {error.strerror or error}") from error


def remove_receipt(receipt: Receipt) -> None:
    _place(receipt).unlink(missing_ok=True)


def unfinished(receipts: Iterable[Receipt]) -> frozenset[Path]:
    """The files that must not be offered: their download was begun here and never checked to its end."""
    return frozenset(Path(file.path) for receipt in receipts if not receipt.checked for file in receipt.files)


def _place(receipt: Receipt) -> Path:
    name = f"{receipt.repository}--{Path(receipt.files[0].name).stem}"
    return locations.receipts() / f"{re.sub(r'[^A-Za-z0-9._-]', '--', name)}.json"


def _read(path: Path) -> Receipt | None:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(PulledFile(**file) for file in values.pop("files"))
        return Receipt(files=files, **values) if files else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
