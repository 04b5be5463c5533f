"""Thinking is found in the shapes in which people publish traces."""
from __future__ import annotations

import json

import pytest

from trace_files import read_traces, thinking_of


def read(tmp_path, content: str | bytes, name: str = "traces.jsonl"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_traces(path)


def thoughts(reading) -> list[tuple[int, str]]:
    return [(trace.row, trace.thinking) for trace in reading.traces]


@pytest.mark.parametrize(("text", "thinking"), [
    ("<think>Add.</think>It is 5.", "Add."),
    ("Add.</think>It is 5.", "Add."),  # the opening tag stood in the prompt
    ("<think>Add, and", "Add, and"),  # cut off
    ("Add, and", "Add, and"),
    ("<｜User｜>2 + 3?<｜Assistant｜><think>\nAdd.\n</think>", "\nAdd.\n"),
    ("<|User|>2 + 3?<|Assistant|><think>Add.", "Add."),
    ('["deduction"] Add. ["end-section"]\n["adding-knowledge"] Sums commute. ["end-section"]', "Add. \nSums commute. "),
    ("<think></think>It is 5.", ""),
])
def test_thinking_is_what_stands_in_the_block(text, thinking):
    assert thinking_of(text) == thinking


@pytest.mark.parametrize("row", [
    {"response": "Add.</think>5"},
    {"thinking_process": "Add.", "response": "5"},
    {"reasoning_content": "Add.", "text": "5"},
    {"annotated": '["deduction"] Add.["end-section"]'},
    {"thinking": "", "response": "<think>Add.</think>5"},
    {"messages": [{"role": "user", "content": "2 + 3?"}, {"role": "assistant", "content": "<think>Add.</think>5"}]},
    {"messages": [{"role": "assistant", "content": "5", "reasoning_content": "Add."}]},
    {"messages": "<|User|>2 + 3?<|Assistant|><think>Add.</think>5"},
    {"completion": ["Add.</think>5", "Guess.</think>5"]},
    "Add.",
])
def test_a_row_keeps_its_thinking_under_one_of_several_names(tmp_path, row):
    assert thoughts(read(tmp_path, json.dumps(row))) == [(0, "Add.")]


@pytest.mark.parametrize("content", [
    '[{"response": "One."}, {"response": "Two."}]',
    '{"rows": [{"response": "One."}, {"response": "Two."}], "judge": "none"}',
    '{"response": "One."}\n{"response": "Two."}\n',
    '\ufeff{"response": "One."}\r\n\r\n{"response": "Two."}',
])
def test_lines_a_list_and_an_object_of_lists_are_read_alike(tmp_path, content):
    assert thoughts(read(tmp_path, content)) == [(0, "One."), (1, "Two.")]


def test_what_was_read_and_what_was_not_is_told(tmp_path):
    reading = read(tmp_path, '{"response": "One."}\n{broken\n{"question": "2 + 3?"}\n17\n{"thinking": "Two."}\n')
    assert thoughts(reading) == [(0, "One."), (4, "Two.")]  # rows keep their numbers
    assert str(reading) == ("traces.jsonl: 2 traces (1 from `response`, 1 from `thinking`); 2 rows without thinking; "
                            "1 line that is no JSON")


def test_bytes_that_are_no_utf8_do_not_stop_the_reading(tmp_path):
    (trace,) = read(tmp_path, b'{"response": "A \xff b."}').traces
    assert trace.thinking == "A � b."
