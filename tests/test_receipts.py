"""A receipt comes back as it was written, or not at all."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localthink import locations
from localthink.errors import LocalthinkError
from localthink.receipts import (
    PulledFile,
    Receipt,
    read_receipt,
    read_receipts,
    remove_receipt,
    unfinished,
    write_receipt,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FILES = st.builds(PulledFile, TEXTS, TEXTS, st.integers(0, 2**50), TEXTS, TEXTS)
ALL_FILES = st.lists(FILES, min_size=1, max_size=3).map(tuple)
RECEIPTS = st.builds(Receipt, TEXTS, TEXTS, TEXTS, ALL_FILES, TEXTS, st.booleans())


def receipt(path: Path, name: str = "m-Q4_K_M.gguf", repository: str = "me/tiny", checked: bool = True) -> Receipt:
    file = PulledFile(name, str(path), 4, "b" * 64, "b" * 64)
    return Receipt(repository, "a" * 40, "Q4_K_M", (file,), "tiny", checked)


@given(RECEIPTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_receipt_comes_back_as_it_was_until_it_is_removed(receipt: Receipt) -> None:
    write_receipt(receipt)
    assert read_receipt(receipt) == receipt and receipt in read_receipts()
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


def test_one_takes_the_place_of_another_of_the_same_files_alone(tmp_path: Path) -> None:
    first, second = receipt(tmp_path / "1", checked=False), receipt(tmp_path / "2")
    names = ("a/m.gguf", "b/m.gguf", "A/m.gguf", "m.gguf", f"{'long/' * 100}m.gguf")
    others = [receipt(tmp_path, name) for name in names] + [receipt(tmp_path, repository="me/tiny--m")]
    for each in (first, second, *others):
        write_receipt(each)
    assert set(read_receipts()) == {second, *others}


def test_files_whose_download_was_never_checked_are_not_to_be_offered(tmp_path: Path) -> None:
    begun, whole = receipt(tmp_path / "1", checked=False), receipt(tmp_path / "2", "other.gguf")
    assert unfinished((begun, whole)) == {tmp_path / "1"}


@pytest.mark.parametrize("damage", [
    b"", b"{", b"[]", b"null", b"{}", b"\xff", b'{"files": []}', {"bytes": "4"}, {"bytes": True}, {"path": None},
    {"new": 1},
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
    assert read_receipts() == () and read_receipt(kept) is None


def test_a_folder_that_cannot_be_written_is_said(home: Path, tmp_path: Path) -> None:
    home.mkdir(parents=True)
    (home / "data").write_text("no folder")
    with pytest.raises(LocalthinkError, match="cannot be written"):
        write_receipt(receipt(tmp_path))
