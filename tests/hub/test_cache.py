"""What is removed is what the model takes and nothing else, finished or not."""
from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from localthink.errors import LocalthinkError
from localthink.hub.cache import CachedFile, cached_file, held, remove, settle, taken, unfinished_pulls
from localthink.shelf.receipts import PulledFile, Receipt, read_receipts, write_receipt

SUMS = {"a": "a" * 64, "b": "b" * 64, "c": "c" * 64}
COMMIT, OTHER = "1" * 40, "2" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "hub" / "models--me--tiny"


def place(folder: Path, name: str, sum: str = SUMS["a"], commit: str = COMMIT, linked: bool = True) -> CachedFile:
    """A whole file in the cache, of 1,000 bytes."""
    file = CachedFile(folder, commit, name, sum)
    file.content.parent.mkdir(parents=True, exist_ok=True)
    if not file.content.exists():
        file.content.write_bytes(bytes(1000))
    settle(file, linked)
    return file


def receipt_of(*files: CachedFile, checked: bool = True) -> Receipt:
    kept = tuple(PulledFile(file.name, str(file.pointer), 1000, file.blob, file.blob) for file in files)
    receipt = Receipt("me/tiny", files[0].commit, "Q4_K_M", kept, checked=checked)
    write_receipt(receipt)
    return receipt


@pytest.mark.parametrize("linked", [True, False])
def test_a_model_leaves_nothing_behind(folder: Path, linked: bool) -> None:
    files = [place(folder, f"Q4/m-{sum}.gguf", SUMS[sum], linked=linked) for sum in "ab"]
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    receipt = receipt_of(*files)
    assert receipt.complete and taken(receipt) == 2000
    assert remove(receipt) == 2000
    assert not folder.exists() and not read_receipts() and not files[0].lock.parent.exists()


def test_other_files_of_the_repository_stay(folder: Path) -> None:
    kept = place(folder, "README.md", SUMS["b"])
    receipt = receipt_of(place(folder, "m.gguf"))
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    assert remove(receipt) == 1000
    assert kept.pointer.read_bytes() == bytes(1000) and (folder / "refs" / "main").exists()
    assert not (folder / "blobs" / SUMS["a"]).exists()


def test_a_content_that_another_commit_shows_stays(folder: Path) -> None:
    older = place(folder, "m.gguf", commit=OTHER)
    receipt = receipt_of(place(folder, "m.gguf"))
    (folder / "refs" / "refs").mkdir(parents=True)
    for branch, commit in (("main", COMMIT), ("old", OTHER), ("refs/pr", COMMIT)):
        (folder / "refs" / branch).write_text(commit)
    assert taken(receipt) == 0 and remove(receipt) == 0
    assert older.pointer.read_bytes() == bytes(1000)
    assert [path.name for path in folder.glob("refs/**/*") if path.is_file()] == ["old"]


def test_what_a_killed_download_left_is_listed_and_removed(folder: Path) -> None:
    file = CachedFile(folder, COMMIT, "m.gguf", SUMS["a"])
    file.part.parent.mkdir(parents=True)
    file.part.write_bytes(bytes(321))
    receipt = receipt_of(file, checked=False)
    assert unfinished_pulls() == ((receipt, 321),)
    assert remove(receipt) == 321
    assert unfinished_pulls() == () and not folder.exists()


def test_a_receipt_of_what_is_gone_is_removed_too(folder: Path) -> None:
    assert remove(receipt_of(CachedFile(folder, COMMIT, "m.gguf", SUMS["a"]))) == 0
    assert not read_receipts()


def test_what_is_being_downloaded_is_not_removed(folder: Path) -> None:
    file = place(folder, "m.gguf")
    receipt = receipt_of(file)
    file.lock.parent.mkdir(parents=True)
    said = r"m\.gguf is being downloaded or removed by another program"
    with FileLock(file.lock), pytest.raises(LocalthinkError, match=said):
        remove(receipt)
    with held(file), pytest.raises(LocalthinkError, match=f"being downloaded or removed by process {os.getpid()}"):
        remove(receipt)
    assert receipt.complete and read_receipts() == (receipt,)


@pytest.mark.parametrize("path", ["/m.gguf", "/tmp/models/m.gguf", "m.gguf", "/x/models--a--b/snapshots/other/m.gguf"])
def test_nothing_outside_of_the_cache_is_touched(folder: Path, path: str) -> None:
    receipt = receipt_of(place(folder, "m.gguf"))
    astray = replace(receipt, files=(replace(receipt.files[0], path=path),))
    with pytest.raises(LocalthinkError, match="is not where a pull puts it"):
        remove(astray)
    assert receipt.complete


def test_a_place_is_found_again_from_its_receipt(folder: Path) -> None:
    file = CachedFile(folder, COMMIT, "deep/down/m.gguf", SUMS["c"])
    receipt = receipt_of(file)
    assert cached_file(receipt, receipt.files[0]) == file
