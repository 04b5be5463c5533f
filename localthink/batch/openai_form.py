"""Lines in the form of OpenAI's batch files: a custom_id, and the body of a request.

Of the body's fields, `messages` and the settings count (`max_completion_tokens` is `max_tokens`), with
localthink's own settings beside OpenAI's. Accepted without effect are `model`, `user` and `metadata`,
which are carried through, and a `stream` that is false. Any other field would change the answer there
and not here, and is refused; null is not given.

Format: https://platform.openai.com/docs/guides/batch
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localthink.batch.line_settings import SETTINGS, whole
from localthink.batch.values import quoted
from localthink.errors import UsageError

URL = "/v1/chat/completions"
ENVELOPE = ("custom_id", "method", "url", "body")
CARRIED = ("model", "user", "metadata")
LIMIT, NEW_LIMIT = "max_tokens", "max_completion_tokens"
KNOWN = ("messages", *SETTINGS, NEW_LIMIT, *CARRIED, "stream")


def is_openai(row: Mapping[str, object]) -> bool:
    return "custom_id" in row or "body" in row


def unpack(row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The line in the plain form (`id`, `messages`, settings), and what it carries. Raises UsageError."""
    body = _checked_body(row)
    asked = {name: value for name, value in body.items() if name in ("messages", *SETTINGS)}
    others = {name: value for name, value in row.items() if name not in ENVELOPE}
    carried = {name: body[name] for name in CARRIED if body.get(name) is not None}
    return {"id": row["custom_id"], **asked, LIMIT: _limit(body)}, {**others, **carried}


def _checked_body(row: Mapping[str, Any]) -> Mapping[str, Any]:
    own_id, method, url, body = (row.get(name) for name in ENVELOPE)
    if not isinstance(own_id, str) or not own_id:
        raise UsageError(f"custom_id is {quoted(own_id)}: give a text, as the line has the form of OpenAI's batches")
    if method not in (None, "POST"):
        raise UsageError(f'method is {quoted(method)}: give "POST", or leave it out')
    if url not in (None, URL):
        raise UsageError(f'url is {quoted(url)}: only "{URL}" is understood')
    if not isinstance(body, dict):
        raise UsageError(f"body is {quoted(body)}: give an object with messages")
    if body.get("messages") is None:
        raise UsageError("body has no messages: give at least one message")
    if body.get("stream") not in (None, False):
        raise UsageError(f"stream is {quoted(body['stream'])}: leave it out, for a batch is not streamed")
    unknown = [name for name, value in body.items() if value is not None and name not in KNOWN]
    if unknown:
        raise UsageError(f"body has the unknown field {quoted(unknown[0])}: leave it out; known are {', '.join(KNOWN)}")
    return body


def _limit(body: Mapping[str, Any]) -> int | None:
    """The most tokens, which has an old and a new name."""
    given = {name: whole(name, body[name]) for name in (LIMIT, NEW_LIMIT) if body.get(name) is not None}
    if len(set(given.values())) > 1:
        raise UsageError(f"{LIMIT} is {given[LIMIT]} and {NEW_LIMIT} is {given[NEW_LIMIT]}: give one of them")
    return next(iter(given.values()), None)
