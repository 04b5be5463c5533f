"""A pull from its beginning to its end, in the process that downloads.

Whenever that is killed, what it leaves is a part that the next pull goes on with, or a content that is
whole and checked; and a receipt that says which of both, so that neither is offered as a model too early.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from localthink.errors import LocalthinkError, ModelFileError
from localthink.hub.cache import (
    CachedFile,
    all_held,
    cached_files,
    clear,
    remember_revision,
    repository_folder,
    settle,
    size_of,
    taken,
)
from localthink.hub.faults import SourceError, Subject, fault
from localthink.hub.finding import Choice, find, look
from localthink.hub.listing import RemoteFile
from localthink.hub.news import Checking, Found, Listed, Note, Pulled, PullNews, PullOrder, PullProgress
from localthink.hub.retries import Retries
from localthink.hub.transfer import Source, Sum, Transfer
from localthink.hub.wanted import Place
from localthink.machine.resources import free_disk, nearest_folder
from localthink.shelf.receipts import PulledFile, Receipt, read_receipts, write_receipt
from localthink.text.sizes import sized
from localthink.text.visible import as_typed

TELL_EVERY = 0.1  # seconds between two reports of progress


def follow(order: PullOrder, tell: Callable[[PullNews], None]) -> None:
    """Do what is ordered; `tell` hears of it, at last of its end. Raises LocalthinkError."""
    if order.only_look:
        tell(Listed(look(order, tell)))
        return
    order, kept = _with_what_is_here(order)
    try:
        choice = find(order, tell)
    except SourceError as error:
        if kept is None:
            raise
        tell(Note(f"{error}; {kept.called} from {kept.repository} is here, and stays"))
        tell(Pulled(kept))
        return
    try:
        tell(Pulled(Pulling(order, choice, tell).run()))
    except OSError as error:
        raise fault(error, Subject("model", choice.place.repository, choice.commit)) from error


def _with_what_is_here(order: PullOrder) -> tuple[PullOrder, Receipt | None]:
    """A model of the catalogue comes from where it came from before: from there alone where it is whole, from there
    first where it was begun. And what is whole of it.
    """
    wanted = order.wanted
    known = [receipt for receipt in read_receipts() if wanted.model and wanted.precision
             and (receipt.model, receipt.precision) == (wanted.model, wanted.precision)]
    kept = next((receipt for receipt in known if receipt.complete), None)
    if kept is None:
        begun = {receipt.repository for receipt in known}
        places = sorted(wanted.places, key=lambda place: place.repository not in begun)
        return replace(order, wanted=replace(wanted, places=tuple(places))), None
    places = [place for place in wanted.places if place.repository == kept.repository]
    file = "" if places else kept.files[0].name  # the catalogue has forgotten how it is called there
    return replace(order, wanted=replace(wanted, places=tuple(places) or (Place(kept.repository),), file=file)), kept


class Pulling:
    """Brings the files of a choice into the Hub's cache. Raises LocalthinkError and OSError."""

    def __init__(self, order: PullOrder, choice: Choice, tell: Callable[[PullNews], None]) -> None:
        self._order, self._choice, self._tell = order, choice, tell
        self._folder = repository_folder(choice.place.repository)
        self._files = [(file, CachedFile(self._folder, choice.commit, file.name, file.blob))
                       for file in choice.offer.files]
        self._earlier = [receipt for receipt in read_receipts() if receipt.repository == choice.place.repository
                         and receipt.files[0].name == choice.offer.name]
        self._here: dict[CachedFile, int] = {}
        self._to_check = self._checked = 0
        self._told = 0.0

    def run(self) -> Receipt:
        receipt = self._begun()
        known = next((old for old in self._earlier if old.complete and _sums(old) == _sums(receipt)), None)
        if known is not None:
            return self._known(known, receipt.model)
        mine = [cached for _, cached in self._files]
        outdated = dict(self._outdated(receipt))
        with all_held((*mine, *(cached for files in outdated.values() for cached in files))):
            for old, files in outdated.items():
                self._clear(old, files)
            self._here = {cached: _here(cached, file) for file, cached in self._files}
            self._to_check = here = sum(self._here.values())
            self._found(receipt, here)
            self._check_space(receipt.bytes - here)
            write_receipt(receipt, instead_of=outdated)
            for file, cached in self._files:
                self._fetch(file, cached)
            self._show_all()
            receipt = self._accept(receipt)
        self._tell_of_earlier()
        return receipt

    def _begun(self) -> Receipt:
        choice = self._choice
        files = tuple(PulledFile(file.name, str(cached.pointer), file.bytes or 0, file.sha256, file.blob)
                      for file, cached in self._files)
        model = self._order.wanted.model or next((old.model for old in self._earlier if old.model), "")
        return Receipt(choice.place.repository, choice.commit, choice.offer.precision, files, model)

    def _known(self, known: Receipt, model: str) -> Receipt:
        """A model that was pulled before, perhaps under another name."""
        self._found(known, known.bytes)
        if known.model != model:
            known = replace(known, model=model)
            write_receipt(known)
        return known

    def _found(self, receipt: Receipt, here: int) -> None:
        names = tuple(file.name for file in receipt.files)
        self._tell(Found(receipt.repository, receipt.commit, receipt.precision, names, receipt.bytes, here))

    def _outdated(self, receipt: Receipt) -> Iterator[tuple[Receipt, tuple[CachedFile, ...]]]:
        """What was pulled of it before and is not whole, where this pull does not simply go on with it."""
        for old in self._earlier:
            if not old.complete and (old.path != receipt.path or _sums(old) != _sums(receipt)):
                with suppress(LocalthinkError):  # it is of no cache
                    files = cached_files(old)
                    if files[0].folder == self._folder:
                        yield old, files

    def _clear(self, old: Receipt, files: tuple[CachedFile, ...]) -> None:
        """Contents that the Hub no longer has there are of no use any more."""
        needed = {cached.content for _, cached in self._files}
        for file in files:
            if file.content not in needed and any(map(size_of, (file.part, file.content, file.pointer))):
                self._tell(Note(f"{file.name} changed on the Hub: its download starts again"))
        clear(files, needed)

    def _tell_of_earlier(self) -> None:
        for old in self._earlier:
            with suppress(LocalthinkError):  # it is of no cache
                if old.complete and (size := taken(old)):
                    self._tell(Note(f"{old.files[0].name} of commit {old.commit[:8]}, which was pulled before, still "
                                    f"takes {sized(size)}: `localthink models remove {as_typed(old.state)}` frees it"))

    def _check_space(self, missing: int) -> None:
        folder = nearest_folder(self._folder)
        free = free_disk(folder)
        if missing and missing + self._order.spare > free:
            raise LocalthinkError(f"{sized(missing)} are still to be loaded and {sized(self._order.spare)} should stay "
                                  f"free, but the disk of {folder} has {sized(free)}: free some of it, or set HF_HOME "
                                  "to another disk")

    def _fetch(self, file: RemoteFile, cached: CachedFile) -> None:
        """Make the content of one file whole, and checked."""
        size = file.bytes or 0
        summed = Sum(file.blob, size)
        whole = cached.whole(size)
        if whole is not None:
            summed.add_file(whole, self._on_checked)
            if summed.right:
                return
            self._here[cached] = size_of(cached.part)
            self._tell(Note(f"the copy of {file.name} in the Hub's cache is damaged: it is loaded again"))
            summed.restart()
        cached.part.parent.mkdir(parents=True, exist_ok=True)
        if size_of(cached.part) > size:
            cached.part.unlink()
        if size_of(cached.part):
            summed.add_file(cached.part, self._on_checked)
        self._here[cached] = summed.bytes
        self._load(file, cached, summed)
        if not summed.right:
            cached.part.unlink()
            raise LocalthinkError(f"{file.name} is not what the Hub says it is: its sum is {summed.found[:12]}… and "
                                  f"not {file.blob[:12]}…; it was deleted, pull it again")
        if whole is not None and whole != cached.content:
            cached.part.replace(whole)  # the damaged one, where there are no links
        else:
            cached.part.replace(cached.content)

    def _load(self, file: RemoteFile, cached: CachedFile, summed: Sum) -> None:
        from huggingface_hub import hf_hub_url

        choice = self._choice
        subject = Subject("model", choice.place.repository, choice.place.revision, file.name, seen=True)

        def on_bytes(number: int) -> None:
            self._here[cached] += number
            here = sum(self._here.values())
            self._report(lambda: PullProgress(here, choice.offer.bytes), summed.bytes == file.bytes)

        url = hf_hub_url(choice.place.repository, file.name, revision=choice.commit)
        retries = Retries(self._order.policy, self._tell)
        try:
            Transfer(Source(url, file.name, file.blob, file.bytes or 0), cached.part, summed, retries, on_bytes).run()
        except Exception as error:
            raise fault(error, subject) from error

    def _show_all(self) -> None:
        """Only now are there files that programs can find: a part of a split model is of no use alone."""
        from huggingface_hub.file_download import are_symlinks_supported

        linked = are_symlinks_supported(self._folder.parent)
        for _, cached in self._files:
            settle(cached, linked)
        remember_revision(self._folder, self._choice.place.revision or "main", self._choice.commit)

    def _accept(self, receipt: Receipt) -> Receipt:
        from localthink.gguf.header import read_facts

        try:
            read_facts(receipt.path)
        except ModelFileError as error:
            raise ModelFileError(f"{error} (it is as {receipt.repository} has it: choose another model; "
                                 "`localthink models remove` frees what it takes)") from error
        finished = receipt.finished()
        write_receipt(finished)
        return finished

    def _on_checked(self, number: int) -> None:
        self._checked += number
        self._report(lambda: Checking(min(1.0, self._checked / self._to_check)), self._checked == self._to_check)

    def _report(self, news: Callable[[], PullNews], at_once: bool) -> None:
        now = time.monotonic()
        if at_once or now - self._told >= TELL_EVERY:
            self._told = now
            self._tell(news())


def _here(cached: CachedFile, file: RemoteFile) -> int:
    """The bytes of a file that need not be loaded, if their sum is right."""
    size = file.bytes or 0
    part = size_of(cached.part)
    return size if cached.whole(size) is not None else part if part <= size else 0


def _sums(receipt: Receipt) -> tuple[tuple[str, str], ...]:
    return tuple((file.name, file.blob) for file in receipt.files)
