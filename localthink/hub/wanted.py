"""What a person asks for: a model of the catalogue by its name, one of a repository on the Hub by its address, or one
that was pulled before.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from localthink import locations
from localthink.errors import UsageError
from localthink.gguf.precision import as_precision, precision_of
from localthink.hub.cache import is_at
from localthink.shelf.catalogue import read_catalogue, split_name
from localthink.shelf.other_programs import in_files
from localthink.shelf.receipts import Receipt
from localthink.text.visible import shown

HUB_FORM = "hf:owner/repo, with @revision, /path/to/file.gguf or :PRECISION behind it where need be"
PAGES = ("http://", "https://", "hf.co/", "huggingface.co/")  # how the address of one begins
SUFFIX = ".gguf"
_REPOSITORY = r"(?P<repository>\w(?:(?!--|\.\.)[\w.-])*/\w(?:(?!--|\.\.)[\w.-])*)"
_ADDRESS = re.compile(rf"hf:(?://)?{_REPOSITORY}(?:@(?P<revision>[^/@:]+))?(?:/(?P<file>[^:]+))?(?::(?P<precision>.*))?",
                      re.ASCII)
_PAGE = re.compile(rf"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/{_REPOSITORY}"
                   r"(?:/(?:blob|resolve|tree|raw)/(?P<revision>[^/?#:]+)(?:/(?P<file>[^?#:]+))?)?/?"
                   r"(?::(?P<precision>[^?#]*))?(?:[?#].*)?", re.ASCII)
_BARE = re.compile(rf"{_REPOSITORY}(?:[@/:].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A repository on the Hub. `revision` is a branch, a tag or a commit, None for the main branch.

    `pattern` is how the model's files are called there, with `{precision}` in it; empty where nobody knows.
    """

    repository: str
    revision: str | None = None
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`places` are tried in order. `model` is a name in the catalogue, empty for an address.

    `file` and `precision` are empty where they are still to be chosen. `text` is how it was asked for.
    """

    text: str
    places: tuple[Place, ...]
    precision: str = ""
    file: str = ""
    model: str = ""


def is_address(text: str) -> bool:
    """Whether a text is meant as an address on the Hub, well formed or not."""
    return text.startswith("hf:") or text.lower().startswith(PAGES)


def parse_wanted(text: str) -> Wanted:
    """What `NAME[:PRECISION]`, `hf:owner/repo…` or the address of a page of the Hub asks for.

    A slash within a revision is written %2F. Raises UsageError for a malformed address, and for a name that is
    not in the catalogue.
    """
    if not text.isprintable():
        raise UsageError(f"{shown(text)} is no model: write the name of one, or {HUB_FORM}")
    if is_address(text) and not text.startswith("hf:"):
        return _from_page(text)
    if text.startswith("hf:"):
        match = _ADDRESS.fullmatch(text)
        if match is None:
            raise UsageError(f"{shown(text)} is not the address of a model: write {HUB_FORM}")
        return _from_match(text, match)
    if _BARE.fullmatch(text) and "/" in text:
        raise UsageError(f"{shown(text)} looks like a repository of the Hub: write hf:{text}")
    return _from_catalogue(text)


def _from_page(text: str) -> Wanted:
    match = _PAGE.fullmatch(text if "://" in text else f"https://{text}")
    if match is None or match["repository"].split("/")[0] in ("datasets", "spaces", "models", "collections", "api"):
        raise UsageError(f"{shown(text)} is not the page of a model on huggingface.co: write {HUB_FORM}")
    return _from_match(text, match)


def _from_match(text: str, match: re.Match[str]) -> Wanted:
    file, precision = unquote(match["file"] or "").rstrip("/"), ""
    if match["precision"] is not None:
        precision = _precision(text, match["precision"])
    if file and (not file.lower().endswith(SUFFIX) or ".." in file.split("/") or file.startswith("/")):
        raise UsageError(f"{shown(text)} names {shown(file)}, which is no {SUFFIX} file: name one, or choose by "
                         f"precision, as hf:{match['repository']}:Q4_K_M")
    if file and precision and precision_of(file) not in ("", precision):
        raise UsageError(f"{shown(text)} names a file at {precision_of(file)} and asks for {precision}: leave one out")
    revision = unquote(match["revision"] or "")
    if ".." in revision:
        raise UsageError(f"{shown(text)} names the revision {shown(revision)}: give a branch, a tag or a commit")
    place = Place(match["repository"], revision or None)
    return Wanted(text, (place,), precision, file)


def _precision(text: str, written: str) -> str:
    precision = as_precision(written)
    if not precision:
        raise UsageError(f"{shown(text)} asks for the precision {shown(written)}, which is none: "
                         "write one such as Q4_K_M, Q8_0 or BF16")
    return precision


def _from_catalogue(text: str) -> Wanted:
    from localthink.shelf.catalogue import parse_name

    spec, precision = parse_name(text)
    return Wanted(text, tuple(Place(source.repository, None, source.pattern) for source in spec.sources),
                  precision or "", "", spec.name)


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
