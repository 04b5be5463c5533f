"""A table asks one question a row, whatever made it: a spreadsheet's CSV or a data set's Parquet."""
from __future__ import annotations

import csv
import datetime
import decimal
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localthink.batch.items import BadLine, Item
from localthink.batch.settings import Settings
from localthink.batch.sources import Source, read_items, read_rows
from localthink.errors import UsageError
from localthink.records import Message


def table(folder: Path, data: str | bytes, form: str = "csv") -> Source:
    path = folder / f"in.{form}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return Source(path, f"my.{form}", form)  # type: ignore[arg-type]


def rows(found: Source) -> list[Any]:
    return [(row.line, row.reason) if isinstance(row, BadLine) else row for row in read_rows(found)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_of_csv_are_numbered_by_the_line_they_begin_on(tmp_path: Path, end: str) -> None:
    text = '\ufeffid, question,answer\n7,"a, ""b""\nc",\n\n,,\n 08 ,ä\n'.replace("\n", end)
    first, second = rows(table(tmp_path, text))
    assert first == (2, {"id": "7", "question": f'a, "b"{end}c'})
    assert second == (6, {"id": " 08 ", "question": "ä"})


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_cells_may_be_parted_as_spreadsheets_of_other_countries_part_them(
        tmp_path: Path, sign: str, start: str, quoting: Any) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=sign, quoting=quoting).writerows(
        [("id", "question", "temperature"), ("a", "What is 1,5; 2|3\t?", ""), ("b", 'Say "so".', "0,5")])
    first, second = rows(table(tmp_path, start + out.getvalue()))
    line = 3 if start == "\n" else 2
    assert first == (line, {"id": "a", "question": "What is 1,5; 2|3\t?"})
    assert second == (line + 1, {"id": "b", "question": 'Say "so".', "temperature": "0,5"})  # for the item to refuse


@pytest.mark.parametrize("declared", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_first_line_may_say_what_parts_the_cells(tmp_path: Path, declared: str, end: str) -> None:
    text = f'\ufeff{declared}\nprompt;"a, b"\nWhy, oh why?;\n1;2;3\n'.replace("\n", end)
    good, bad = rows(table(tmp_path, text))
    assert good == (3, {"prompt": "Why, oh why?"})
    assert bad == (4, "the row has 3 cells and the header 2: put quotes around cells that hold semicolons")


def test_a_first_line_that_says_what_parts_the_cells_is_no_question(tmp_path: Path) -> None:
    assert rows(table(tmp_path, "sep=;\n")) == []
    assert rows(table(tmp_path, "sep=:\nprompt:a\nWhy?:b\n")) == [(3, {"prompt": "Why?", "a": "b"})]


def test_the_cases_that_people_have_are_read(shared: Path) -> None:
    for name, line, question in (("semicolon", 2, "What is 1,5 + 1,5?"), ("sep", 3, "What is 1 + 1?"),
                                 ("tab", 2, "What is 1 + 1?")):
        ((number, row),) = rows(Source(shared / "cases" / f"{name}.csv", "my.csv", "csv"))
        assert (number, row["id"], row["question"]) == (line, "1", question)


@pytest.mark.parametrize(("column", "cell", "value"), [
    ("n", "4", 4), ("n", " 4 ", 4), ("n", "4.0", 4.0), ("seed", "+12", 12), ("temperature", "0.5", 0.5),
    ("top_p", ".5", 0.5), ("beta", "1e3", 1000.0), ("alpha", "-2.", -2.0), ("alpha", "inf", "inf"),
    ("beta", "nan", "nan"), ("n", "four", "four"), ("n", "1_000", "1_000"),
    ("n", "٤", "٤"), ("n", "9" * 5000, "9" * 5000), ("id", "4", "4"), ("answer", "4", "4"),
    ("stop", '["a", "b"]', ["a", "b"]), ("stop", "a", "a"), ("stop", " [1]", [1]), ("markers", '["wait"]', ["wait"]),
    ("messages", '[{"role": "user"}]', [{"role": "user"}]), ("answer", "[1]", "[1]"), ("prompt", "[1]", "[1]"),
])
def test_a_cell_of_csv_means_what_its_column_says(tmp_path: Path, column: str, cell: str, value: object) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([[column, "problem"], [cell, "Why?"]])
    ((_, row),) = rows(table(tmp_path, out.getvalue()))
    assert row == {column: value, "problem": "Why?"}
    assert type(row[column]) is type(value)


@pytest.mark.parametrize(("row", "reason"), [
    (b"1,2,3", "the row has 3 cells and the header 2"), (b'"a"b,1', "not CSV"),
    (b'"[1",1', "stop begins like a list, but not JSON at"),
    (b"[NaN],1", "stop begins like a list, but NaN is not JSON"),
    (b"a,\xe4", '"prompt" has the byte 0xe4, which is not UTF-8'),
])
def test_a_bad_row_of_csv_says_why_and_the_rest_goes_on(tmp_path: Path, row: bytes, reason: str) -> None:
    first, (number, text), last = rows(table(tmp_path, b'stop,prompt\n"a\nb",1\n' + row + b"\na,2\n"))
    assert (first, number, last) == ((2, {"stop": "a\nb", "prompt": "1"}), 4, (5, {"stop": "a", "prompt": "2"}))
    assert reason in text


def test_a_quote_that_nothing_closes_is_reported_where_it_opens(tmp_path: Path) -> None:
    good, bad = rows(table(tmp_path, 'prompt,answer\na,1\n"b,2\nc,3\nd,4\n'))
    assert good == (2, {"prompt": "a", "answer": "1"})
    assert bad[0] == 3 and "unexpected end of data" in bad[1]


def test_a_cell_of_csv_may_be_long_and_the_limit_of_others_stays(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    ((_, row),) = rows(table(tmp_path, f"prompt\n{'x' * (before + 1)}\n"))
    assert len(row["prompt"]) == before + 1
    assert csv.field_size_limit() == before


def test_what_csv_cannot_mean_is_left_to_the_item(tmp_path: Path) -> None:
    found = table(tmp_path, 'prompt,n,messages\na,four,\nb,,Hi\n,2,"[{""role"": ""user"", ""content"": ""c""}]"\n')
    number, both, good = read_items(found, Settings())
    assert number == BadLine(2, 'n is "four": give a whole number below 2^63')
    assert both == BadLine(3, "both prompt and messages are given: give one of them")
    assert isinstance(good, Item) and good.messages == (Message("user", "c"),) and good.settings.samples == 2


@pytest.mark.parametrize(("header", "reason"), [
    ("id:question", 'none of the columns of my.csv asks something (the first is "id:question")'),
    ("id;Frage", '(the first is "id"): name one of them prompt, messages, question or problem; it was read with '
                 "semicolons between its cells, and a first line like"),
    ("sep=,\nid;question", "it was read with commas between its cells"), ('"id";"question"x', "is not CSV"),
    ("sep=:\nid;question", 'it was read with ":" between its cells'),
    ("Question,id", "name one of them prompt, messages, question or problem"),
    ("custom_id,body", "none of the columns"),
    (",question", "column 1 of my.csv has no name"), ("question, ", "column 2 of my.csv has no name"),
    ("id,question,id", 'my.csv has two columns "id"'), ('"question"x', "the header of my.csv is not CSV"),
    (b"question,\xff", "the name of column 2 of my.csv is not UTF-8"),
])
def test_a_header_that_cannot_be_used_ends_the_reading(tmp_path: Path, header: str | bytes, reason: str) -> None:
    data = header.encode() if isinstance(header, str) else header
    with pytest.raises(UsageError) as caught:
        rows(table(tmp_path, data + b"\na,b\n"))
    assert reason in str(caught.value)


cells = st.text(st.characters(exclude_categories=["Cs"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells).filter(any), min_size=1))
def test_any_text_survives_csv(tmp_path: Path, written: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("prompt", "answer"), *written])
    read = [row for _, row in rows(table(tmp_path, out.getvalue()))]
    assert [(row.get("prompt", ""), row.get("answer", "")) for row in read] == written
    assert all(cell for row in read for cell in row.values())


def parquet(folder: Path, columns: dict[str, list[Any]]) -> Source:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow reads Parquet")
    writer = pytest.importorskip("pyarrow.parquet", reason="pyarrow reads Parquet")
    writer.write_table(arrow.table(columns), folder / "in.parquet")
    return Source(folder / "in.parquet", "my.parquet", "parquet")


def test_rows_of_parquet_are_what_json_would_say(tmp_path: Path) -> None:
    conversation = [{"role": "user", "content": "Why?", "name": None}]
    columns: dict[str, list[Any]] = {
        "id": [1, 2], "prompt": ["a", None], "messages": [None, conversation], "temperature": [0.5, float("nan")],
        "alpha": [float("inf"), 1.0], "n": [2.0, None], "raw": [b"\xffx", b"y"],
        "when": [datetime.date(2025, 1, 2), None], "price": [decimal.Decimal("1.50"), None],
        "nested": [{"at": [datetime.datetime(2025, 1, 2, 3)]}, None],
    }
    first, second = rows(parquet(tmp_path, columns))
    assert first == (1, {
        "id": 1, "prompt": "a", "messages": None, "temperature": 0.5, "alpha": "inf", "n": 2.0, "when": "2025-01-02",
        "raw": "\\xffx", "price": "1.50", "nested": {"at": ["2025-01-02 03:00:00"]}})
    assert second == (2, dict.fromkeys(columns) | {"id": 2, "messages": conversation, "alpha": 1.0, "raw": "y"})
    json.dumps([first, second], allow_nan=False)
    items = list(read_items(parquet(tmp_path, columns), Settings()))
    assert [item.settings.samples for item in items if isinstance(item, Item)] == [2, 1]


def test_parquet_is_read_beyond_its_first_batch(tmp_path: Path) -> None:
    found = parquet(tmp_path, {"question": [str(n) for n in range(3000)]})
    assert rows(found) == [(n + 1, {"question": str(n)}) for n in range(3000)]


def test_parquet_can_hold_the_openai_form(tmp_path: Path) -> None:
    body = {"messages": [{"role": "user", "content": "Why?"}], "n": 3, "seed": None}
    (item,) = read_items(parquet(tmp_path, {"custom_id": ["x"], "body": [body], "url": [None]}), Settings())
    assert isinstance(item, Item) and item.id == "x" and item.settings.samples == 3 and item.carried == {}


def test_parquet_without_a_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none of the columns of my\.parquet asks something"):
        rows(parquet(tmp_path, {"text": ["a"]}))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b'{"prompt": "a"}\n'])
def test_what_is_no_parquet_is_refused(tmp_path: Path, data: bytes) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow reads Parquet")
    with pytest.raises(UsageError, match=r"^my\.parquet cannot be read as Parquet \(.+\): check the file"):
        rows(table(tmp_path, data, "parquet"))


def test_damaged_parquet_is_refused_where_the_damage_is(tmp_path: Path) -> None:
    found = parquet(tmp_path, {"question": [f"{n:08}" for n in range(3000)]})
    data = bytearray(found.path.read_bytes())
    data[4:len(data) // 2] = bytes(len(data) // 2 - 4)
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        rows(table(tmp_path, bytes(data), "parquet"))


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'localthink\[parquet\]'"):
        rows(table(tmp_path, b"PAR1", "parquet"))
