"""What pulled models take of the disk, finished or not, and giving it back."""
from __future__ import annotations

import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from localthink.errors import LocalthinkError
from localthink.hub.cache import CachedFile, all_held, cached_files, size_of
from localthink.shelf.receipts import Receipt, read_receipts, remove_receipt
from localthink.text.visible import shown_name


def unfinished_pulls() -> tuple[tuple[Receipt, int], ...]:
    """What was begun and is not whole, or no longer: each receipt, and the bytes that it takes."""
    found = []
    for receipt in read_receipts():
        with suppress(LocalthinkError):  # it is of no cache, and nothing that a pull could go on with
            if not receipt.complete:
                found.append((receipt, taken(receipt)))
    return tuple(found)


def taken(receipt: Receipt) -> int:
    """The bytes that `remove` would free: contents that another commit of the repository shows too are not counted."""
    return sum(_bytes(file) for file in cached_files(receipt))


def remove(receipt: Receipt) -> int:
    """Remove a pulled model, or what there is of it, from the Hub's cache; returns the bytes that are free now.

    Contents that another commit of the repository shows as well stay. Raises LocalthinkError where a file is being
    downloaded, is in use, or may not be removed; what is left can then be removed another time.
    """
    files = cached_files(receipt)
    try:
        with all_held(file for file in files if file.folder.exists()):
            freed = sum(_remove_file(file) for file in files)
            _tidy(files)
            remove_receipt(receipt)
    except OSError as error:
        where = shown_name(Path(str(error.filename or receipt.path)))
        raise LocalthinkError(f"{where}: cannot be removed ({error.strerror or error}): close what uses it, or remove "
                              "it yourself") from error
    if not files[0].folder.exists():
        shutil.rmtree(files[0].lock.parent, ignore_errors=True)
    return freed


def clear(old: Iterable[CachedFile], needed: Container[Path]) -> None:
    """Remove an earlier pull's files, but for the contents that are `needed` now. Whoever calls holds their locks."""
    old = tuple(old)
    for file in old:
        if file.content not in needed:
            _remove_file(file)
            continue
        shown_itself = file.pointer.is_file() and not file.pointer.is_symlink()  # where there are no links
        if shown_itself and not file.content.exists():
            file.content.parent.mkdir(parents=True, exist_ok=True)
            file.pointer.replace(file.content)
        file.pointer.unlink(missing_ok=True)
    _tidy(old)


def _bytes(file: CachedFile) -> int:
    own = [file.pointer, file.part] if _shown_elsewhere(file) else [file.pointer, file.part, file.content]
    return sum(size_of(path) for path in own if not path.is_symlink())  # links take nothing, but lead to what does


def _remove_file(file: CachedFile) -> int:
    """The pointer first: what is killed halfway leaves nothing that looks like a model."""
    freed = _bytes(file)
    kept = _shown_elsewhere(file)
    file.pointer.unlink(missing_ok=True)
    file.part.unlink(missing_ok=True)
    if not kept:
        file.content.unlink(missing_ok=True)
    return freed


def _shown_elsewhere(file: CachedFile) -> bool:
    """Whether another name or commit of the repository leads to the same content."""
    content = file.content.resolve()
    return any(path != file.pointer and path.is_symlink() and path.resolve() == content
               for path in _within(file.folder / "snapshots"))


def _tidy(files: Iterable[CachedFile]) -> None:
    """Remove folders that are empty now, branches whose commit is gone, and a repository with nothing left."""
    for file in files:
        for folder in file.pointer.parents[: len(file.name.split("/"))]:
            with suppress(OSError):  # it is not empty, or gone
                folder.rmdir()
        if not file.snapshot.exists():
            for path in list(_within(file.folder / "refs")):
                with suppress(OSError, UnicodeDecodeError):
                    if path.read_text(encoding="utf-8").strip() == file.commit:
                        path.unlink()
        left = (path for room in ("snapshots", "blobs") for path in _within(file.folder / room))
        if file.folder.exists() and next(left, None) is None:
            shutil.rmtree(file.folder)


def _within(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder."""
    return (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
