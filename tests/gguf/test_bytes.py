from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import pytest

from localthink.gguf.header import read_facts
from tiny_gguf import (
    ARRAY,
    TEXT,
    U32,
    named,
    raw_array,
    raw_field,
    raw_gguf,
    raw_tensor,
    raw_text,
    refusal,
    write_tiny_gguf,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


# Files that are something else


@pytest.mark.parametrize(("content", "said"), [
    (b"", "empty"), (b"hello, world\n", "text file"), (b"<!DOCTYPE html><html>", "web page"),
    (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"), (b"PK\x03\x04" + bytes(30), "zip"),
    (struct.pack("<Q", 900) + b'{"__metadata__":{}}', "safetensors"), (b"ggjt\x03\0\0\0", "August 2023"),
    (bytes(1000), "zeros"), (b"\x89\x90\x91\x92 whatever", "something else"), (b"GG", "no GGUF"),
    (b"GGUF", "version"), (b"GGUF\x03\0\0\0\x01", "cut short"), (raw_gguf(version=1), "version 1"),
    (raw_gguf(version=4), "version 4"), (raw_gguf(version=0x03000000), "big-endian"),
    (b"FUGG" + bytes(20), "big-endian"),
])
def test_what_is_no_model_is_told_apart(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    message = refusal(path)
    assert said in message and str(path) in message


def test_missing_file_and_folder_are_named(path: Path) -> None:
    assert refusal(path) == f"there is no file {path}"
    assert "folder" in refusal(path.parent)


def test_device_is_not_read(path: Path) -> None:
    assert "not a regular file" in refusal(Path(os.devnull))


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0,
                    reason="root may read everything")
def test_unreadable_file_is_reported(path: Path) -> None:
    write_tiny_gguf(path)
    path.chmod(0)
    assert "cannot be read" in refusal(path)


def test_impossible_path_is_reported() -> None:
    assert "cannot be read" in refusal(Path("a\0b.gguf"))
    assert "cannot be read" in refusal(Path("x" * 5000 + ".gguf"))


def test_truncated_file_says_how_many_bytes_are_missing(path: Path) -> None:
    whole = write_tiny_gguf(path).read_bytes()
    path.write_bytes(whole[:-1000])
    message = refusal(path)
    assert "1,000 bytes are missing" in message and f"{len(whole):,}" in message


def test_hostile_text_is_quoted_and_short(path: Path) -> None:
    write_tiny_gguf(path, fields=named(general__architecture=(TEXT, "a\x1b[31m\nlocalthink: all is well\u202e" * 99)))
    assert len(refusal(path)) < len(str(path)) + 250


def test_file_is_closed_afterwards(path: Path) -> None:
    read_facts(write_tiny_gguf(path))
    path.write_bytes(b"hello")
    refusal(path)
    path.unlink()  # Windows would not let go of a mapped file
    assert not path.exists()


# Headers that lie


HEADER = [raw_field("general.architecture", TEXT, raw_text("qwen2"))]


@pytest.mark.parametrize(("content", "said"), [
    (raw_gguf(field_count=2**63), "number of metadata fields"),
    (raw_gguf(tensor_count=2**40), "number of tensors"),
    (raw_gguf(field_count=9, after=bytes(100)), "number of metadata fields"),
    (raw_gguf([struct.pack("<Q", 2**60)], field_count=1, after=bytes(100)), "name of metadata field 0"),
    (raw_gguf([raw_field("", U32, bytes(4))]), "no name"),
    (raw_gguf([*HEADER, *HEADER]), "like one before it"),
    (raw_gguf([raw_field("a.key", 13, bytes(8))]), "unknown value type 13"),
    (raw_gguf([raw_field("a.key", ARRAY, raw_array(ARRAY, 1, bytes(20)))]), "array of arrays"),
    (raw_gguf([raw_field("a.key", ARRAY, raw_array(77, 1, bytes(20)))]), "unknown value type 77"),
    (raw_gguf([raw_field("a.key", ARRAY, raw_array(U32, 2**62, bytes(20)))]), "'a.key' needs"),
    (raw_gguf([raw_field("a.key", ARRAY, raw_array(TEXT, 2**62, bytes(20)))]), "'a.key' claims"),
    (raw_gguf([raw_field("a.key", ARRAY, raw_array(TEXT, 2, raw_text("a") + b"\xff" * 8))]), "'a.key' runs past"),
    (raw_gguf([raw_field("a.key", TEXT, struct.pack("<Q", 2**64 - 8) + b"text")]), "'a.key' runs past"),
    (raw_gguf(HEADER, [raw_tensor("t", (1,)), raw_tensor("t", (1,))]), "two tensors are called 't'"),
    (raw_gguf(HEADER, [raw_tensor("t" * 64, (1,))]), "64 bytes"),
    (raw_gguf(HEADER, [raw_tensor("t", (1,) * 5)]), "5 dimensions"),
    (raw_gguf(HEADER, [raw_tensor("t", (2**32, 2**32))]), "impossible shape"),
    (raw_gguf(HEADER, [raw_tensor("t", (0,))]), "impossible shape"),
    (raw_gguf(HEADER, [raw_tensor("t", (4,), 4)]), "type 4"),
    (raw_gguf(HEADER, [raw_tensor("t", (4,), 2**31)]), "type 2,147,483,648"),
    (raw_gguf(HEADER, [raw_tensor("t", (33,), 8)]), "Q8_0 packs them by 32"),
    (raw_gguf(HEADER, [raw_tensor("t", (), 8)]), "Q8_0 packs them by 32"),
    (raw_gguf(HEADER, [raw_tensor("t", (4,), offset=32)]), "offset 32 where 0 was expected"),
    (raw_gguf(HEADER, [raw_tensor("t", (2**40,))]), "bytes are missing"),
])
def test_header_that_lies_is_refused(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    assert said in refusal(path)
