"""Nothing of a result is lost or half written on its way into another form."""
from __future__ import annotations

import csv
import json
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localthink.batch import export as module
from localthink.batch.export import export, flatten
from localthink.batch.export_files import RESULT
from localthink.batch.messages import read_messages
from localthink.batch.openai_results import export_openai
from localthink.batch.rows import unguarded
from localthink.batch.sources import Source, read_rows
from localthink.errors import LocalthinkError, UsageError
from localthink.records import Message

KEY = "0123456789abcdef0123456789abcdef"
COLUMNS = [
    "id", "line", "sample", "seed", "correct", "grader", "finish_reason", "thinking", "answer",
    "prompt_tokens", "tokens", "thoughts", "switches", "held", "seconds", "prompt_tokens_per_second",
    "tokens_per_second", "model",
    "settings.alpha", "settings.groups", "settings.max_tokens", "key", "item.target", "item.nums",
]
FORMS = ("jsonl", "csv", "parquet")


def result(**changes: Any) -> dict[str, Any]:
    return {
        "key": KEY, "id": "a", "line": 1, "model": "m", "sample": 0, "seed": 7, "prompt_tokens": 10, "tokens": 3,
        "token_ids": [1, 2, 3], "thinking": "Hm.", "answer": "39", "finish_reason": "stop",
        "thoughts": [{"index": 0}, {"index": 1}], "switches": 1, "held": 0.25,
        "settings": {"alpha": 3.0, "groups": ["switch"], "max_tokens": None}, "seconds": 1.5,
        "prompt_tokens_per_second": 0.0, "tokens_per_second": 2.0, "correct": True, "grader": "countdown",
        "item": {"target": 39, "nums": [4, 7]}, **changes,
    }


def without(name: str) -> dict[str, Any]:
    return {other: value for other, value in result().items() if other != name}


def write(path: Path, *lines: dict[str, Any], torn: str = "") -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + torn, encoding="utf-8")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def exported(folder: Path, form: str, *lines: dict[str, Any], torn: str = "") -> list[dict[str, Any]]:
    """The rows of the exported file: in CSV all are text."""
    if form == "parquet":
        pytest.importorskip("pyarrow")
    target = folder / f"out.{form}"
    assert export(write(folder / "results.jsonl", *lines, torn=torn), target) == len(lines)
    if form == "parquet":
        rows: list[dict[str, Any]] = pytest.importorskip("pyarrow.parquet").read_table(target).to_pylist()
        return rows
    with target.open(encoding="utf-8", newline="") as file:
        return [json.loads(line) for line in file] if form == "jsonl" else list(csv.DictReader(file, strict=True))


def openai(folder: Path, results: list[dict[str, Any]], errors: list[dict[str, Any]] | None = None) -> list[Any]:
    if errors is not None:
        write(folder / "errors.jsonl", *errors)
    target = folder / "output.jsonl"
    count = export_openai(write(folder / "results.jsonl", *results), folder / "errors.jsonl", target, 1_700_000_000)
    lines = target.read_text(encoding="utf-8").splitlines()
    assert len(lines) == count
    return [json.loads(line) for line in lines]


def failure(number: int, **changes: Any) -> dict[str, Any]:
    return {"line": number, "id": None, "sample": None, "kind": "input", "error": "not JSON", **changes}


def test_a_row_has_its_columns_in_order() -> None:
    row = flatten(result())
    assert list(row) == COLUMNS
    assert row["thoughts"] == 2
    assert row["settings.groups"] == '["switch"]'
    assert row["item.nums"] == "[4, 7]"
    assert (row["id"], row["correct"], row["settings.alpha"], row["settings.max_tokens"]) == ("a", True, 3.0, None)


def test_a_row_that_nobody_graded_is_neither_right_nor_wrong() -> None:
    assert list(flatten(without("correct"))) == [name for name in COLUMNS if name != "correct"]


def test_fields_of_the_item_take_no_others_place() -> None:
    row = flatten(result(item={"id": "b", "key": {"x": "ä"}, "settings.alpha": 0, "": 1}))
    assert (row["id"], row["item.id"], row["key"], row["item.key"]) == ("a", "b", KEY, '{"x": "ä"}')
    assert (row["settings.alpha"], row["item.settings.alpha"], row["item."]) == (3.0, 0, 1)


@pytest.mark.parametrize("form", FORMS)
def test_columns_are_those_of_all_rows_in_order(tmp_path: Path, form: str) -> None:
    lines = [without("correct"), result(settings={"beta": 600}, item={"note": "x", "target": 4}), result()]
    rows = exported(tmp_path, form, *lines)
    if form == "jsonl":
        assert [list(row) for row in rows] == [list(flatten(line)) for line in lines]
        return
    union = [*COLUMNS[:21], "settings.beta", "key", *COLUMNS[22:], "item.note"]
    assert [list(row) for row in rows] == [union] * 3
    missing = "" if form == "csv" else None
    assert [row["correct"] for row in rows] == [missing, *(["true"] * 2 if form == "csv" else [True] * 2)]
    assert [row["item.note"] for row in rows] == [missing, "x", missing]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("torn", ["{", json.dumps(result())])
def test_a_torn_last_line_is_ignored(tmp_path: Path, form: str, torn: str) -> None:
    assert [row["id"] for row in exported(tmp_path, form, result(), result(id="b"), torn=torn)] == ["a", "b"]


@pytest.mark.parametrize("form", FORMS)
def test_no_results_make_no_rows(tmp_path: Path, form: str) -> None:
    assert exported(tmp_path, form, torn="{") == []
    assert form == "parquet" or (tmp_path / f"out.{form}").read_bytes() == b""


def test_cells_of_csv_are_those_of_rfc_4180(tmp_path: Path) -> None:
    exported(tmp_path, "csv", result(answer='a, "b"\nc', correct=False, thinking="ä"))
    head, row = (tmp_path / "out.csv").read_bytes().decode().split("\r\n", 1)
    assert head == ",".join(COLUMNS)
    assert row.startswith('a,1,0,7,false,countdown,stop,ä,"a, ""b""\nc",'
                          '10,3,2,1,0.25,1.5,0.0,2.0,m,3.0,"[""switch""]",,')
    assert row.endswith(f',{KEY},39,"[4, 7]"\r\n')


whole_texts = st.text(st.characters(exclude_categories=["Cs"]))
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@in_one_folder
@given(whole_texts, whole_texts, st.sampled_from(["jsonl", "csv"]))
def test_any_text_comes_back_as_it_was(tmp_path: Path, text: str, name: str, form: str) -> None:
    (row,) = exported(tmp_path, form, result(id=text, thinking=text, answer=text, item={name: text}))
    cells = [row["id"], row["thinking"], row["answer"], row[f"item.{name}"]]
    assert (cells if form == "jsonl" else list(map(unguarded, cells))) == [text] * 4


@pytest.mark.parametrize(("text", "cell"), [
    ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("@SUM(1)", "'@SUM(1)"), ("+x", "'+x"), ("- a", "'- a"),
    ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("-3/4", "'-3/4"), ("-1,5", "'-1,5"), ("-5", "-5"), ("+.5e-3", "+.5e-3"),
    ("'=1", "''=1"), ("'a", "'a"), ("a=1", "a=1"), ("", ""),
])
def test_what_a_spreadsheet_would_run_stands_behind_an_apostrophe_in_csv_alone(
        tmp_path: Path, text: str, cell: str) -> None:
    said = result(answer=text, item={"note": text, "number": -5})
    (row,) = exported(tmp_path, "csv", said)
    assert (row["answer"], row["item.note"], row["item.number"]) == (cell, cell, "-5")
    assert exported(tmp_path, "jsonl", said)[0]["answer"] == text


def test_a_table_of_ours_asks_what_was_asked(tmp_path: Path) -> None:
    texts = {"=1+1", "'=1", "-5", "Why?"}
    exported(tmp_path, "csv", *(result(id=text, question=text) for text in sorted(texts)))
    rows = [row for _, row in read_rows(Source(tmp_path / "out.csv", "out.csv", "csv"))]  # type: ignore[misc]
    assert {row["question"] for row in rows} == {row["id"] for row in rows} == texts  # type: ignore[index]
    (tmp_path / "out.csv").write_text("question\n'=1\n")  # somebody else's apostrophe
    assert list(read_rows(Source(tmp_path / "out.csv", "out.csv", "csv"))) == [(2, {"question": "'=1"})]


@in_one_folder
@given(whole_texts, whole_texts)
def test_any_text_comes_back_from_parquet(tmp_path: Path, text: str, name: str) -> None:
    (row,) = exported(tmp_path, "parquet", result(id=text, thinking=text, answer=text, item={name: text}))
    assert (row["id"], row["thinking"], row["answer"], row[f"item.{name}"]) == (text,) * 4


@pytest.mark.parametrize(("form", "shown"), [("jsonl", "\ud800"), ("csv", r"\ud800"), ("parquet", r"\ud800")])
def test_half_a_surrogate_pair_is_escaped(tmp_path: Path, form: str, shown: str) -> None:
    (row,) = exported(tmp_path, form, result(item={"\ud800": "\ud800", "list": ["\ud800"]}))
    assert row[f"item.{shown}"] == shown
    assert row["item.list"] == f'["{shown}"]'


def test_numbers_that_json_lacks_are_text(tmp_path: Path) -> None:
    (row,) = exported(tmp_path, "jsonl", result(item={"big": float("inf"), "none": float("nan")}))
    assert (row["item.big"], row["item.none"]) == ("inf", "nan")


@pytest.mark.parametrize(("values", "type_", "stored"), [
    ([True, False], "bool", [True, False]), ([1, -2], "int64", [1, -2]), ([2**63 - 1, -2**63], "int64", None),
    ([0.5, 1.0], "double", [0.5, 1.0]), ([1, 0.5], "double", [1.0, 0.5]), (["a", ""], "string", ["a", ""]),
    ([None, 3], "int64", [None, 3]), ([None, None], "string", [None, None]), ([1, "a"], "string", ["1", "a"]),
    ([True, 1], "string", ["true", "1"]), ([0.5, "inf"], "string", ["0.5", "inf"]),
    ([2**63, 1], "string", [str(2**63), "1"]),
    ([[1], {"a": None}], "string", ["[1]", '{"a": null}']), ([[1], 1], "string", ["[1]", "1"]),
])
def test_a_column_of_parquet_has_one_type(tmp_path: Path, values: list[Any], type_: str, stored: Any) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = exported(tmp_path, "parquet", *(result(item={"x": value}) for value in values))
    assert [row["item.x"] for row in rows] == (values if stored is None else stored)
    schema = parquet.read_schema(tmp_path / "out.parquet")
    assert str(schema.field("item.x").type) == type_
    types = [str(schema.field(name).type) for name in ("id", "seed", "correct", "held", "thoughts")]
    assert types == ["string", "int64", "bool", "double", "int64"]


def test_parquet_is_written_in_groups_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(module, "ROW_GROUP", 4)
    rows = exported(tmp_path, "parquet", *(result(sample=sample) for sample in range(10)))
    assert [row["sample"] for row in rows] == list(range(10))
    metadata = parquet.ParquetFile(tmp_path / "out.parquet").metadata
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [4, 4, 2]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_memory_does_not_grow_with_the_results(tmp_path: Path, form: str) -> None:
    results = write(tmp_path / "results.jsonl", *[result(thinking="Hm. " * 2500)] * 400)  # 4 MB
    tracemalloc.start()
    try:
        export(results, tmp_path / f"out.{form}")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_a_run_appends_meanwhile_is_left_out(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = module._columns

    def then_append(results: Path) -> tuple[dict[str, set[str]], int]:
        found = columns(results)
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result(id=8, item={"new": 1})) + "\n")
        return found

    monkeypatch.setattr(module, "_columns", then_append)
    assert [row["id"] for row in exported(tmp_path, form, result())] == ["a"]


@pytest.mark.parametrize("name", ["out", "out.xlsx", "out.json", "out.csv.gz", ".csv"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    results = write(tmp_path / "results.jsonl", result())
    with pytest.raises(UsageError, match=r"\.jsonl, \.csv or \.parquet"):
        export(results, tmp_path / name)
    assert names(tmp_path) == ["results.jsonl"]


def test_a_suffix_may_be_in_upper_case(tmp_path: Path) -> None:
    assert export(write(tmp_path / "results.jsonl", result()), tmp_path / "OUT.CSV") == 1
    assert (tmp_path / "OUT.CSV").read_text(encoding="utf-8").startswith("id,")


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'localthink\[parquet\]'"):
        export(write(tmp_path / "results.jsonl", result()), tmp_path / "out.parquet")
    assert names(tmp_path) == ["results.jsonl"]


def to_table(results: Path, target: Path) -> int:
    return export(results, target)


def to_openai(results: Path, target: Path) -> int:
    return export_openai(results, results.with_name("errors.jsonl"), target, 0)


ways = pytest.mark.parametrize("way", [to_table, to_openai])
Way = Callable[[Path, Path], int]


@ways
@pytest.mark.parametrize(("line", "reason"), [
    (b"{", "line 2, is not JSON"), (b"", "line 2, is not JSON"), (b"\xff", "line 2, is not JSON"),
    (b"[" * 100_000, "line 2, is not JSON"), (b"7", "line 2, is not a JSON object"), (b"{}", "line 2, has no 'key'"),
    *((json.dumps(without(name)).encode(), f"line 2, has no '{name}'") for name in RESULT),
    *((json.dumps(result(**{name: value})).encode(), f"line 2, has no '{name}'") for name, value in [
        ("id", None), ("id", [1]), ("item", []), ("settings", None), ("thoughts", 3), ("line", "1"), ("answer", None)]),
], ids=lambda part: part[:20] if isinstance(part, bytes) else part)
def test_a_line_that_is_no_result_is_named(tmp_path: Path, way: Way, line: bytes, reason: str) -> None:
    results, target = tmp_path / "my results.jsonl", tmp_path / "out.jsonl"
    good = json.dumps(result()).encode()
    results.write_bytes(b"\n".join([good, line, good, b""]))
    target.write_text("before", encoding="utf-8")
    with pytest.raises(UsageError, match=f"my results.jsonl, {reason}"):
        way(results, target)
    assert target.read_text(encoding="utf-8") == "before"
    assert names(tmp_path) == ["my results.jsonl", "out.jsonl"]


@ways
def test_results_that_are_not_there_are_named(tmp_path: Path, way: Way) -> None:
    with pytest.raises(UsageError, match=r"there is no file .*results.jsonl"):
        way(tmp_path / "results.jsonl", tmp_path / "out.jsonl")
    assert names(tmp_path) == []


@ways
@pytest.mark.parametrize("name", ["results.jsonl", "link.jsonl", "folder.jsonl", "pipe.jsonl"])
def test_what_cannot_be_a_target_is_refused(tmp_path: Path, way: Way, name: str) -> None:
    results = write(tmp_path / "results.jsonl", result())
    before = results.read_bytes()
    (tmp_path / "link.jsonl").symlink_to(results)
    (tmp_path / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(UsageError, match=rf"{name} is (a folder|not a file|what is exported): give"):
        way(results, tmp_path / name)
    assert results.read_bytes() == before
    assert len(names(tmp_path)) == 4


def test_the_errors_are_no_target_either(tmp_path: Path) -> None:
    results, errors = write(tmp_path / "results.jsonl", result()), write(tmp_path / "errors.jsonl", failure(2))
    with pytest.raises(UsageError, match=r"errors.jsonl is what is exported"):
        export_openai(results, errors, errors, 0)
    assert json.loads(errors.read_bytes()) == failure(2)


@ways
def test_a_target_in_no_folder_is_named(tmp_path: Path, way: Way) -> None:
    results = write(tmp_path / "results.jsonl", result())
    with pytest.raises(LocalthinkError, match=r"nowhere/out.jsonl cannot be written: No such file") as raised:
        way(results, tmp_path / "nowhere" / "out.jsonl")
    assert "\n" not in str(raised.value)


@ways
@pytest.mark.parametrize("end", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_is_interrupted_changes_nothing(
    tmp_path: Path, way: Way, end: BaseException, monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: int) -> None:
        raise end

    results, target = write(tmp_path / "results.jsonl", result()), tmp_path / "out.jsonl"
    target.write_text("before", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", fail)
    expected = LocalthinkError if isinstance(end, OSError) else KeyboardInterrupt
    with pytest.raises(expected, match="out.jsonl cannot be written: No space" if isinstance(end, OSError) else None):
        way(results, target)
    assert target.read_text(encoding="utf-8") == "before"
    assert names(tmp_path) == ["out.jsonl", "results.jsonl"]


@ways
def test_a_target_is_replaced_where_a_link_points(tmp_path: Path, way: Way) -> None:
    results, real = write(tmp_path / "results.jsonl", result()), tmp_path / "real.txt"
    real.write_text("before", encoding="utf-8")
    (tmp_path / "out.jsonl").symlink_to(real)
    assert way(results, tmp_path / "out.jsonl") == 1
    assert (tmp_path / "out.jsonl").is_symlink()
    assert json.loads(real.read_bytes())


def test_an_item_has_the_form_of_openai(tmp_path: Path) -> None:
    (line,) = openai(tmp_path, [result(correct=False)])
    assert line == {
        "id": "batch_req_0123456789abcdef01234567", "custom_id": "a", "error": None,
        "response": {"status_code": 200, "request_id": KEY, "body": {
            "id": f"chatcmpl-{KEY}", "object": "chat.completion", "created": 1_700_000_000, "model": "m",
            "choices": [{"index": 0, "logprobs": None, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": "39", "reasoning_content": "Hm."}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13},
        }},
    }


@pytest.mark.parametrize("answer", ["39", ""])  # one that was cut off while it was thought about is empty
def test_an_item_can_be_read_back_as_history(tmp_path: Path, answer: str) -> None:
    (line,) = openai(tmp_path, [result(answer=answer)])
    said = line["response"]["body"]["choices"][0]["message"]
    asked = {"role": "user", "content": "Why?"}
    assert read_messages([asked, said, asked]) == (
        Message("user", "Why?"), Message("assistant", answer), Message("user", "Why?"))


def test_samples_are_choices_of_one_item(tmp_path: Path) -> None:
    samples = [result(sample=2, answer="c", tokens=100, key="2" * 32), result(id=5, line=2, sample=0, key="5" * 32),
               result(sample=0, answer="a", key="0" * 32), result(sample=1, answer="b", finish_reason="length")]
    first, second = openai(tmp_path, samples)
    body = first["response"]["body"]
    assert [(choice["index"], choice["message"]["content"], choice["finish_reason"]) for choice in body["choices"]] == [
        (0, "a", "stop"), (1, "b", "length"), (2, "c", "stop")]
    assert body["usage"] == {"prompt_tokens": 10, "completion_tokens": 106, "total_tokens": 116}
    assert (first["id"], second["custom_id"]) == (f"batch_req_{'0' * 24}", "5")


@pytest.mark.parametrize("reason", ["loop", "confidence"])
def test_a_reason_that_the_form_does_not_know_is_a_length(tmp_path: Path, reason: str) -> None:
    [line] = openai(tmp_path, [result(finish_reason=reason)])
    assert [choice["finish_reason"] for choice in line["response"]["body"]["choices"]] == ["length"]


def test_the_later_of_two_results_of_a_sample_counts(tmp_path: Path) -> None:
    (line,) = openai(tmp_path, [result(answer="old"), result(answer="new")])
    (choice,) = line["response"]["body"]["choices"]
    assert choice["message"]["content"] == "new"


@in_one_folder
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3)), unique=True))
def test_items_come_in_the_order_of_the_input(tmp_path: Path, order: list[tuple[int, int]]) -> None:
    lines = openai(tmp_path, [result(line=line, id=f"ä{line}", sample=sample) for line, sample in order])
    found = [(line["custom_id"], choice["index"]) for line in lines for choice in line["response"]["body"]["choices"]]
    assert found == [(f"ä{line}", sample) for line, sample in sorted(order)]


def test_items_without_any_result_are_errors_in_their_place(tmp_path: Path) -> None:
    results = [result(id="e", line=5), result(id=2, line=2, key="2" * 32)]
    errors = [failure(9, id=9, kind="engine", sample=1, error="out of memory"), failure(1), failure(3, id="a"),
              failure(4, id={"x": 1}), failure(5, id="e", sample=1, kind="engine"), failure(2)]
    lines = openai(tmp_path, results, errors)
    assert [line["custom_id"] for line in lines] == ["line-1", "2", "a", '{"x": 1}', "e", "9"]
    assert [line["response"] is None for line in lines] == [True, False, True, True, False, True]
    assert lines[-1]["error"] == {"code": "engine", "message": "out of memory"}
    assert lines[0]["error"] == {"code": "input", "message": "not JSON"}
    assert len({line["id"] for line in lines}) == len(lines)
    assert {len(line["id"]) for line in lines} == {len("batch_req_") + 24}


def test_an_item_fails_once_with_the_latest_reason(tmp_path: Path) -> None:
    errors = [failure(1, id="a", sample=sample, error=f"reason {sample}") for sample in range(3)]
    (line,) = openai(tmp_path, [], errors)
    assert line["error"]["message"] == "reason 2"


@pytest.mark.parametrize("name", ["line", "kind", "error"])
def test_a_line_that_is_no_error_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"errors.jsonl, line 2, has no '{name}'"):
        openai(tmp_path, [result()], [failure(1), failure(2, **{name: None})])


def test_memory_holds_no_more_than_one_item(tmp_path: Path) -> None:
    places = [(line, sample) for sample in range(2) for line in range(200)]
    lines = [result(id=line, line=line, sample=sample, answer="39 " * 3000) for line, sample in places]
    results = write(tmp_path / "results.jsonl", *lines)  # 4 MB
    tracemalloc.start()
    try:
        export_openai(results, tmp_path / "errors.jsonl", tmp_path / "out.jsonl", 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
