"""Lines in the form of OpenAI's batch files: a custom_id, and the body of a request.

Of the body's fields, `messages` and the settings count (`max_completion_tokens` is `max_tokens`), with
localthink's own settings beside OpenAI's. What says nothing about the answer is carried through. A field
that would change the answer there and not here may stand with the values that change nothing, and is
refused with any other; null, and an empty list, object or text, is not given.

Format: https://platform.openai.com/docs/guides/batch
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localthink.batch.messages import SILENT
from localthink.batch.settings import LINE_SETTINGS
from localthink.errors import UsageError
from localthink.generation import whole
from localthink.text.values import quoted

URL = "/v1/chat/completions"
ENVELOPE = ("custom_id", "method", "url", "body")
CARRIED = ("model", "user", "metadata", "service_tier", "safety_identifier", "prompt_cache_key")
NEUTRAL: Mapping[str, tuple[object, ...]] = {  # by field: the values that mean what leaving it out means
    "stream": (False,), "store": (False,), "logprobs": (False,), "top_logprobs": (0,),
    "presence_penalty": (0,), "frequency_penalty": (0,), "repetition_penalty": (1,),
    "reasoning_effort": ("medium",), "verbosity": ("medium",),
    "response_format": ({"type": "text"},), "modalities": (["text"],),
    # tools themselves are refused, unless there are none to choose from
    "tool_choice": ("none", "auto"), "function_call": ("none", "auto"), "parallel_tool_calls": (False, True),
}
LIMIT, NEW_LIMIT = "max_tokens", "max_completion_tokens"
KNOWN = ("messages", *LINE_SETTINGS, NEW_LIMIT, *CARRIED)


def is_openai(row: Mapping[str, object]) -> bool:
    return "custom_id" in row or "body" in row


def unpack(row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The line in the plain form (`id`, `messages`, settings), and what it carries. Raises UsageError."""
    body = _checked_body(row)
    asked = {name: value for name, value in body.items() if name in ("messages", *LINE_SETTINGS)}
    others = {name: value for name, value in row.items() if name not in ENVELOPE}
    carried = {name: body[name] for name in CARRIED if body.get(name) is not None}
    return {"id": row["custom_id"], **asked, LIMIT: _limit(body)}, {**others, **carried}


def _checked_body(row: Mapping[str, Any]) -> Mapping[str, Any]:
    own_id, method, url, body = (row.get(name) for name in ENVELOPE)
    if not isinstance(own_id, str) or not own_id:
        raise UsageError(f"custom_id is {quoted(own_id)}: give a text, as the line has the form of OpenAI's batches")
    if method is not None and str(method).upper() != "POST":
        raise UsageError(f'method is {quoted(method)}: give "POST", or leave it out')
    if url is not None and f"/{str(url).lstrip('/')}" != URL:
        raise UsageError(f'url is {quoted(url)}: only "{URL}" is understood')
    if not isinstance(body, dict):
        raise UsageError(f"body is {quoted(body)}: give an object with messages")
    if body.get("messages") is None:
        raise UsageError("body has no messages: give at least one message")
    for name, value in body.items():
        if name not in KNOWN and value not in (*SILENT, *NEUTRAL.get(name, ())):
            raise UsageError(_no_such_setting(name, value))
    return body


def _no_such_setting(name: str, value: object) -> str:
    if name in NEUTRAL:
        return f"{name} is {quoted(value)}, which would change the answer there and not here: leave it out"
    return (f"body has the unknown field {quoted(name)}, which is {quoted(value)}: leave it out; known are "
            f"{', '.join(KNOWN)}")


def _limit(body: Mapping[str, Any]) -> int | None:
    """The most tokens, which has an old and a new name."""
    given = {name: whole(name, body[name]) for name in (LIMIT, NEW_LIMIT) if body.get(name) is not None}
    if len(set(given.values())) > 1:
        raise UsageError(f"{LIMIT} is {given[LIMIT]} and {NEW_LIMIT} is {given[NEW_LIMIT]}: give one of them")
    return next(iter(given.values()), None)
