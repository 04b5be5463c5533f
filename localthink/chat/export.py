"""A conversation as a file of its own: Markdown to read, JSON with everything that was kept."""
from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localthink.chat.code_blocks import open_fence
from localthink.chat.session import Session
from localthink.chat.steering import switches_held
from localthink.chat.transcript import Entry
from localthink.chat.turn import Turn, stored_turn
from localthink.errors import UsageError
from localthink.history import Conversation, StoredMessage
from localthink.text.announcements import EARLY_ENDS
from localthink.text.sizes import counted
from localthink.text.visible import shown, shown_name

KINDS = ("md", "json")
NAME_BYTES = 100  # of a file name, in UTF-8: some systems hold no more than 143, and a number and a suffix follow
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin|conout)$")  # devices on Windows, whatever their suffix
HTML = re.compile(r"<(?=[A-Za-z/!?])")  # what could begin a tag
MARKUP = re.compile(r"([\\`*_\[\]])")
LINE_END = re.compile(r"\r\n?|\n")  # as Markdown counts lines: what follows one would not be quoted
WISHES = {"answer": ", asked to answer", "think": ", asked to think on"}


def export_session(session: Session, kind: str, folder: Path) -> Path:
    """Write a session's conversation into a new file in `folder`: "md" what is seen, "json" all of its branches.

    Raises UsageError, or HistoryError where the store cannot be read.
    """
    transcript = session.transcript
    if kind not in KINDS:
        raise UsageError(f"{shown(kind)} is no kind of file: it is {' or '.join(KINDS)}")
    if not transcript.entries:
        raise UsageError("there is nothing to export yet: ask something first")
    if kind == "md":
        return write_export(as_markdown(transcript.title, transcript.entries), folder, transcript.title, ".md")
    found, messages = None, unsaved_messages(transcript.entries)
    if transcript.history is not None and transcript.conversation is not None and transcript.complete:
        found = transcript.history.conversation(transcript.conversation)
        messages = transcript.history.messages(transcript.conversation) or messages
    value = as_object(found or Conversation(0, transcript.title, 0, 0, 0), messages)
    return write_export(json.dumps(value, ensure_ascii=False, indent=2) + "\n", folder, transcript.title, ".json")


def as_markdown(title: str, entries: Sequence[Entry]) -> str:
    """What a person sees, to be read: questions and thinking quoted, answers as they are, figures below them."""
    parts = [f"# {_plain(' '.join(title.split())) or 'Conversation'}"]
    for entry in entries:
        if entry.turn is None:
            parts += ["## Question", _quoted(entry.content)]
        else:
            parts += ["## Answer", *_thinking(entry.turn), *_answer(entry.turn.answer), _figures(entry, entry.turn)]
    return "\n\n".join(parts) + "\n"


def _thinking(turn: Turn) -> list[str]:
    if not turn.thoughts:
        return []
    parts = [f"<details>\n<summary>Thinking: {counted(len(turn.thoughts), 'thought')}, "
             f"{counted(turn.thinking_tokens, 'token')}</summary>"]
    for thought in turn.thoughts:
        figures = [counted(thought.tokens, "token"), f"{thought.seconds:.1f} s", switches_held(thought.held)]
        parts += [f"**Thought {thought.index + 1}** · {' · '.join(figures)}", _quoted(thought.text)]
    return [*parts, "</details>"]


def _answer(text: str) -> list[str]:
    if not text.strip():
        return []
    fence = open_fence(text)  # of an answer that was cut off: what follows is not code
    return [f"{text}\n{fence}" if fence else text]


def _figures(entry: Entry, turn: Turn) -> str:
    parts = [" ".join(filter(None, (entry.details.get("model"), entry.details.get("quantization")))),
             f"seed {turn.seed}", *_penalties(entry, turn), counted(turn.tokens, "token"),
             switches_held(turn.held)]
    if turn.state != "stop":
        parts.append({**EARLY_ENDS, "writing": "still being written", "length": "cut off at the most tokens",
                      "cancelled": "stopped"}.get(turn.state, "interrupted"))
    if entry.place[1] > 1:
        parts.append(f"answer {entry.place[0]} of {entry.place[1]}")
    return f"*{' · '.join(_plain(part) for part in parts if part)}*"


def _penalties(entry: Entry, turn: Turn) -> list[str]:
    """The penalty that it began with, and what was turned on its way."""
    settings = entry.details.get("settings", {})
    begun = _penalty(settings.get("alpha", turn.alpha), settings.get("beta", turn.beta))
    return [begun, *(f"from token {step['position']} on {_penalty(step['alpha'], step['beta'])}"
                     f"{WISHES.get(step['wish'], '')}"
                     for step in entry.details.get("statistics", {}).get("steered", ()))]


def _penalty(alpha: float | str, beta: float | str) -> str:
    """Either may be "inf", as JSON has it."""
    return f"α {float(alpha):g}, β {float(beta):g}"


def _quoted(text: str) -> str:
    """Text as a quotation of its own: whatever it opens ends with it, and none of it is a tag."""
    return "\n".join(f"> {line}".rstrip() for line in LINE_END.split(HTML.sub("&lt;", text.strip())))


def _plain(text: str) -> str:
    """Text in a line of ours, as it is: none of it is a tag or markup."""
    return MARKUP.sub(r"\\\1", HTML.sub("&lt;", text))


def as_object(conversation: Conversation, messages: Sequence[StoredMessage]) -> dict[str, Any]:
    """All of a conversation, with every branch: times in UTC, offsets in characters, None for what is not known."""
    return {"format": "localthink conversation", "version": 1, "id": conversation.id or None,
            "title": conversation.title, "created": _time(conversation.created), "updated": _time(conversation.updated),
            "messages": [_message(message) for message in messages]}


def _message(message: StoredMessage) -> dict[str, Any]:
    value = {"id": message.id, "parent": message.parent, "role": message.role, "created": _time(message.created),
             "content": message.content}
    if message.role != "assistant":
        return value
    thoughts = [{"index": thought.index, "tokens": thought.tokens, "held": thought.held, "seconds": thought.seconds,
                 "held_at": thought.ticks, "text": thought.text} for thought in stored_turn(message).thoughts]
    ids = {"token_ids": list(message.token_ids)} if message.token_ids else {}
    return {**value, "state": message.state, "thinking": message.thinking, "thoughts": thoughts, **message.details,
            **ids}


def _time(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None


def unsaved_messages(entries: Sequence[Entry]) -> list[StoredMessage]:
    """The path as messages, numbered from 1, where there is no store that has them."""
    messages = []
    for number, entry in enumerate(entries, 1):
        message = StoredMessage(number, 0, number - 1 or None, entry.role, entry.content, "", (), "stop", 0.0,
                                entry.details)
        if (turn := entry.turn) is not None:
            message = replace(message, content=turn.answer, thinking=turn.thinking, thoughts=turn.spans(),
                              state=turn.state, token_ids=turn.kept_ids)
        messages.append(message)
    return messages


def file_name(title: str) -> str:
    """The title as a name that every file system takes: letters, digits and hyphens, in lower case."""
    letters = (letter if unicodedata.category(letter)[0] in "LNM" else " "
               for letter in unicodedata.normalize("NFKC", title).lower())
    name = "-".join("".join(letters).split())
    while len(name.encode()) > NAME_BYTES:
        name = name[:-1]
    name = unicodedata.normalize("NFC", name).strip("-")
    return f"conversation-{name}".rstrip("-") if not name or RESERVED.match(name) else name


def write_export(text: str, folder: Path, title: str, suffix: str) -> Path:
    """Write into a new file that is called after the title; none is ever overwritten. Raises UsageError."""
    name, number = file_name(title), 1
    while True:
        path = folder / f"{name}{f'-{number}' if number > 1 else ''}{suffix}"
        try:
            _create(path, text.encode("utf-8", "replace"))
            return path
        except FileExistsError:
            number += 1
        except (OSError, ValueError) as error:  # ValueError: a folder that no system can name
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise UsageError(f"{shown_name(path)} cannot be written: {reason}: name another folder") from None


def _create(path: Path, content: bytes) -> None:
    file = path.open("xb")
    try:
        with file:
            file.write(content)
    except OSError:  # the disk is full: half a file is worse than none
        path.unlink(missing_ok=True)
        raise
