from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from localthink.gguf.header import read_facts
from split_gguf import split
from tiny_gguf import (
    refusal,
    write_tiny_gguf,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


@pytest.fixture
def parts(path: Path, tmp_path: Path) -> list[Path]:
    return split(write_tiny_gguf(path), tmp_path)


@pytest.mark.parametrize("given", [0, 1, 2])
def test_split_model_is_read_from_any_of_its_parts(path: Path, parts: list[Path], given: int) -> None:
    whole, facts = read_facts(path), read_facts(parts[given])
    assert (facts.path, facts.parts) == (parts[0], tuple(parts))
    assert (facts.parameters, facts.weight_bytes) == (whole.parameters, whole.weight_bytes)
    assert facts.file_bytes == sum(part.stat().st_size for part in parts)
    assert facts.has_weights and facts.thinks


@pytest.mark.parametrize(("missing", "given"), [(0, 1), (1, 0), (2, 1)])
def test_missing_part_is_named(parts: list[Path], missing: int, given: int) -> None:
    parts[missing].unlink()
    assert f"its part {parts[missing].name} is missing" in refusal(parts[given])


def test_truncated_part_is_named(parts: list[Path]) -> None:
    parts[2].write_bytes(parts[2].read_bytes()[:-700])
    message = refusal(parts[0])
    assert parts[2].name in message and "bytes are missing" in message


def test_parts_in_the_wrong_order_are_refused(parts: list[Path]) -> None:
    shutil.copy(parts[2], parts[1])
    assert "split.no is 2 in part 2, where 1 belongs" in refusal(parts[0])


def test_parts_of_different_models_are_refused(parts: list[Path], tmp_path: Path) -> None:
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    other = split(write_tiny_gguf(elsewhere / "other.gguf", layers=2), elsewhere)
    shutil.copy(other[2], parts[2])
    assert "tensor" in refusal(parts[0])


def test_part_under_another_name_is_told_to_take_its_own(parts: list[Path], path: Path) -> None:
    assert "NAME-00001-of-00003.gguf" in refusal(parts[0].rename(path))


@pytest.mark.parametrize("joined", [[0, 1, 2], [1, 2], [0, 2]])
def test_parts_that_were_joined_into_one_file_are_to_be_downloaded_again(parts: list[Path], tmp_path: Path,
                                                                         joined: list[int]) -> None:
    whole = tmp_path / "joined.gguf"
    whole.write_bytes(b"".join(parts[number].read_bytes() for number in joined))
    message = refusal(whole)
    assert "download them again" in message and "llama-gguf-split" in message and "call them" not in message


def test_whole_model_may_be_named_like_a_part(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "whole-00001-of-00001.gguf")
    assert read_facts(path).parts == (path,)


