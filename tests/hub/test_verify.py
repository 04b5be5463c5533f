"""What is verified is read again to its last byte, and what is not sound is no longer offered."""
from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from localthink.errors import ModelFileError, UsageError
from localthink.hub.verify import verify
from localthink.shelf.receipts import PulledFile, Receipt, read_receipts, write_receipt
from split_gguf import split
from tiny_gguf import write_tiny_gguf


def receipt_of(*paths: Path) -> Receipt:
    files = tuple(PulledFile(path.name, str(path), path.stat().st_size, sum_of(path), sum_of(path)) for path in paths)
    receipt = Receipt("me/tiny", "a" * 40, "Q4_K_M", files, checked=True)
    write_receipt(receipt)
    return receipt


def sum_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_tiny_gguf(tmp_path / "tiny.gguf")


def test_a_sound_model_is_sound_and_progress_is_told_to_its_end(path: Path) -> None:
    told: list[tuple[int, int]] = []
    (verdict,) = verify(receipt_of(path), lambda done, total: told.append((done, total)))
    assert verdict.sound and verdict.found == verdict.known == sum_of(path)
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_one_byte_is_noticed_and_the_model_is_no_longer_offered(path: Path) -> None:
    receipt = receipt_of(path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    (verdict,) = verify(receipt)
    assert not verdict.sound and "it is damaged, its sum is " in verdict.problem
    (kept,) = read_receipts()
    assert not kept.checked and not kept.complete and not kept.begun


@pytest.mark.parametrize(("left", "said"), [(None, "there is no such file any more"), (100, "it has 100 bytes")])
def test_a_file_that_is_gone_or_cut_is_said(path: Path, left: int | None, said: str) -> None:
    receipt = receipt_of(path)
    path.write_bytes(path.read_bytes()[:left]) if left else path.unlink()
    assert said in verify(receipt)[0].problem


@pytest.mark.parametrize(("damaged", "said"), [(True, "was found damaged before"), (False, "was never checked")])
def test_what_is_not_offered_stays_in_trouble_until_a_pull_settles_it(path: Path, damaged: bool, said: str) -> None:
    receipt = replace(receipt_of(path), checked=False, damaged=damaged)
    write_receipt(receipt)
    for _ in range(2):
        (verdict,) = verify(receipt)
        assert verdict.problem.startswith(f"{path}: its sum is right, but it {said}")
        assert verdict.problem.endswith("pull it again, it is not loaded twice")
        assert verdict.found == verdict.known
    assert read_receipts() == (receipt,)


def test_a_path_is_verified_by_the_receipt_that_has_it(path: Path, tmp_path: Path) -> None:
    receipt_of(path)
    link = tmp_path / "other.gguf"
    link.symlink_to(path)
    assert verify(path)[0].sound and verify(link)[0].sound


@pytest.mark.parametrize("name", ["{}", "sha256-{}"])  # in the Hub's cache, in ollama's
def test_a_content_that_is_called_by_its_sum_needs_no_receipt(path: Path, tmp_path: Path, name: str) -> None:
    content = path.rename(tmp_path / name.format(sum_of(path)))
    pointer = tmp_path / "tiny.gguf"
    pointer.symlink_to(content)
    assert verify(pointer)[0].sound and verify(content)[0].sound
    content.write_bytes(content.read_bytes()[:-1] + b"?")
    assert not verify(pointer)[0].sound


def test_every_part_is_verified(path: Path, tmp_path: Path) -> None:
    parts = split(path, tmp_path)
    receipt = receipt_of(*parts)
    parts[2].write_bytes(parts[2].read_bytes()[:-1] + b"?")
    assert [verdict.sound for verdict in verify(receipt)] == [True, True, False]


def test_a_header_that_is_refused_is_a_problem_though_the_sum_is_right(path: Path) -> None:
    path.write_bytes(b"GGUF and nothing else")
    assert verify(receipt_of(path))[0].problem.startswith(str(path))


def test_a_file_whose_sum_nobody_knows_cannot_be_verified(path: Path) -> None:
    with pytest.raises(UsageError, match="nothing here says what its sum should be"):
        verify(path)
    with pytest.raises(ModelFileError, match="there is no file"):
        verify(path.with_name("none.gguf"))
