"""Several programs use one store at once, and one that is killed loses nothing that it had saved."""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from history.stores import Clock, asked, contents, everything, piece, sql
from localthink.errors import HistoryError
from localthink.history import History, ThoughtSpan, texts
from localthink.history import store as choices

OPEN = """
import sys
from pathlib import Path
from localthink.history import History, Piece, ThoughtSpan

def say(*words):
    print(*words, flush=True)

file = Path(sys.argv[1])
"""
ANSWER_EACH_QUESTION = OPEN + """
with History(file) as store:
    say("open")
    for line in sys.stdin:
        conversation, question = map(int, line.split())
        asked = store.path(conversation)[-1]
        assert asked.id == question
        answer = store.begin_answer(conversation, question, {})
        store.append(answer, [Piece(-1, "to ", 1, 0, 0)])
        store.append(answer, [Piece(-1, asked.content, 1, 0, 0)])
        say(answer)
"""
WRITE_MUCH = OPEN + """
sys.stdin.readline()
name, rounds = sys.argv[2], int(sys.argv[3])
for number in range(rounds):
    with History(file) as store:
        conversation = store.create(name)
        question = store.add_message(conversation, None, "user", f"{name} {number}")
        answer = store.begin_answer(conversation, question, {})
        for part in range(3):
            store.append(answer, [Piece(0, f"{part} ", 1, 0.5, 0.5)])
        store.finish(answer, "done", "0 1 2", [ThoughtSpan(5, 3, 1.5, 1.5)], "stop", {"name": name})
        store.search(name)
        assert name in [found.title for found in store.conversations()]
"""
APPEND_FOR_EVER = OPEN + """
store = History(file)
for number in range(10**9):
    store.append(int(sys.argv[2]), [Piece(0, f"{number} ", 1, 0.5, 0.5), Piece(-1, f"<{number}>", 1, 0.0, 0.0)])
    say(number)
"""
TALK_FOR_EVER = OPEN + """
store = History(file)
conversation = store.create("talk")
parent = None
while True:
    parent = store.add_message(conversation, parent, "user", "question")
    say(parent, "question")
    parent = store.begin_answer(conversation, parent, {})
    say(parent, "")
    for number in (1, 2):
        store.append(parent, [Piece(-1, "word ", 1, 0, 0)])
        say(parent, "word " * number)
    store.finish(parent, "whole", "", (), "stop", {})
    say(parent, "whole")
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "history.sqlite"


@contextmanager
def program(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Another program, which does not outlive the test."""
    with subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_after(lines: int, code: str, *arguments: object) -> list[str]:
    """What a program has said that was killed, in the midst of its work, once it had said so many lines."""
    with program(code, *arguments) as process:
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    assert process.returncode != 0
    return [line.removesuffix("\n") for line in said if line.endswith("\n")]


def test_two_programs_write_in_turn_and_see_each_other(file):
    with History(file) as store, program(ANSWER_EACH_QUESTION, file) as other:
        assert other.stdout.readline() == "open\n"
        conversation, parent = store.create("title"), None
        for number in range(15):
            question = store.add_message(conversation, parent, "user", str(number))
            other.stdin.write(f"{conversation} {question}\n")
            other.stdin.flush()
            parent = int(other.stdout.readline())
            answer = store.path(conversation)[-1]
            assert (answer.id, answer.content, answer.state) == (parent, f"to {number}", "writing")
            store.finish(parent, f"finished {number}", "", (), "stop", {})
        other.stdin.close()
        assert other.wait() == 0
        assert contents(store, conversation) == [
            text for number in range(15) for text in (str(number), f"finished {number}")]
    assert everything(file)


def test_programs_that_open_and_write_all_at_once_lose_nothing(file):
    with program(WRITE_MUCH, file, "left", 12) as left, program(WRITE_MUCH, file, "right", 12) as right:
        for process in (left, right):
            process.stdin.write("go\n")
            process.stdin.close()
        assert (left.wait(), right.wait()) == (0, 0)
    with History(file) as store:
        for name in ("left", "right"):
            mine = [found for found in store.conversations() if found.title == name]
            texts = [contents(store, found.id) for found in mine]
            assert sorted(texts) == sorted([f"{name} {number}", "done"] for number in range(12))
    assert everything(file)[2] == []


def test_a_reader_sees_one_moment_while_another_program_finishes_an_answer(file, monkeypatch):
    with History(file) as store, History(file) as other:
        conversation, question = asked(store)
        answer = store.begin_answer(conversation, question, {})
        store.append(answer, [piece("half")])

        def finish_first(connection, message):
            other.finish(answer, "whole", "", (), "stop", {})
            return read_pieces(connection, message)

        read_pieces = texts.read_pieces
        monkeypatch.setattr(texts, "read_pieces", finish_first)
        assert (store.path(conversation)[-1].content, store.path(conversation)[-1].content) == ("half", "whole")


def test_a_change_that_looks_first_cannot_be_overtaken(file, monkeypatch):
    with History(file) as store, History(file, lock_seconds=0.01) as other:
        conversation, question = asked(store)
        overtaken, place = [], choices._place

        def write_first(connection, message):
            with pytest.raises(HistoryError, match="locked"):
                other.rename(conversation, "overtaken")
            overtaken.append(message)
            return place(connection, message)

        monkeypatch.setattr(choices, "_place", write_first)
        store.choose(question)
        assert overtaken == [question]
        other.rename(conversation, "in its turn")
        assert store.latest().title == "in its turn"


@pytest.mark.parametrize("lines", [1, 2, 40, 400])
def test_a_program_that_is_killed_while_it_appends_loses_nothing_that_it_had_saved(file, lines):
    clock = Clock(2e9)
    with History(file) as store:
        conversation, question = asked(store)
        answer = store.begin_answer(conversation, question, {"seed": 1})
    saved = len(killed_after(lines, APPEND_FOR_EVER, file, answer))
    assert saved >= lines
    for _ in range(2):  # as it was left, and as it was gathered when it was opened an hour later
        with History(file, clock) as store:
            message = store.path(conversation)[-1]
            assert message.state == "interrupted"
            kept = message.thoughts[0].tokens
            assert kept in (saved, saved + 1)  # it may have been killed before it could say so
            assert message.thinking == "".join(f"{number} " for number in range(kept))
            assert message.content == "".join(f"<{number}>" for number in range(kept))
            assert message.thoughts == (ThoughtSpan(len(message.thinking), kept, kept * 0.5, kept * 0.5),)
            assert store.search("399" if kept > 399 else "0")
    assert everything(file)[2] == []


@pytest.mark.parametrize("lines", range(1, 30, 4))
def test_a_program_that_is_killed_at_any_moment_leaves_whole_messages(file, lines):
    said = killed_after(lines, TALK_FOR_EVER, file)
    last: dict[int, str] = {}
    for line in said:
        message, _, text = line.partition(" ")
        last[int(message)] = text
    with History(file) as store:
        conversation, = store.conversations()
        kept = {message.id: message for message in store.path(conversation.id)}
        assert len(kept) - len(last) in (0, 1)
        following = {"question": {"question"}, "": {"", "word "}, "word ": {"word ", "word word "},
                     "word word ": {"word word ", "whole"}, "whole": {"whole"}}
        for message, text in last.items():
            assert kept[message].content in (following[text] if message == max(last) else {text})
            assert (kept[message].state == "stop") == (kept[message].content in ("question", "whole"))
        question = store.add_message(conversation.id, max(kept), "user", "it goes on")
        assert store.path(conversation.id)[-1].id == question
    assert everything(file)


def test_a_program_that_is_killed_before_it_has_made_the_tables_leaves_a_store_that_opens(file):
    code = OPEN + ("from localthink.history import database\n"
                   "def stop(*_):\n    say('half way')\n    sys.stdin.read()\n"
                   "database.migrate = stop\nHistory(file)\n")
    killed_after(1, code, file)
    assert file.exists()
    assert sql(file, "SELECT * FROM sqlite_master") == []
    with History(file) as store:
        asked(store)
        assert len(store.conversations()) == 1
