"""What was appended is on the disk and stays; what was not is not there, whatever failed and wherever it was cut."""
from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.ledgers import lines
from localthink.batch.jsonlines import JsonLines, read_lines
from localthink.errors import LocalthinkError, UsageError

OBJECTS: list[dict[str, Any]] = [{"a": 1}, {"text": "zwei\nlines, é, 思"}, {}, {"b": [None, 1.5, "x" * 40]}]
values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
                      max_leaves=6)
objects = st.dictionaries(st.text(), values, max_size=4)


def written(path: Path) -> list[dict[str, Any]]:
    return [value for _, value in read_lines(path)]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file grows beyond `size` bytes: a write takes what still fits, and the next one fails, as on a full disk."""
    resource = pytest.importorskip("resource", reason="no limits on files here")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # Python ignores the signal that comes with it
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines.jsonl"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(objects, max_size=3), max_size=4))
def test_what_is_appended_is_read_back_in_order_now_and_after_opening_again(
        path: Path, batches: list[list[dict[str, Any]]]) -> None:
    path.unlink(missing_ok=True)
    for batch in batches:
        file = JsonLines(path)
        assert file.torn == 0
        file.append(batch)
        file.append(batch)
        file.close()
    assert list(read_lines(path)) == list(enumerate([value for batch in batches for value in batch + batch], 1))


def test_a_file_that_is_not_there_has_no_lines(path: Path) -> None:
    assert written(path) == []
    assert not path.exists()


@pytest.mark.parametrize("rest", [b"", b"\0" * 5000, b"{\"a\": 1" + b"\0" * 9, b"\xff\xfe", b"x" * 200_000])
def test_a_torn_last_line_is_dropped_at_every_possible_cut(path: Path, rest: bytes) -> None:
    whole = lines(OBJECTS)
    for cut in range(len(whole) + 1):
        kept = whole[:cut].count(b"\n")
        complete = b"".join(whole.splitlines(keepends=True)[:kept])
        path.write_bytes(whole[:cut] + rest)
        assert written(path) == OBJECTS[:kept], cut
        file = JsonLines(path)
        assert file.torn == cut - len(complete) + len(rest), cut
        assert path.read_bytes() == complete, cut
        file.append([{"new": cut}])
        file.close()
        assert written(path) == [*OBJECTS[:kept], {"new": cut}], cut


def test_a_line_longer_than_any_block_is_found_whole_or_cut_off_whole(path: Path) -> None:
    long = {"text": "y" * 300_000}
    path.write_bytes(lines([{"a": 1}, long])[:-1])
    file = JsonLines(path)
    assert written(path) == [{"a": 1}]
    file.append([long, {"b": 2}])
    file.close()
    path.write_bytes(path.read_bytes() + b"z" * 65536)
    JsonLines(path).close()
    assert written(path) == [{"a": 1}, long, {"b": 2}]


@pytest.mark.parametrize(("line", "wrong"), [
    (b"not JSON", "not JSON"), (b"", "not JSON"), (b"{\"a\": 1", "not JSON"), (b"{\"a\": \xff}", "not JSON"),
    (b"\0\0\0\0\0", "not JSON"), (b"[" * 100_000, "not JSON"), (b"9" * 5000, "not JSON"), (b"[1]", "not a JSON object"),
    (b"null", "not a JSON object"), (b"\"text\"", "not a JSON object"),
], ids=lambda value: repr(value)[:20])
def test_a_bad_line_in_the_middle_is_named_with_its_number(path: Path, line: bytes, wrong: str) -> None:
    path.write_bytes(lines(OBJECTS[:2]) + line + b"\n" + lines(OBJECTS[2:]))
    with pytest.raises(UsageError) as error:
        written(path)
    assert f"{path}, line 3, is {wrong}" in str(error.value)
    assert "\n" not in str(error.value)


def test_append_returns_once_the_data_is_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = JsonLines(path)
    synced: list[bytes] = []
    real = os.fsync

    def record(descriptor: int) -> None:
        real(descriptor)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            synced.append(path.read_bytes())

    monkeypatch.setattr(os, "fsync", record)
    file.append(OBJECTS[:1])
    assert synced[-1] == lines(OBJECTS[:1])
    file.append([{"b": 2}, {"c": 3}])
    assert synced[-1] == lines([*OBJECTS[:1], {"b": 2}, {"c": 3}])
    file.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failing_sync_leaves_the_file_as_it_was_and_the_next_append_works(
        path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    file = JsonLines(path)
    file.append(OBJECTS[:1])

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch, pytest.raises(LocalthinkError) as error:
        patch.setattr(os, "fsync", fail)
        file.append([{"lost": "x" * 50}])
    assert str(path) in str(error.value)
    assert os.strerror(number) in str(error.value)
    assert path.read_bytes() == lines(OBJECTS[:1])
    file.append([{"b": 2}])
    file.close()
    assert path.read_bytes() == lines([*OBJECTS[:1], {"b": 2}])


# How much is to be written, and how much of it the disk still takes: around the sizes of blocks and buffers.
FULL = [(length, room) for length in (60, 5000, 200_000) for room in (0, 1, 59, 4096, 8192, 65536, 131_072)
        if room < length]


@pytest.mark.parametrize(("length", "room"), FULL)
def test_a_full_disk_leaves_the_file_as_it_was_and_the_next_append_works(path: Path, length: int, room: int) -> None:
    file = JsonLines(path)
    file.append(OBJECTS[:1])
    with largest_file(path.stat().st_size + room), pytest.raises(LocalthinkError) as error:
        file.append([{"lost": "x" * length}])
    assert str(path) in str(error.value)
    assert path.read_bytes() == lines(OBJECTS[:1])
    file.append([{"b": 2}])
    assert path.read_bytes() == lines([*OBJECTS[:1], {"b": 2}])
    file.close()
    assert path.read_bytes() == lines([*OBJECTS[:1], {"b": 2}])


@pytest.mark.parametrize(("length", "room"), FULL)
def test_closing_after_a_full_disk_adds_nothing_to_the_file(path: Path, length: int, room: int) -> None:
    file = JsonLines(path)
    file.append(OBJECTS[:1])
    with largest_file(path.stat().st_size + room), pytest.raises(LocalthinkError):
        file.append([{"lost": "x" * length}])
    file.close()  # there is room again
    assert path.read_bytes() == lines(OBJECTS[:1])


def test_a_disk_that_stays_full_fails_each_time_and_damages_nothing(path: Path) -> None:
    file = JsonLines(path)
    file.append(OBJECTS[:1])
    with largest_file(path.stat().st_size + 20):
        for length in (40, 100, 20_000, 40):
            with pytest.raises(LocalthinkError):
                file.append([{"lost": "x" * length}])
        file.append([{"b": 2}])  # for this one there is room
        file.close()
    assert path.read_bytes() == lines([*OBJECTS[:1], {"b": 2}])


WRITER = """
import sys
from pathlib import Path
from localthink.batch.jsonlines import JsonLines
file = JsonLines(Path(sys.argv[1]))
while True:
    file.append([{"text": "x" * 3000}])
    print("appended", flush=True)
"""


def test_a_writer_that_is_killed_leaves_every_line_that_it_had_appended(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        appended = [process.stdout.readline() for _ in range(5)]
        process.kill()
    assert appended == ["appended\n"] * 5
    JsonLines(path).close()
    assert len(written(path)) >= 5
    assert path.read_bytes() == lines(written(path))


@pytest.mark.parametrize("text", ["\ud83d", "a\udc00b", "\ud800" * 3, "é \udfff 思"])
def test_half_a_surrogate_pair_is_written_and_read_back(path: Path, text: str) -> None:
    file = JsonLines(path)
    file.append([{text: text}, {"a": 1}])
    file.close()
    assert written(path) == [{text: text}, {"a": 1}]
    assert json.loads(path.read_bytes().decode().splitlines()[0]) == {text: text}


def test_text_is_written_as_it_reads(path: Path) -> None:
    file = JsonLines(path)
    file.append([{"text": "é 思"}])
    file.close()
    assert "é 思" in path.read_text(encoding="utf-8")


def test_what_is_no_file_is_refused_by_its_name(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LocalthinkError, match="cannot be written") as error:
        JsonLines(path)
    assert str(path) in str(error.value)
    with pytest.raises(LocalthinkError, match="cannot be read"):
        written(path)
