"""A receipt comes back as it was written, or not at all."""
from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localthink import locations
from localthink.errors import LocalthinkError
from localthink.shelf.receipts import (
    PulledFile,
    Receipt,
    read_receipts,
    remove_receipt,
    unfinished,
    write_receipt,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
FILES = st.builds(PulledFile, TEXTS, TEXTS, st.integers(0, 2**50), TEXTS, TEXTS)
ALL_FILES = st.lists(FILES, min_size=1, max_size=3).map(tuple)
RECEIPTS = st.builds(Receipt, TEXTS, TEXTS, TEXTS, ALL_FILES, TEXTS, st.booleans(),
                     st.booleans())


def receipt(path: Path, name: str = "m-Q4_K_M.gguf", repository: str = "me/tiny", checked: bool = True) -> Receipt:
    file = PulledFile(name, str(path), 4, "b" * 64, "b" * 64)
    return Receipt(repository, "a" * 40, "Q4_K_M", (file,), "tiny", checked)


@given(RECEIPTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_receipt_comes_back_as_it_was_until_it_is_removed(receipt: Receipt) -> None:
    write_receipt(receipt)
    assert read_receipts() == (receipt,)
    remove_receipt(receipt)
    assert read_receipts() == () and not list(locations.receipts().iterdir())


def test_a_receipt_is_complete_while_its_files_are_there_in_their_length(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    kept = receipt(path)
    assert not kept.complete
    path.write_bytes(b"GGUF")
    assert kept.complete and kept.path == path and kept.bytes == 4
    assert not kept.doubted().complete and kept.doubted().finished() == kept
    path.write_bytes(b"GGU")
    assert not kept.complete


def test_begun_is_what_never_came_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    kept = receipt(path)
    assert replace(kept, checked=False).begun
    assert not kept.begun and not kept.doubted().begun
    path.write_bytes(b"GGUF")  # there, and only to be checked
    assert not replace(kept, checked=False).begun


@pytest.mark.parametrize("path", ["", "{folder}"])
def test_only_a_file_can_be_complete(tmp_path: Path, path: str) -> None:
    place = Path(path.format(folder=tmp_path))
    kept = receipt(place)
    assert not replace(kept, files=(replace(kept.files[0], bytes=place.stat().st_size),)).complete
    gone = receipt(tmp_path / "gone")
    assert not replace(gone, files=(replace(gone.files[0], bytes=-1),)).complete


def test_a_model_is_called_by_the_catalogue_and_by_its_addresses() -> None:
    kept = receipt(Path("m"), "Q4/m.gguf")
    assert (kept.called, kept.address, kept.state) == (
        "tiny:Q4_K_M", "hf:me/tiny/Q4/m.gguf", "hf:me/tiny@aaaaaaaa/Q4/m.gguf")
    assert replace(kept, precision="").called == "tiny" and replace(kept, model="").called == ""


def test_another_commit_has_a_receipt_of_its_own_until_it_is_written_instead(tmp_path: Path) -> None:
    old = receipt(tmp_path / "old")
    new = replace(receipt(tmp_path / "new"), commit="b" * 40)
    write_receipt(old)
    write_receipt(new)
    assert set(read_receipts()) == {old, new}
    write_receipt(new, instead_of=(old, new))
    assert read_receipts() == (new,)


def test_the_latest_comes_first(tmp_path: Path) -> None:
    kept = [receipt(tmp_path, f"{number}.gguf") for number in range(4)]
    for number, each in enumerate(kept):
        before = set(locations.receipts().glob("*"))
        write_receipt(each)
        (written,) = set(locations.receipts().glob("*")) - before
        os.utime(written, (number % 3, number % 3))
    names = [each.files[0].name for each in read_receipts()]
    assert names[:2] == ["2.gguf", "1.gguf"] and set(names[2:]) == {"0.gguf", "3.gguf"}


def test_one_takes_the_place_of_another_of_the_same_files_alone(tmp_path: Path) -> None:
    first, second = receipt(tmp_path / "1", checked=False), receipt(tmp_path / "2")
    names = ("a/m.gguf", "b/m.gguf", "A/m.gguf", "m.gguf", f"{'long/' * 100}m.gguf")
    others = [receipt(tmp_path, name) for name in names] + [receipt(tmp_path, repository="me/tiny--m")]
    for each in (first, second, *others):
        write_receipt(each)
    assert set(read_receipts()) == {second, *others}


def test_files_that_are_not_what_was_checked_are_not_to_be_offered(tmp_path: Path) -> None:
    begun, whole = receipt(tmp_path / "1", checked=False), receipt(tmp_path / "2", "other.gguf")
    (tmp_path / "1").write_bytes(b"GGUF")
    assert unfinished((begun, whole)) == {tmp_path / "1", tmp_path / "2"}
    (tmp_path / "2").write_bytes(b"GGUF")
    assert unfinished((begun, whole)) == {tmp_path / "1"}


@pytest.mark.parametrize("damage", [
    b"", b"{", b"[]", b"null", b"{}", b"\xff", b'{"files": []}', {"bytes": "4"}, {"bytes": True}, {"path": None},
    {"new": 1}, b"[" * 100_000, {"path": "a\0b"}, {"name": "a\0b"}, {"bytes": -1}, {"bytes": 10**400},
])
def test_a_damaged_receipt_is_as_good_as_none(tmp_path: Path, damage: bytes | dict[str, object]) -> None:
    kept = receipt(tmp_path / "m.gguf")
    write_receipt(kept)
    (path,) = locations.receipts().iterdir()
    if isinstance(damage, dict):
        values = json.loads(path.read_text())
        values["files"][0] |= damage
        damage = json.dumps(values).encode()
    path.write_bytes(damage)
    assert read_receipts() == ()


def test_a_receipt_in_anothers_place_is_none(tmp_path: Path) -> None:
    kept = receipt(tmp_path / "m.gguf")
    write_receipt(kept)
    (path,) = locations.receipts().iterdir()
    path.with_name("copy.json").write_bytes(path.read_bytes())
    assert read_receipts() == (kept,)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes that lie in folders")
def test_a_pipe_in_place_of_a_receipt_is_not_waited_for() -> None:
    locations.receipts().mkdir(parents=True)
    os.mkfifo(locations.receipts() / "pipe.json")
    assert read_receipts() == ()


def test_a_receipt_whose_names_no_file_system_can_hold_is_removed_like_any(tmp_path: Path) -> None:
    kept = receipt(tmp_path / "m", "lone-\ud800.gguf")
    write_receipt(kept)
    assert read_receipts() == (kept,)
    remove_receipt(kept)
    assert read_receipts() == ()


def test_a_folder_that_cannot_be_written_is_said(home: Path, tmp_path: Path) -> None:
    home.mkdir(parents=True)
    (home / "data").write_text("no folder")
    with pytest.raises(LocalthinkError, match=r"cannot be written \(.+\): free some of the disk or correct"):
        write_receipt(receipt(tmp_path))
