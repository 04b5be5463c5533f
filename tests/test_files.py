"""Files are replaced as a whole; small ones of other programs are read where they are what they should be."""
from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localthink.files import LARGEST, replacing, small_object, small_text


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


@pytest.mark.parametrize("lasting", [True, False])
def test_a_file_is_replaced_when_all_of_the_new_one_is_written(tmp_path: Path, lasting: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path, lasting) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", [True, False])
def test_a_writing_that_fails_changes_nothing_and_leaves_nothing(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "file"
    if there:
        path.write_bytes(b"old")
    with pytest.raises(OSError, match="full"), replacing(path) as file:
        file.write(b"new")
        raise OSError("full")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"old"] * there


def test_threads_that_replace_one_file_leave_all_of_what_one_of_them_wrote(tmp_path: Path) -> None:
    path, contents = tmp_path / "file", [bytes([letter]) * 100_000 for letter in b"abcdefgh"]

    def write(content: bytes) -> None:
        for _ in range(20):
            with replacing(path, lasting=False) as file:
                file.write(content)

    with ThreadPoolExecutor(len(contents)) as threads:
        list(threads.map(write, contents))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]
