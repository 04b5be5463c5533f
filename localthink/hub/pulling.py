"""A pull from its beginning to its end, in the process that downloads.

Whenever that is killed, what it leaves is a part that the next pull goes on with, or a content that is
whole and checked; and a receipt that says which of both, so that neither is offered as a model too early.
"""
from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from localthink.errors import LocalthinkError, ModelFileError
from localthink.hub.cache import CachedFile, held, remember_revision, repository_folder, settle, size_of
from localthink.hub.faults import Subject, fault
from localthink.hub.finding import Choice, find, look
from localthink.hub.listing import RemoteFile
from localthink.hub.news import Checking, Found, Listed, News, Note, Order, Progress, Pulled
from localthink.hub.retries import Retries
from localthink.hub.sums import Sum
from localthink.hub.transfer import Source, Transfer
from localthink.receipts import PulledFile, Receipt, read_receipt, write_receipt
from localthink.sizes import sized

TELL_EVERY = 0.1  # seconds between two reports of progress


def follow(order: Order, tell: Callable[[News], None]) -> None:
    """Do what is ordered; `tell` hears of it, at last of its end. Raises LocalthinkError."""
    if order.only_look:
        tell(Listed(look(order, tell)))
        return
    choice = find(order, tell)
    try:
        tell(Pulled(Pulling(order, choice, tell).run()))
    except OSError as error:
        raise fault(error, Subject("model", choice.place.repository, choice.commit)) from error


class Pulling:
    """Brings the files of a choice into the Hub's cache. Raises LocalthinkError and OSError."""

    def __init__(self, order: Order, choice: Choice, tell: Callable[[News], None]) -> None:
        self._order, self._choice, self._tell = order, choice, tell
        self._folder = repository_folder(choice.place.repository)
        self._files = [(file, CachedFile(self._folder, choice.commit, file.name, file.blob))
                       for file in choice.offer.files]
        self._here = {cached: _here(cached, file) for file, cached in self._files}
        self._to_check = sum(self._here.values())
        self._checked, self._told = 0, 0.0

    def run(self) -> Receipt:
        receipt = self._begun()
        earlier = read_receipt(receipt)
        if earlier is not None:
            receipt = replace(receipt, model=receipt.model or earlier.model)
            if earlier.complete and _sums(earlier) == _sums(receipt):
                return self._known(replace(earlier, model=receipt.model))
        with ExitStack() as locks:
            for _, cached in self._files:
                locks.enter_context(held(cached))
            if earlier is not None and _sums(earlier) != _sums(receipt):
                self._drop_outdated(earlier)
            here = self._to_check
            self._found(receipt, here)
            self._check_space(receipt.bytes - here)
            write_receipt(receipt)
            for file, cached in self._files:
                self._fetch(file, cached)
            self._show_all()
        return self._accept(receipt)

    def _begun(self) -> Receipt:
        choice = self._choice
        files = tuple(PulledFile(file.name, str(cached.pointer), file.bytes or 0, file.sha256, file.blob)
                      for file, cached in self._files)
        return Receipt(choice.place.repository, choice.commit, choice.offer.precision, files, self._order.wanted.model)

    def _known(self, receipt: Receipt) -> Receipt:
        """A model that was pulled before, perhaps under another name."""
        self._found(receipt, receipt.bytes)
        if read_receipt(receipt) != receipt:
            write_receipt(receipt)
        return receipt

    def _found(self, receipt: Receipt, here: int) -> None:
        names = tuple(file.name for file in receipt.files)
        self._tell(Found(receipt.repository, receipt.commit, receipt.precision, names, receipt.bytes, here))

    def _drop_outdated(self, earlier: Receipt) -> None:
        """Parts of a content that the Hub no longer has there are of no use any more."""
        kept = {cached.blob for _, cached in self._files}
        for file in earlier.files:
            old = CachedFile(self._folder, earlier.commit, file.name, file.blob)
            if old.blob not in kept and size_of(old.part):
                with held(old):
                    old.part.unlink()
                self._tell(Note(f"{file.name} changed on the Hub: its download starts again"))
        if earlier.complete:
            self._tell(Note(f"{earlier.repository} changed on the Hub; what was pulled before, commit "
                            f"{earlier.commit[:8]}, still takes {sized(earlier.bytes)} there: see `hf cache`"))

    def _check_space(self, missing: int) -> None:
        folder = next(path for path in (self._folder, *self._folder.parents) if path.exists())
        free = shutil.disk_usage(folder).free
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
                                  f"not {file.blob[:12]}…; it was thrown away, pull it again")
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
            self._report(lambda: Progress(here, choice.offer.bytes), summed.bytes == file.bytes)

        url = hf_hub_url(choice.place.repository, file.name, revision=choice.commit)
        retries = Retries(self._order.patience, self._tell)
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
        from localthink.gguf_header import read_facts

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

    def _report(self, news: Callable[[], News], at_once: bool) -> None:
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
