"""The bytes of one file: asked for from where the last attempt ended, written, and summed up on their way."""
from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any

from localthink.errors import LocalthinkError
from localthink.gguf.bytes import MAGIC
from localthink.gguf.header import impostor
from localthink.hub.faults import SourceError, check_status, host, status_of
from localthink.hub.listing import BLOB
from localthink.hub.retries import CutOffError, Retries

REQUEST_BYTES = 2**34  # asked for at once: the stores behind the Hub refuse answers beyond some 50 GB
RANGE = re.compile(r"bytes (?P<start>\d+)-\d+/(?P<total>\d+|\*)")
CHUNK_BYTES = 2**22  # read at a time


@dataclass(frozen=True, slots=True)
class Source:
    """Where a content is asked for: at the Hub, each time, which points to a store with a signature that expires."""

    url: str
    name: str
    blob: str
    bytes: int


class Transfer:
    """Brings the file `part` to its end. `summed` has counted what is in it; `on_bytes` hears how many were added."""

    def __init__(self, source: Source, part: Path, summed: Sum, retries: Retries,
                 on_bytes: Callable[[int], None]) -> None:
        self._source, self._part, self._summed = source, part, summed
        self._retries, self._on_bytes = retries, on_bytes
        self._restarted = False

    def run(self) -> None:
        """Raises what the client raises once trying again is useless; what has come stays."""
        with self._part.open("ab") as file:
            while (before := self._summed.bytes) < self._source.bytes:
                try:
                    self._ask(file)
                    if self._summed.bytes == before:
                        raise CutOffError("the answer was empty")
                except Exception as error:
                    if self._summed.bytes > before:
                        self._retries.progressed()
                    if status_of(error) == 416 and before and not self._restarted:
                        self._restart(file)
                        error = CutOffError(f"{self._source.name} is shorter on the Hub than here: it starts again")
                    self._retries.wait(error)
                else:
                    self._retries.progressed()
            file.flush()
            os.fsync(file.fileno())

    def _ask(self, file: BufferedWriter) -> None:
        """One request: as much of what is missing as it brings."""
        from huggingface_hub import constants
        from huggingface_hub.utils import build_hf_headers, get_session

        start = self._summed.bytes
        end = min(start + REQUEST_BYTES, self._source.bytes)
        headers = build_hf_headers(library_name="localthink")
        headers |= {"Accept-Encoding": "identity", "Range": f"bytes={start}-{end - 1}"}
        with get_session().stream("GET", self._source.url, headers=headers, follow_redirects=True,
                                  timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT) as response:
            check_status(response)
            first = self._first_byte(response)
            skipped, unseen = start - first, first == 0
            for data in response.iter_bytes():
                if unseen:
                    self._check_beginning(data)
                    unseen = False
                missing = data[skipped:][: self._source.bytes - self._summed.bytes] if skipped < len(data) else b""
                skipped = max(0, skipped - len(data))
                if not missing and self._summed.bytes == self._source.bytes:
                    break  # it sends more than there is
                if missing:
                    file.write(missing)
                    file.flush()  # a program that is killed loses nothing that has come
                    self._summed.update(missing)
                    self._on_bytes(len(missing))

    def _check_beginning(self, data: bytes) -> None:
        """Refuse at once what could only be thrown away at its end: the first bytes of the file are not a model's."""
        start = data[:64]
        if start.startswith(MAGIC[: len(start)]):
            return
        name = self._source.name
        if start.lstrip().startswith(b"<"):
            raise LocalthinkError(f"{host()} sends a web page in place of {name}, perhaps the login page of a network "
                                  "or a proxy: open https://huggingface.co in a browser, or check HF_ENDPOINT; what is "
                                  "here is kept")
        raise SourceError(f"what {host()} sends as {name} {impostor(start)}; choose another model or repository")

    def _restart(self, file: BufferedWriter) -> None:
        self._restarted = True
        self._on_bytes(-self._summed.bytes)
        self._summed.restart()
        file.truncate(0)

    def _first_byte(self, response: Any) -> int:
        """Where in the file the answer begins: at its start, where the store does not know of ranges."""
        for answer in (*response.history, response):
            own = "" if response.history else answer.headers.get("ETag", "")  # that of a store is its own affair
            blob = answer.headers.get("X-Linked-ETag", own).removeprefix("W/").strip('"')
            if BLOB.fullmatch(blob) and len(blob) == len(self._source.blob) and blob != self._source.blob:
                raise SourceError(f"{self._source.name} changed on the Hub while it was downloaded: pull it again")
        if response.status_code != 206:
            return 0
        answered = RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if answered is None or int(answered["start"]) > self._summed.bytes:
            raise CutOffError("the answer is not the part that was asked for")
        if answered["total"] not in ("*", str(self._source.bytes)):
            raise SourceError(f"{self._source.name} has {int(answered['total']):,} bytes where the Hub lists "
                              f"{self._source.bytes:,}: pull it again later")
        return int(answered["start"])


class Sum:
    """Of `size` bytes: sha256 for files in large file storage, and for others the sha1 that git gives them."""

    def __init__(self, blob: str, size: int) -> None:
        self._blob, self._size = blob, size
        self.restart()

    def restart(self) -> None:
        """Forget all bytes."""
        self.bytes = 0
        self._hash = (hashlib.sha256() if len(self._blob) == 64
                      else hashlib.sha1(b"blob %d\0" % self._size, usedforsecurity=False))

    def update(self, data: bytes) -> None:
        self._hash.update(data)
        self.bytes += len(data)

    def add_file(self, path: Path, on_bytes: Callable[[int], None] | None = None) -> None:
        """Add all that is in a file; `on_bytes` hears how many at a time."""
        with path.open("rb") as file:
            while data := file.read(CHUNK_BYTES):
                self.update(data)
                if on_bytes is not None:
                    on_bytes(len(data))

    @property
    def found(self) -> str:
        return self._hash.hexdigest()

    @property
    def right(self) -> bool:
        """Whether all bytes came, and are those of the name."""
        return self.bytes == self._size and self.found == self._blob
