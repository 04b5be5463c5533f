"""What a person asks for: a model of the catalogue by its name, or one of a repository on the Hub by its address."""
from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from localthink.errors import UsageError
from localthink.gguf.precision import as_precision, precision_of
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
