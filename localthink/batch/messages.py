"""The conversation that a line of input asks to be continued, and the digest that names it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from localthink.errors import UsageError
from localthink.prompt.messages import without_thinking
from localthink.records import Message, Role
from localthink.text.values import check_text, check_unicode, json_sha256, quoted

ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
FIELDS = ("role", "content")
REASONING = ("reasoning_content", "reasoning")  # what servers call the thinking of an earlier turn, which is dropped
SILENT: tuple[object, ...] = (None, "", [], {})  # values of any other field that say nothing
DIGITS = 32  # of a digest


def read_messages(value: object) -> tuple[Message, ...]:
    """The messages of a JSON list, the last of which is the user's. Raises UsageError for anything else.

    An assistant's lose the block of thinking that they may begin with.
    """
    if not isinstance(value, list):
        raise UsageError(f"messages is {quoted(value)}: give a list of messages, each with a role and a content")
    if not value:
        raise UsageError("messages is an empty list: give at least one message")
    every = (_message(one, f"message {position}") for position, one in enumerate(value, 1))
    messages = tuple(message for message in every if message.content or message.role != "system")
    if not messages:
        raise UsageError("messages has only an empty system message: give one from the user")
    if messages[-1].role != "user":
        raise UsageError(f"the last message is from the {messages[-1].role}: end with one from the user, "
                         "for an answer cannot be begun by somebody else")
    return tuple(without_thinking(messages))


def with_appended(messages: Sequence[Message], text: str) -> tuple[Message, ...]:
    """The messages with a text after the last, which is the user's, and after a blank line."""
    if not text:
        return tuple(messages)
    *before, last = messages
    return (*before, replace(last, content=f"{last.content}\n\n{check_unicode(text, 'the appended text')}"))


def digest(messages: Sequence[Message]) -> str:
    """32 hexadecimal digits that are the same exactly where the messages are."""
    return json_sha256([asdict(message) for message in messages])[:DIGITS]


def _message(value: object, what: str) -> Message:
    if not isinstance(value, dict):
        raise UsageError(f"{what} is {quoted(value)}: give an object with a role and a content")
    role = value.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise UsageError(f"{what} has the role {quoted(role)}: give one of {', '.join(ROLES)}")
    known = (*FIELDS, *REASONING) if role == "assistant" else FIELDS
    unknown = [field for field, held in value.items() if held not in SILENT and field not in known]
    if unknown:
        raise UsageError(f"{what} has the unknown field {quoted(unknown[0])}, which is {quoted(value[unknown[0]])}: "
                         "a message has a role and a content")
    return Message(ROLES[role], _said(_content(value.get("content"), what), ROLES[role], f"the content of {what}"))


def _said(content: object, role: Role, what: str) -> str:
    """A content as a text. Only the user has to say something: an answer is empty, or null, that was cut off while it
    was thought about, and so is a system message that a form left blank.
    """
    if role != "user" and (content is None or (isinstance(content, str) and not content.strip())):
        return ""
    return check_text(content, what)


def _content(value: object, what: str) -> object:
    """A list of texts becomes one text, a line each, as in vLLM."""
    return "\n".join(_part(part, what) for part in value) if isinstance(value, list) else value


def _part(value: object, what: str) -> str:
    if not isinstance(value, dict) or value.get("type") != "text" or not isinstance(value.get("text"), str):
        kind = value.get("type") if isinstance(value, dict) else value
        raise UsageError(f'{what} has a part that is {quoted(kind)}: give only {{"type": "text", "text": "…"}}')
    text: str = value["text"]
    return text
