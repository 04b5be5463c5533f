"""Traces that people publish: the thinking in files of several shapes.

Knows what such rows call their fields and how a text marks its thinking. Knows nothing of tokens or markers.
"""
from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Where a row keeps what the model wrote, the thinking on its own first.
FIELDS = ("thinking", "thinking_process", "reasoning", "reasoning_content", "response", "completion", "output",
          "generation", "messages", "annotated", "text")
ASSISTANT = re.compile(r"<[｜|](?:Assistant|assistant)[｜|]>")
BROKEN = object()
LABEL = re.compile(r'\["[\w-]+"\] ?')  # how annotated text marks its sections


@dataclass(frozen=True)
class Written:
    """The thinking of one row, which counts from 0."""

    file: str
    row: int
    thinking: str


@dataclass
class Reading:
    """What was found in a file: its traces, and what of it was read or was not."""

    file: str
    traces: list[Written] = field(default_factory=list)
    fields: Counter[str] = field(default_factory=Counter)
    empty: int = 0  # rows without a text in any of FIELDS
    broken: int = 0  # lines that are no JSON

    def __str__(self) -> str:
        fields = ", ".join(f"{count} from `{name}`" for name, count in self.fields.most_common())
        told = [f"{self.file}: {len(self.traces)} traces ({fields or 'none'})"]
        if self.empty:
            told.append(f"{self.empty} rows without thinking")
        if self.broken:
            told.append("1 line that is no JSON" if self.broken == 1 else f"{self.broken} lines that are no JSON")
        return "; ".join(told)


def read_traces(path: Path) -> Reading:
    """The traces of JSON lines, or of one JSON list or object of lists. Raises OSError where there is no such file."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    reading = Reading(path.name)
    for number, row in enumerate(_rows(text, reading)):
        name, thinking = _thinking(row)
        if thinking.strip():
            reading.fields[name] += 1
            reading.traces.append(Written(path.stem, number, thinking))
        elif row is not BROKEN:
            reading.empty += 1
    return reading


def _rows(text: str, reading: Reading) -> Iterator[Any]:
    try:
        whole = json.loads(text)
    except ValueError:
        yield from _lines(text, reading)
        return
    if isinstance(whole, dict):
        rows = [row for value in whole.values() if isinstance(value, list) for row in value if isinstance(row, dict)]
        yield from [whole] if _thinking(whole)[0] or not rows else rows
    else:
        yield from whole if isinstance(whole, list) else [whole]


def _lines(text: str, reading: Reading) -> Iterator[Any]:
    for line in text.split("\n"):  # not splitlines: JSON may hold U+2028
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError:
                reading.broken += 1
                yield BROKEN  # rows keep their numbers


def _thinking(row: Any) -> tuple[str, str]:
    """The field that a row's thinking was found in, and the thinking."""
    if isinstance(row, str):
        return "text", thinking_of(row)
    for name in FIELDS if isinstance(row, dict) else ():
        thinking = thinking_of(_text(row.get(name)))
        if thinking.strip():
            return name, thinking
    return "", ""


def _text(value: Any) -> str:
    """A field's text; of a conversation what the assistant said last."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    if value and all(isinstance(part, str) for part in value):
        return str(value[0])
    said = [message for message in value if isinstance(message, dict) and message.get("role") == "assistant"]
    return _text(said[-1].get("reasoning_content") or said[-1].get("content")) if said else ""


def thinking_of(text: str) -> str:
    """What stands in a text's block, which may have been cut off, or have been opened by the prompt."""
    text = ASSISTANT.split(text)[-1]
    text = text.partition("<think>")[2] if "<think>" in text else text
    return LABEL.sub("", text.partition("</think>")[0])
