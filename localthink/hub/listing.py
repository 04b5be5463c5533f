"""What a repository holds: its GGUF models, each at a precision, in one file or in parts; and which one is meant."""
from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from localthink.errors import UsageError
from localthink.gguf.precision import PART, precision_of, stem
from localthink.hub.faults import SourceError
from localthink.hub.wanted import SUFFIX, Place, Wanted
from localthink.text.sizes import sized

NOT_MODELS = re.compile(r"(?:^|[-_.])(?:mmproj|imatrix|ggml-vocab)(?:[-_.]|$)", re.IGNORECASE)
BLOB = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}")  # the name of a content
MOST_SHOWN = 12  # models of a repository in a message


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository. `blob` names its content: sha256 where it is in large file storage, git's sha1 elsewhere.

    `bytes` is None, and `blob` empty, where the listing does not say.
    """

    name: str
    bytes: int | None
    blob: str

    @property
    def sha256(self) -> str:
        return self.blob if len(self.blob) == 64 else ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A model of a repository: `files` in order of parts, of which there should be `parts`."""

    precision: str
    files: tuple[RemoteFile, ...]
    parts: int = 1

    @property
    def name(self) -> str:
        return self.files[0].name

    @property
    def bytes(self) -> int:
        return sum(file.bytes or 0 for file in self.files)

    @property
    def whole(self) -> bool:
        return len(self.files) == self.parts


@dataclass(frozen=True, slots=True)
class Listing:
    """The models that `place` holds at `commit`, by name."""

    place: Place
    commit: str
    offers: tuple[Offer, ...]


def group_files(files: Iterable[RemoteFile]) -> tuple[Offer, ...]:
    """The models among the files of a repository: parts together, and nothing that is no model."""
    groups: dict[tuple[str, int], list[tuple[int, RemoteFile]]] = {}
    for file in files:
        folder, _, name = file.name.rpartition("/")
        if not name.lower().endswith(SUFFIX) or NOT_MODELS.search(name[: -len(SUFFIX)]):
            continue
        part = PART.fullmatch(name[: -len(SUFFIX)])
        number, count = (int(part["number"]), int(part["count"])) if part else (1, 1)
        groups.setdefault((f"{folder}/{stem(name)}", count), []).append((number, file))
    offers = []
    for (_, count), numbered in groups.items():
        parts = tuple(file for _, file in sorted(numbered, key=lambda pair: pair[0]))
        offers.append(Offer(precision_of(parts[0].name), parts, count))
    return tuple(sorted(offers, key=lambda offer: offer.name))


def choose(listing: Listing, wanted: Wanted, prefer: Sequence[str] = ()) -> Offer:
    """The model that is wanted of a repository; where no precision is, the first preferred one that it has.

    Raises SourceError where the repository cannot serve, UsageError where more than one could be meant.
    """
    offer = _named(listing, wanted.file) if wanted.file else _at_precision(listing, wanted, prefer)
    if not offer.whole:
        raise SourceError(f"{listing.place.repository} holds {len(offer.files)} of the {offer.parts} parts of "
                          f"{offer.name}: choose another model or repository")
    return offer


def _named(listing: Listing, name: str) -> Offer:
    for offer in listing.offers:
        if any(file.name == name for file in offer.files):
            return offer
    names = [offer.name for offer in listing.offers]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    raise SourceError(f"there is no {name} in {listing.place.repository}: "
                      + (f"did you mean {' or '.join(near)}?" if near else f"it {_holds(listing.offers)}"))


def _at_precision(listing: Listing, wanted: Wanted, prefer: Sequence[str]) -> Offer:
    offers = _of_the_model(listing)
    if not offers:
        raise SourceError(f"{listing.place.repository} holds no {SUFFIX} model: choose another repository")
    if wanted.precision:
        fitting = [offer for offer in offers if offer.precision == wanted.precision]
        return _one(listing, fitting, wanted.precision, offers)
    if len(offers) == 1:
        return offers[0]
    for precision in prefer:
        if fitting := [offer for offer in offers if offer.precision == precision and offer.whole]:
            return _one(listing, fitting, precision, offers)
    example = next((offer.precision for offer in sorted(offers, key=_size) if offer.precision), "")
    how = f"{wanted.text}:{example}" if example else f"hf:{listing.place.repository}/{offers[0].name}"
    raise UsageError(f"{listing.place.repository} {_holds(offers)}; say which, as {how}")


def _of_the_model(listing: Listing) -> tuple[Offer, ...]:
    """What is called as the pattern says; everything, where nothing is."""
    pattern = stem(listing.place.pattern.rpartition("/")[2])
    before, _, after = pattern.partition("{precision}")
    if not pattern:
        return listing.offers
    called = re.compile(f"{re.escape(before)}.+{re.escape(after)}", re.IGNORECASE)
    named = tuple(offer for offer in listing.offers if called.fullmatch(stem(offer.name.rpartition("/")[2])))
    return named or listing.offers


def _one(listing: Listing, fitting: Sequence[Offer], precision: str, offers: Sequence[Offer]) -> Offer:
    whole = [offer for offer in fitting if offer.whole] or fitting
    if not whole:
        raise SourceError(f"{listing.place.repository} has nothing at {precision}: it {_holds(offers)}")
    if len(whole) > 1:
        raise UsageError(f"{listing.place.repository} has {len(whole)} models at {precision}, "
                         f"{', '.join(offer.name for offer in whole[:MOST_SHOWN])}: name one, "
                         f"as hf:{listing.place.repository}/{whole[0].name}")
    return whole[0]


def _holds(offers: Sequence[Offer]) -> str:
    """What a repository holds, as the rest of a sentence."""
    listed = [(offer.precision or offer.name) + (f" ({sized(offer.bytes)})" if offer.bytes else "")
              for offer in sorted(offers, key=_size)]
    more = f" and {len(listed) - MOST_SHOWN} more" if len(listed) > MOST_SHOWN else ""
    return f"holds {', '.join(listed[:MOST_SHOWN])}{more}" if listed else f"holds no {SUFFIX} model"


def _size(offer: Offer) -> int:
    return offer.bytes
