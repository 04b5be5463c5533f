"""Small files of other programs are read where they are what they should be, and otherwise say nothing."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from localthink.files import LARGEST, small_object, small_text


def test_a_file_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text('{"a": ["é"]}', encoding="utf-8")
    assert small_text(tmp_path / "file") == '{"a": ["é"]}'
    assert small_object(tmp_path / "file") == {"a": ["é"]}


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"null", b"{", b"9" * 5000, b"[" * 100_000,
                                     b'{"a":' * 100_000, b"{}" + b" " * LARGEST])
def test_what_is_no_small_object_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert small_object(tmp_path / "file") == {}


def test_no_more_is_read_than_the_largest(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a" * LARGEST)
    assert len(small_text(tmp_path / "file")) == LARGEST
    (tmp_path / "file").write_bytes(b"a" * (LARGEST + 1))
    assert small_text(tmp_path / "file") == ""


@pytest.mark.parametrize("name", ["nothing", "folder", "a\0b", "a" * 5000])
def test_what_is_no_file_says_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    assert small_text(tmp_path / name) == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes among files are of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert small_text(tmp_path / "pipe") == ""
