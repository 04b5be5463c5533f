"""Which of the pulled models a person means: by what it is called, by its address on the Hub, or by a file."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from localthink import locations
from localthink.gguf.precision import as_precision
from localthink.hub.cache import is_at
from localthink.hub.wanted import Wanted, is_address, parse_wanted
from localthink.shelf.catalogue import read_catalogue, split_name
from localthink.shelf.other_programs import in_files
from localthink.shelf.receipts import Receipt


def meant(name: str, receipts: Sequence[Receipt]) -> tuple[Receipt, ...]:
    """Those of the `receipts` that a name can mean, none where it is no name of a pull.

    It may be a path, what a model is called, the name of a file, or an address on the Hub. Raises UsageError for a
    malformed address, and where a person's own catalogue cannot be read.
    """
    return (of_file(locations.expanded(name), receipts)
            or tuple(receipt for receipt in receipts if name in _names(receipt))
            or _at_address(name, receipts) or _of_catalogue(name, receipts))


def of_file(path: Path, receipts: Iterable[Receipt]) -> tuple[Receipt, ...]:
    """Those that have a file, which may be given by its place or by its content."""
    receipts, path = tuple(receipts), path.absolute()
    return (tuple(receipt for receipt in receipts if path in receipt.paths)
            or tuple(receipt for receipt in receipts if any(_same(own, path) for own in receipt.paths)))


def answers(receipt: Receipt, wanted: Wanted) -> bool:
    """Whether it is what is asked for, as far as that can be told without the Hub."""
    files = [file.name for file in receipt.files]
    if wanted.precision not in ("", receipt.precision) or wanted.file not in ("", *files):
        return False
    if wanted.model and receipt.model:
        return receipt.model == wanted.model
    return any(place.repository == receipt.repository and is_at(receipt, place.revision) for place in wanted.places)


def name_of(receipt: Receipt) -> str:
    """What a person would call it to pull it: a name of the catalogue, or an address on the Hub."""
    return receipt.called or receipt.address


def name_among(receipt: Receipt, receipts: Iterable[Receipt]) -> str:
    """The same, or where another of these is called so too, what it shares with none."""
    others = {name for other in receipts if other != receipt for name in (other.called, other.address)}
    return next((name for name in (receipt.called, receipt.address) if name and name not in others), receipt.state)


def _names(receipt: Receipt) -> tuple[str, ...]:
    return (*(name for name in (receipt.called, receipt.address, receipt.state) if name),
            *in_files("", receipt.paths).names)


def _at_address(name: str, receipts: Iterable[Receipt]) -> tuple[Receipt, ...]:
    if not is_address(name):
        return ()
    wanted = parse_wanted(name)
    return tuple(receipt for receipt in receipts if answers(receipt, wanted))


def _of_catalogue(name: str, receipts: Iterable[Receipt]) -> tuple[Receipt, ...]:
    """By any name of an entry, at the precision that is named, or else at whichever there is."""
    spec, precision = split_name(name, read_catalogue())
    return tuple(receipt for receipt in receipts if spec is not None and receipt.model == spec.name
                 and (precision is None or as_precision(precision) == receipt.precision != ""))


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):
        return False
