"""Files as a whole: replaced in one step, or read where they are small, whatever lies in their place."""
from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from localthink.errors import LocalthinkError

if TYPE_CHECKING:
    from filelock import FileLock

LARGEST = 2**20  # bytes; pointers, settings and manifests have some thousands


@contextmanager
def replacing(path: Path, lasting: bool = True) -> Iterator[BinaryIO]:
    """A new file, which takes the place of `path` when the block ends: a reader finds the old one or all of the new.

    So does, if it is `lasting`, whoever comes after a power cut; that takes the time of a write to the disk. Where the
    block or the writing fails, the old file stays. Raises OSError.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}")
    try:
        with part.open("wb") as file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    if lasting:
        sync_folder(path.parent)


def locked(path: Path, busy: LocalthinkError, cannot: str) -> FileLock:
    """The lock of this name, taken at once and held until it is released or the process ends.

    Raises `busy` where another process holds it, and LocalthinkError, which begins with `cannot`, where the file system
    has no locks.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise busy from None
    except (OSError, NotImplementedError) as error:
        raise LocalthinkError(f"{cannot}: {error}") from None
    return lock


def sync_folder(folder: Path) -> None:
    """Have a new file's name on the disk as well, where the system lets a folder be opened (Windows does not)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def small_text(path: Path) -> str:
    """What a file says, empty where it cannot be read, is no text or too large, or is no regular file."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return ""
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        return content.decode("utf-8") if len(content) <= LARGEST else ""
    except (OSError, ValueError):
        return ""


def small_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file, empty where there is none."""
    try:
        content = json.loads(small_text(path))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
