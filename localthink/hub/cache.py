"""Where a file lies in the cache that all programs of the Hub share, as the client lays it out, and freeing its space.

    models--owner--repo/blobs/<sum>                     the content; <sum>.incomplete while it is downloaded
    models--owner--repo/snapshots/<commit>/<name>       a link to it; the content itself where there are no links
    models--owner--repo/refs/<revision>                 the commit that a branch was at
    .locks/models--owner--repo/<sum>.lock               held by whoever downloads it
"""
from __future__ import annotations

import os
import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from localthink.errors import LocalthinkError
from localthink.files import replacing
from localthink.shelf.receipts import PulledFile, Receipt, read_receipts, remove_receipt
from localthink.text.visible import shown_name

SHORT_COMMIT = 7  # digits of a commit that are enough to name it


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file called `name` in a repository's `folder`, at a commit; `blob` is the sum of its content."""

    folder: Path
    commit: str
    name: str
    blob: str

    @property
    def pointer(self) -> Path:
        """Where programs find it, once it is whole."""
        return self.snapshot.joinpath(*self.name.split("/"))

    @property
    def snapshot(self) -> Path:
        return self.folder / "snapshots" / self.commit

    @property
    def content(self) -> Path:
        return self.folder / "blobs" / self.blob

    @property
    def part(self) -> Path:
        """What has come of it."""
        return self.content.with_name(f"{self.blob}.incomplete")

    @property
    def lock(self) -> Path:
        return self.folder.parent / ".locks" / self.folder.name / f"{self.blob}.lock"

    def whole(self, size: int) -> Path | None:
        """Where all of it lies; whether its sum is right is another question."""
        return next((path for path in (self.content, self.pointer) if size_of(path) == size), None)


def repository_folder(repository: str) -> Path:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE).absolute() / repo_folder_name(repo_id=repository, repo_type="model")


def cached_file(receipt: Receipt, file: PulledFile) -> CachedFile:
    """The place of a file that was pulled. Raises LocalthinkError where that is not in a cache of the Hub."""
    pointer = Path(file.path)
    depth = len(file.name.split("/"))
    if len(pointer.parents) > depth + 1:
        found = CachedFile(pointer.parents[depth + 1], receipt.commit, file.name, file.blob)
        if found.pointer == pointer and found.folder.name.startswith("models--"):
            return found
    raise LocalthinkError(f"{shown_name(pointer)} is not where a pull puts it: remove it yourself")


def cached_files(receipt: Receipt) -> tuple[CachedFile, ...]:
    """The places of all its files. Raises LocalthinkError where one is not in a cache of the Hub."""
    return tuple(cached_file(receipt, file) for file in receipt.files)


def settle(file: CachedFile, linked: bool) -> None:
    """Show programs a content that is whole and checked. It is moved there at once, and never copied."""
    file.pointer.parent.mkdir(parents=True, exist_ok=True)
    if not linked:
        if file.content.exists() and not file.pointer.exists():
            file.content.replace(file.pointer)
        return
    if file.content.exists() and not (file.pointer.exists() and file.pointer.samefile(file.content)):
        link = file.pointer.with_name(f"{file.pointer.name}.link")  # of whoever was killed here, or nobody's
        with suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(os.path.relpath(file.content, file.pointer.parent))
        link.replace(file.pointer)


def remember_revision(folder: Path, revision: str, commit: str) -> None:
    """Note the commit that a branch is at, as the client does, so that programs find its files offline."""
    path = folder.joinpath("refs", *revision.split("/"))
    if revision != commit and not (path.is_file() and path.read_bytes() == commit.encode()):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, lasting=False) as file:
            file.write(commit.encode())


def is_at(receipt: Receipt, revision: str | None) -> bool:
    """Whether a revision, None for any, is the commit of what was pulled, as far as that is known here."""
    if revision is None or (len(revision) >= SHORT_COMMIT and receipt.commit.startswith(revision)):
        return True
    try:
        refs = cached_file(receipt, receipt.files[0]).folder / "refs"
        return refs.joinpath(*revision.split("/")).read_text(encoding="utf-8").strip() == receipt.commit
    except (OSError, ValueError, LocalthinkError):
        return False


@contextmanager
def all_held(files: Iterable[CachedFile]) -> Iterator[None]:
    """Hold the locks on several contents. Raises as `held` does, and then holds none."""
    with ExitStack() as locks:
        for file in {file.lock: file for file in files}.values():
            locks.enter_context(held(file))
        yield


@contextmanager
def held(file: CachedFile) -> Iterator[None]:
    """Hold the lock on a content. Raises LocalthinkError, which says who holds it, where another program does."""
    from filelock import FileLock, SoftFileLock, Timeout

    file.lock.parent.mkdir(parents=True, exist_ok=True)
    holder = file.lock.with_suffix(".holder")
    lock: FileLock | SoftFileLock = FileLock(file.lock, timeout=0, mode=0o664)  # as the client makes them
    try:
        try:
            lock.acquire()
        except NotImplementedError:  # a file system without locks; the client does the same
            lock = SoftFileLock(file.lock, timeout=0)
            lock.acquire()
    except Timeout:
        raise LocalthinkError(f"{file.name} is being downloaded or removed by {_holder(holder)}: "
                              "wait for it, or stop it") from None
    try:
        holder.write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            holder.unlink()
        lock.release()


def _holder(path: Path) -> str:
    """Who wrote the note beside a lock; programs other than localthink leave none, and a killed one leaves its own."""
    import psutil

    with suppress(OSError, ValueError):
        number = int(path.read_text(encoding="utf-8"))
        if psutil.pid_exists(number):
            return f"process {number}"
    return "another program"


def size_of(path: Path) -> int:
    """In bytes; 0 where there is no file."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


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
