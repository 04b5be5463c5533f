"""One line of input, understood: what is asked, under which id and settings, and what is carried along.

The plain form is an object with one of `prompt`, `messages`, `question` and `problem` (or the last two, if they
are the same), an `id` if there is one, and the settings in which it differs from the command; OpenAI's is in
`openai_form`. Below a question or a problem follow its `options` or `choices`, which are carried as well.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localthink.batch.messages import digest, read_messages, with_appended
from localthink.batch.openai_form import is_openai, unpack
from localthink.batch.settings import LINE_SETTINGS, Settings
from localthink.errors import UsageError
from localthink.grade.options import with_options
from localthink.records import Message
from localthink.text.values import check_text, check_unicode, quoted

FIRST, SECOND = ("prompt", "messages"), ("question", "problem")  # where there is one of FIRST, SECOND is only carried
ASKING = (*FIRST, *SECOND)
EXACT = 2**53  # from here on several whole numbers are the same float


@dataclass(frozen=True, slots=True)
class Item:
    """What one line asks.

    `id` is unique within a run: the line's own, as text, or else `content`, which is the digest of the
    messages alone. `own_id` is the line's own, a text or a whole number, or None; 1, 1.0 and "1" are one id.
    `carried` are the fields that mean nothing here, in their order, to go with the results.
    """

    line: int  # from 1
    id: str
    own_id: Any
    messages: tuple[Message, ...]  # a raw prompt is one message of the user
    settings: Settings
    content: str
    carried: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that asks nothing that can be answered, why in one line, and its own id as far as it has one."""

    line: int
    reason: str
    id: Any = None


def read_item(row: object, line: int, defaults: Settings, append: str = "") -> Item | BadLine:
    """What a line asks. `row` is its JSON value, `append` goes below its last message; nothing is raised."""
    if not isinstance(row, dict):
        return BadLine(line, f"the line is {quoted(row)}: give an object with one of {', '.join(ASKING)}")
    try:
        return _item(row, line, defaults, append)
    except UsageError as error:
        return BadLine(line, str(error), _readable_id(row))


def _item(row: Mapping[str, Any], line: int, defaults: Settings, append: str) -> Item:
    fields, carried = unpack(row) if is_openai(row) else _sorted_out(row)
    own_id = _own_id(fields.get("id"))
    messages = with_appended(_messages(fields, defaults.raw), append)
    settings = defaults.overridden(fields)
    content = digest(messages)
    return Item(line, content if own_id is None else str(own_id), own_id, messages, settings, content, carried)


def _sorted_out(row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A plain line's fields that are understood, and those that are carried."""
    first, second = ([name for name in names if row.get(name) is not None] for names in (FIRST, SECOND))
    asked = first or second
    if not asked:
        raise UsageError(f"nothing is asked: give one of {', '.join(ASKING)}")
    if len(asked) > 1 and (first or row[asked[0]] != row[asked[1]]):
        raise UsageError(f"both {asked[0]} and {asked[1]} are given" + ("" if first else ", and they differ")
                         + ": give one of them")
    understood = {"id", *FIRST, *asked, *LINE_SETTINGS}
    fields = {name: value for name, value in row.items() if name in understood}
    if not first and isinstance(text := fields[asked[0]], str) and text.strip():
        fields[asked[0]] = with_options(text, row)
    return fields, {name: value for name, value in row.items() if name not in understood}


def _messages(fields: Mapping[str, Any], raw: bool) -> tuple[Message, ...]:
    asked = next(name for name in ASKING if fields.get(name) is not None)
    if asked != "messages":
        return (Message("user", check_text(fields[asked], asked)),)
    if raw:
        raise UsageError("messages cannot be continued without the chat template: give a prompt, or leave out --raw")
    return read_messages(fields[asked])


def _own_id(value: object) -> str | int | None:
    whole = _whole(value)
    if value is None or whole is not None:
        return whole
    if not isinstance(value, str) or not value:
        raise UsageError(f"id is {quoted(value)}: give a text or a whole number, or leave it out")
    return check_unicode(value, "id")


def _readable_id(row: Mapping[str, Any]) -> str | int | None:
    own = (value if isinstance(value, str) else _whole(value) for value in map(row.get, ("custom_id", "id")))
    return next((value for value in own if value is not None), None)


def _whole(value: object) -> int | None:
    """1.0 is a whole number too: tables often keep every number as a float."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
