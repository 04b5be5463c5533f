"""The sum by which the Hub names a content, over bytes as they come."""
from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

CHUNK = 2**22  # bytes read at a time
BLOB = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}")


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
            while data := file.read(CHUNK):
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
