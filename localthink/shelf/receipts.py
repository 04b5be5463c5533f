"""What was pulled from the Hub, and whether all of it is there and checked: one small file for each model.

A receipt is written before the first byte, so that what a killed download left in the Hub's cache is
known to be unfinished, and completed once every byte is checked. Only then is the model offered. Each commit has
receipts of its own: what was pulled before stays valid while its successor is on its way.
"""
from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

from localthink import locations
from localthink.errors import LocalthinkError
from localthink.files import replacing, small_object
from localthink.text.visible import shown_name

LARGEST = 2**63  # bytes: more than any file has


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

    `checked` says that all files are there, with the sizes and sums of the Hub and a sound header; `damaged` that they
    were, and were found to be so no longer.
    """

    repository: str
    commit: str
    precision: str
    files: tuple[PulledFile, ...]
    model: str = ""
    checked: bool = False
    damaged: bool = False

    @property
    def called(self) -> str:
        """Its name in the catalogue with its precision; empty for a model that is not of the catalogue."""
        return f"{self.model}:{self.precision}".removesuffix(":") if self.model else ""

    @property
    def address(self) -> str:
        return f"hf:{self.repository}/{self.files[0].name}"

    @property
    def state(self) -> str:
        """Its address at its commit, which it shares with no other."""
        return f"hf:{self.repository}@{self.commit[:8]}/{self.files[0].name}"

    @property
    def path(self) -> Path:
        """The file to load."""
        return Path(self.files[0].path)

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(Path(file.path) for file in self.files)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def whole(self) -> bool:
        """Whether every file is there in its length."""
        return all(_size(Path(file.path)) == file.bytes for file in self.files)

    @property
    def complete(self) -> bool:
        """Whether it was checked, and every file is still there and as long as it was then."""
        return self.checked and self.whole

    @property
    def begun(self) -> bool:
        """Whether it is a download that never came to its end: there is nothing yet that could be damaged."""
        return not (self.checked or self.damaged or self.whole)

    def finished(self) -> Receipt:
        return replace(self, checked=True, damaged=False)

    def doubted(self) -> Receipt:
        """The same, for files that turned out to be damaged: it is not offered until a pull has replaced them."""
        return replace(self, checked=False, damaged=True)


Kept = TypeVar("Kept", PulledFile, Receipt)


def read_receipts() -> tuple[Receipt, ...]:
    """Every receipt that can be read, the one that was written last first; one that is damaged is as good as none."""
    paths = sorted(locations.receipts().glob("*.json"), key=lambda path: (-_written(path), path))
    return tuple(receipt for path in paths if (receipt := _read(path)) is not None)


def write_receipt(receipt: Receipt, instead_of: Iterable[Receipt] = ()) -> None:
    """Keep it, in place of one of the same files at the same commit; those that it stands for now are forgotten.

    Raises LocalthinkError where it cannot be written.
    """
    path = _place(receipt)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(json.dumps(asdict(receipt), indent=1).encode())
    except OSError as error:
        raise LocalthinkError(f"{shown_name(path)}: cannot be written ({error.strerror or error}): free some of the "
                              f"disk or correct the permissions of {shown_name(path.parent)}, and give the command "
                              "again: what has come is kept") from error
    for old in instead_of:
        if _place(old) != path:
            remove_receipt(old)


def remove_receipt(receipt: Receipt) -> None:
    _place(receipt).unlink(missing_ok=True)


def unfinished(receipts: Iterable[Receipt]) -> frozenset[Path]:
    """The files that must not be offered: their download never came to its end, or they are not what it brought."""
    return frozenset(path for receipt in receipts if not receipt.complete for path in receipt.paths)


def _place(receipt: Receipt) -> Path:
    """One place for each file and commit, however long their names; capitals do not matter to every system."""
    file = f"{receipt.repository}/{receipt.files[0].name}"
    name = re.sub(r"[^A-Za-z0-9._-]+", "--", file.removesuffix(".gguf"))[-100:].lstrip("-.")
    whole = f"{receipt.commit}/{file}"
    return locations.receipts() / f"{name}.{hashlib.sha256(whole.encode(errors='surrogatepass')).hexdigest()[:12]}.json"


def _read(path: Path) -> Receipt | None:
    try:
        values = small_object(path)
        files = tuple(_sensible(_typed(PulledFile(**file))) for file in values.pop("files"))
        receipt = _typed(Receipt(files=files, **values))
    except (ValueError, TypeError, KeyError):
        return None
    return receipt if files and path == _place(receipt) else None  # elsewhere nothing would replace or remove it


def _typed(kept: Kept) -> Kept:
    """What was read, if every value is of its kind. Raises TypeError."""
    kinds = {"str": str, "int": int, "bool": bool}
    for field in fields(kept):
        if type(getattr(kept, field.name)) is not kinds.get(str(field.type), tuple):
            raise TypeError(f"{field.name} is no {field.type}")
    return kept


def _sensible(file: PulledFile) -> PulledFile:
    """The same, if there can be such a file. Raises ValueError."""
    if "\0" in file.path + file.name or not 0 <= file.bytes < LARGEST:
        raise ValueError(f"there is no file {file}")
    return file


def _written(path: Path) -> int:
    """When, in nanoseconds; 0 where that cannot be told."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _size(path: Path) -> int | None:
    """In bytes; None where there is no file."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
