"""Which files of which repository are meant, asked of the Hub in JSON: nothing is downloaded yet.

Whoever answers may be anybody: no more is read than a listing can have, and for no longer than one can take.
"""
from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote

from localthink.errors import LocalthinkError
from localthink.hub.faults import SourceError, Subject, check_status, fault, host
from localthink.hub.listing import BLOB, Listing, Offer, RemoteFile, choose, group_files
from localthink.hub.news import Note, PullNews, PullOrder
from localthink.hub.retries import Retries
from localthink.hub.wanted import Place
from localthink.shelf.receipts import LARGEST

Answer = TypeVar("Answer")
COMMIT = re.compile(r"[0-9a-f]{40,64}")
NAME = re.compile(r"(?!.*(?:^|/)\.{0,2}(?:/|$))[^\\:*?\"<>|\x00-\x1f\x7f]+")  # no way out of a folder, on any system
MOST_BYTES = 2**24  # ten thousand files take some four million
MOST_SECONDS = 120.0
ENCODINGS = ("", "identity", "gzip")  # others unpack a piece of the answer to gigabytes


@dataclass(frozen=True, slots=True)
class Choice:
    """The files of a model, with their sizes and sums, at a commit."""

    place: Place
    commit: str
    offer: Offer


def find(order: PullOrder, tell: Callable[[PullNews], None]) -> Choice:
    """The first place of those wanted that has it and lets it be read. Raises LocalthinkError where none does."""
    return _first(order, tell, lambda place: _choose(order, place, tell))


def look(order: PullOrder, tell: Callable[[PullNews], None]) -> Listing:
    """What the first place of those wanted holds that can be read. Raises LocalthinkError where none can."""
    return _first(order, tell, lambda place: read_listing(place, _retries(order, tell)))


def _first(order: PullOrder, tell: Callable[[PullNews], None], ask: Callable[[Place], Answer]) -> Answer:
    """What is answered of the first place that can serve."""
    refused: list[str] = []
    for place in order.wanted.places:
        if refused:
            tell(Note(f"{refused[-1]}; trying {place.repository}"))
        try:
            return ask(place)
        except SourceError as error:
            refused.append(str(error))
    if len(refused) == 1:
        raise SourceError(refused[0])
    raise SourceError(f"{order.wanted.text} cannot be downloaded from any of its {len(refused)} sources: "
                      + "; ".join(refused))


def read_listing(place: Place, retries: Retries) -> Listing:
    """What a repository holds now, with sizes and sums where the Hub says them."""
    subject = Subject("model", place.repository, place.revision)
    try:
        told = retries.call(lambda: ask_about(place))
    except Exception as error:  # those of the HTTP library too, which is another with every version
        raise fault(error, subject) from error
    commit = told.get("sha") if isinstance(told, dict) else None
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
        raise LocalthinkError(f"the Hub does not say at which commit {place.repository} is: check HF_ENDPOINT")
    try:
        files = [_remote_file(entry) for entry in told.get("siblings") or ()]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise LocalthinkError(f"the listing of {place.repository} by {host()} is damaged: check HF_ENDPOINT, or try "
                              "again later") from None
    return Listing(place, commit, group_files(file for file in files
                                              if NAME.fullmatch(file.name) and file.name.isprintable()))


def _remote_file(entry: Any) -> RemoteFile:
    """A file as the Hub lists it. Raises TypeError, or the like, for what is no such entry."""
    stored = entry.get("lfs") or {}
    name, size = entry["rfilename"], stored.get("size", entry.get("size"))
    blob = stored.get("sha256") or entry.get("blobId") or ""
    if not (isinstance(name, str) and isinstance(blob, str) and (size is None or 0 <= int(size) == size < LARGEST)):
        raise TypeError(f"{entry} is no file")
    return RemoteFile(name, None if size is None else int(size), blob if BLOB.fullmatch(blob) else "")


def _choose(order: PullOrder, place: Place, tell: Callable[[PullNews], None]) -> Choice:
    listing = read_listing(place, _retries(order, tell))
    offer = choose(listing, order.wanted, order.prefer)
    files = tuple(_look_at(listing, file, _retries(order, tell)) for file in offer.files)
    return Choice(place, listing.commit, replace(offer, files=files))


def _look_at(listing: Listing, file: RemoteFile, retries: Retries) -> RemoteFile:
    """The file as the Hub would send it: whether it does, its size and its sum."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    repository = listing.place.repository
    url = hf_hub_url(repository, file.name, revision=listing.commit)
    try:
        answered = retries.call(lambda: get_hf_file_metadata(url, headers=build_hf_headers(library_name="localthink")))
    except Exception as error:
        raise fault(error, Subject("model", repository, listing.place.revision, file.name, seen=True)) from error
    etag, size = answered.etag or "", file.bytes if file.bytes is not None else answered.size
    blob = file.blob or etag
    if not BLOB.fullmatch(blob) or not size:
        raise SourceError(f"the Hub does not say the size and the sum of {file.name} in {repository}, without which "
                          "it cannot be checked: choose another repository")
    if (len(etag) == len(blob) and etag != blob) or answered.size not in (None, size):
        raise SourceError(f"{file.name} in {repository} changed on the Hub while it was looked up: try again")
    return RemoteFile(file.name, size, blob)


def _retries(order: PullOrder, tell: Callable[[PullNews], None]) -> Retries:
    return Retries(order.policy, tell, order.policy.tries_to_begin)


def ask_about(place: Place) -> Any:
    """The JSON value that the Hub has for a repository, its files' sizes and sums included.

    Raises what the client and its HTTP library raise, and LocalthinkError for an answer that is none.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers, get_session, validate_repo_id

    validate_repo_id(place.repository)
    at = "" if place.revision is None else f"/revision/{quote(place.revision, safe='')}"
    headers = build_hf_headers(library_name="localthink") | {"Accept-Encoding": "gzip"}
    with get_session().stream("GET", f"{constants.ENDPOINT}/api/models/{place.repository}{at}", headers=headers,
                              params={"blobs": True}, follow_redirects=True,
                              timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT) as response:
        check_status(response)
        return _parsed(_read(response), place)


def _read(response: Any) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise LocalthinkError(f"{host()} answers in the encoding {encoding!r}, which was not asked for: check "
                              "HF_ENDPOINT, or the proxy")
    data, until = bytearray(), time.monotonic() + MOST_SECONDS
    for piece in response.iter_bytes():
        if len(data) + len(piece) > MOST_BYTES:
            raise LocalthinkError(f"{host()} sends more than {MOST_BYTES >> 20} MiB where it should list the files of "
                                  "a repository: check HF_ENDPOINT, or name another repository")
        data += piece
        if time.monotonic() > until:
            raise LocalthinkError(f"{host()} has sent {len(data):,} bytes in {MOST_SECONDS:.0f} seconds and no end of "
                                  "its answer: check the connection, or try again later")
    return bytes(data)


def _parsed(data: bytes, place: Place) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise LocalthinkError(
            f"{host()} does not answer as the Hub would, perhaps with the login page of a network or a proxy: open "
            f"https://huggingface.co/{place.repository} in a browser, or check HF_ENDPOINT") from None
