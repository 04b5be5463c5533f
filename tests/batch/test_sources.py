"""Lines come from files, pipes and the Hub in order, each with its number; a bad one does not stop the rest."""
from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localthink.batch.items import BadLine, Item
from localthink.batch.settings import Settings
from localthink.batch.sources import Source, data_sha256, find_source, read_items, read_rows
from localthink.errors import UsageError


def source(folder: Path, data: str | bytes, name: str = "in.jsonl") -> Source:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return find_source(str(path), folder / "spool")


def rows(found: Source) -> list[Any]:
    """(line, value) of each good row, (line, reason) of each bad one."""
    return [(row.line, row.reason) if isinstance(row, BadLine) else row for row in read_rows(found)]


def ids(found: Source, **options: Any) -> list[str]:
    """The id of each good item, the reason of each bad line."""
    return [item.id if isinstance(item, Item) else item.reason for item in read_items(found, Settings(), **options)]


class Stdin(io.TextIOWrapper):
    def __init__(self, data: bytes, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data))
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(("name", "form"), [
    ("in.jsonl", "jsonl"), ("in.ndjson", "jsonl"), ("in.txt", "jsonl"), ("in", "jsonl"), ("in.JSONL", "jsonl"),
    ("in.csv", "csv"), ("in.CSV", "csv"), ("in.tsv", "csv"), ("in.parquet", "parquet"), ("in.csv.jsonl", "jsonl"),
])
def test_the_suffix_says_the_form(tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / name
    path.touch()
    assert find_source(str(path), tmp_path / "spool") == Source(path, str(path), form)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "reason"), [
    ("none.jsonl", "there is no file"), ("", "is a folder"), ("in.json", "one JSON object a line"),
    ("\0", "cannot be read"), ("in.jsonl/x", "cannot be read|there is no file"),
])
def test_a_path_that_cannot_be_read_is_named(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "in.json").touch()
    (tmp_path / "in.jsonl").touch()
    with pytest.raises(UsageError, match=reason) as caught:
        find_source(f"{tmp_path}/{name}", tmp_path / "spool")
    assert str(tmp_path) in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_which_could_be_read_only_once_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.jsonl")
    with pytest.raises(UsageError, match="not a file that can be read twice"):
        find_source(str(tmp_path / "in.jsonl"), tmp_path / "spool")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights_is_named(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").touch(0o000)
    with pytest.raises(UsageError, match="cannot be read"):
        find_source(str(tmp_path / "in.jsonl"), tmp_path / "spool")


def test_standard_input_is_kept_so_that_it_can_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool.jsonl"
    spool.write_text("what was there before, and is longer")
    monkeypatch.setattr(sys, "stdin", Stdin(b'{"prompt": "\xc3\xa4"}\r\n'))
    found = find_source("-", spool)
    assert found == Source(spool, "-", "jsonl")
    assert rows(found) == rows(found) == [(1, {"prompt": "ä"})]
    assert list(tmp_path.iterdir()) == [spool]
    assert data_sha256(found) == hashlib.sha256(b'{"prompt": "\xc3\xa4"}\r\n').hexdigest()


@pytest.mark.parametrize("stdin", [Stdin(b"", terminal=True), None])
def test_standard_input_with_nobody_piping_is_refused(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stdin: object) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(UsageError, match="pipe the questions in"):
        find_source("-", tmp_path / "spool")


def test_a_broken_pipe_leaves_the_spool_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    stdin = Stdin(b"")
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(Stdin, "buffer", Broken())
    with pytest.raises(UsageError, match="Input/output error"):
        find_source("-", tmp_path / "spool")
    assert not list(tmp_path.iterdir())


def test_blank_lines_are_none_and_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    found = source(tmp_path, '\ufeff{"a": 1}\n\n \t\r\n[2]\r\n"\u2028"')
    assert rows(found) == [(1, {"a": 1}), (4, [2]), (5, "\u2028")]


@pytest.mark.parametrize(("line", "reason"), [
    (b"{", "not JSON at character 2 (Expecting property name enclosed in double quotes): give one JSON object on"),
    (b'{"a": 1} {}', "not JSON at character 10 (Extra data)"),
    (b'"\t"', "not JSON at character 2 (Invalid control character)"),
    (b'{"a": NaN}', "NaN is not JSON"), (b"[-Infinity]", "-Infinity is not JSON"),
    (b'"ab\xff"', "byte 4 is 0xff, which is not UTF-8"), (b"\xff\xfe{\0}\0", "byte 1 is 0xff, which is not UTF-8"),
    (b'"\xed\xa0\x80"', "byte 2 is 0xed, which is not UTF-8"), (b'\xef\xbb\xbf{"a": 1}', "not JSON at character 1"),
    (b"[" * 100_000, "nested too deeply"), (b'{"a":' * 100_000, "nested too deeply"), (b"9" * 5000, "too many digits"),
])
def test_a_line_that_is_not_json_says_where_and_the_rest_goes_on(tmp_path: Path, line: bytes, reason: str) -> None:
    first, (number, text), last = rows(source(tmp_path, b'{"a": 1}\n' + line + b'\n{"b": 2}\n'))
    assert (first, number, last) == ((1, {"a": 1}), 2, (3, {"b": 2}))
    assert reason in text and text.isprintable()


texts = st.text().filter(str.strip)
good = st.fixed_dictionaries({"prompt": texts}, optional={"answer": st.none() | st.integers() | st.text()})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(good, st.sampled_from(["", "\n", " \r\n\n"])), min_size=1), st.booleans())
def test_any_objects_come_back_in_order_with_their_lines(tmp_path: Path, lines: list[Any], ascii_only: bool) -> None:
    data, expected = "", []
    for number, (row, blank) in enumerate(lines):
        row["id"] = number
        data += blank
        expected.append((data.count("\n") + 1, row))
        data += json.dumps(row, ensure_ascii=ascii_only) + "\n"
    found = source(tmp_path, data)
    assert rows(found) == expected
    for item, (line, row) in zip(read_items(found, Settings()), expected, strict=True):
        assert isinstance(item, Item)
        assert (item.line, item.own_id, item.messages[0].content) == (line, row["id"], row["prompt"])


def test_long_inputs_take_little_memory(tmp_path: Path) -> None:
    found = source(tmp_path, "".join(f'{{"prompt": "{n}", "padding": "{"x" * 1000}"}}\n' for n in range(5000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_items(found, Settings())) == 5000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000  # of 5 MB
    finally:
        tracemalloc.stop()


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    lines = ['{"id": 7, "prompt": "a"}', '{"id": 7, "prompt": ""}', '{"id": "7", "prompt": "b"}', '{"prompt": "a"}',
             '{"id": "x", "prompt": "a"}', '{"prompt": "a", "seed": 3}', '{"id": "x", "prompt": "c"}']
    first, empty, second, alone, other, same, again = read_items(source(tmp_path, "\n".join(lines)), Settings())
    assert all(isinstance(item, Item) for item in (first, alone, other))
    assert empty == BadLine(2, "prompt is empty: give some text", 7)  # its id is still free
    assert second == BadLine(3, 'id "7" is also that of line 1: ids must be unique as texts', "7")
    assert again == BadLine(7, 'id "x" is also that of line 5: ids must be unique as texts', "x")
    assert same == BadLine(6, "the same content as line 4, and neither has an id: give them ids, "
                              "or ask for more samples with -n")


def test_the_limit_counts_good_items(tmp_path: Path) -> None:
    found = source(tmp_path, '{"id": 1, "prompt": "a"}\n{\n{"id": 1, "prompt": "a"}\n{"id": 2, "prompt": "b"}\n{\n[]')
    assert [isinstance(item, Item) for item in read_items(found, Settings(), limit=2)] == [True, False, False, True]
    assert len(ids(found, limit=3)) == len(ids(found)) == 6
    assert ids(found, limit=0) == []


def test_the_appended_text_reaches_every_item(tmp_path: Path) -> None:
    found = source(tmp_path, '{"prompt": "a"}\n{"prompt": "b"}')
    items = [item for item in read_items(found, Settings(), append="!") if isinstance(item, Item)]
    assert [item.messages[-1].content for item in items] == ["a\n\n!", "b\n\n!"]


@pytest.mark.parametrize("name", ["in.jsonl", "in.csv"])
@pytest.mark.parametrize("data", ["", "\n\r\n", "\ufeff"])
def test_an_empty_input_is_an_error(tmp_path: Path, name: str, data: str) -> None:
    with pytest.raises(UsageError, match=rf"{name} is empty: give at least one line"):
        ids(source(tmp_path, data, name))
