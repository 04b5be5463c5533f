"""The commands about conversations: new ones, kept ones, and files of them."""
from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from localthink.chat.export import KINDS, export_session
from localthink.chat.transcript import Entry
from localthink.errors import UsageError
from localthink.history import Conversation, History, Hit
from localthink.plain.answer import figures
from localthink.plain.talk import Talk
from localthink.text.page import DIM
from localthink.text.sizes import counted
from localthink.text.visible import shown, shown_name

LISTED = 20


def nothing_to_paste(chat: Talk, rest: str) -> None:
    raise UsageError("/paste stands alone on its line: the text follows, and then a line that is a single dot")


def new(chat: Talk, rest: str) -> None:
    """A new conversation; a question that did not fit is asked there."""
    text = chat.session.give_up()
    chat.session.new()
    chat.voice.say("a new conversation")
    if text:
        chat.ask(partial(chat.session.send, text))


def list_latest(chat: Talk, rest: str) -> None:
    count = number(rest, "the number of conversations") if rest else LISTED
    found = _history(chat).conversations(limit=count)
    chat.voice.say("\n".join(map(_line, found)) or "there is no conversation yet")


def search(chat: Talk, rest: str) -> None:
    if not rest:
        raise UsageError("there is nothing to search for: give some words")
    found: dict[int, list[Hit]] = {}
    for hit in _history(chat).search(rest):
        found.setdefault(hit.conversation, []).append(hit)
    chat.voice.say("\n".join(
        f"{first.conversation}  {one_line(first.title)}: {one_line(first.excerpt)}"
        + (f" (and {len(more):,} more)" if more else "") for first, *more in found.values()) or "nothing is found")


def open_conversation(chat: Talk, rest: str) -> None:
    _history(chat)
    conversation = number(rest, "a conversation")
    session = chat.session
    session.open(conversation)
    questions = sum(entry.turn is None for entry in session.entries)
    chat.voice.say(f"{one_line(session.transcript.title)}: {counted(questions, 'question')}", "1")
    show_again(chat, session.entries[-2:])


def open_latest(chat: Talk) -> None:
    latest = _history(chat).latest()
    if latest is None:
        chat.voice.say("there is no conversation yet: this is the first")
    else:
        open_conversation(chat, str(latest.id))


def show_again(chat: Talk, entries: Sequence[Entry]) -> None:
    """What was said before, without its thinking."""
    for entry in entries:
        place, count = entry.place
        which = f"({place} of {count}) " if count > 1 else ""
        if entry.turn is None:
            chat.voice.say(f"> {which}{entry.content}")
        else:
            sheet = chat.voice.side_sheet()
            sheet.answer(which + entry.turn.answer)
            sheet.end()
            chat.voice.say(figures(entry.turn, 0), DIM)


def rename(chat: Talk, rest: str) -> None:
    if not rest:
        raise UsageError("the title is empty: give one")
    chat.session.transcript.rename(one_line(rest))
    chat.voice.say(f"this conversation is called: {one_line(rest)}")


def delete(chat: Talk, rest: str) -> None:
    history = _history(chat)
    conversation = number(rest, "a conversation")
    found = history.conversation(conversation)
    if found is None:
        raise UsageError(f"there is no conversation {conversation}: /list shows those there are")
    if conversation == chat.session.transcript.conversation:
        chat.session.new()
    history.delete(conversation)
    chat.deleted.append(conversation)
    chat.voice.say(f"deleted: {one_line(found.title)}; /undo brings it back")


def undo(chat: Talk, rest: str) -> None:
    history = _history(chat)
    if not chat.deleted:
        raise UsageError("nothing was deleted since this began: there is nothing to bring back")
    history.restore(chat.deleted[-1])
    chat.voice.say(f"back again: conversation {chat.deleted.pop()}")


def export(chat: Talk, rest: str) -> None:
    kind, _, folder = rest.partition(" ")
    if kind.lower() not in KINDS:
        kind, folder = KINDS[0], rest
    path = export_session(chat.session, kind.lower(), _folder(folder.strip().strip("\"'")))
    chat.voice.say(f"written: {shown_name(path)}")


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # of a person that this system does not know
        raise UsageError(f"{shown(text)} is no folder: {error}") from None


def _history(chat: Talk) -> History:
    history = chat.session.transcript.history
    if history is None:
        raise UsageError("nothing is kept here: this chat was started with --no-history")
    return history


def _line(conversation: Conversation) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(conversation.updated))
    return f"{conversation.id}  {one_line(conversation.title)} · {counted(conversation.turns, 'question')} · {when}"


def one_line(text: str) -> str:
    return " ".join(text.split())


def number(text: str, what: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 9 or int(text) < 1:
        raise UsageError(f"{shown(text)} is not {what}: give a whole number from 1")
    return int(text)
