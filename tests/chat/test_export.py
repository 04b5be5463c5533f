"""Exports: nothing in a text breaks out of its place, names are safe everywhere, and no file is ever overwritten."""
from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.scripted import TAGGED
from localthink.chat.export import (
    NAME_BYTES,
    as_markdown,
    as_object,
    export_session,
    file_name,
    unsaved_messages,
    write_export,
)
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.chat.transcript import Entry
from localthink.chat.turn import Turn
from localthink.errors import UsageError
from localthink.history import Conversation, History, ThoughtSpan
from localthink.records import Adjustment, Event

QUESTION = "Use 4, 7 and 11 to make 39."
SETTINGS = {"alpha": 3.0, "beta": "inf", "temperature": 0.6}
STATISTICS = {"tokens": 9, "held": 1.25, "steered": [{"position": 4, "alpha": 5, "beta": 40, "wish": "answer"}]}
DETAILS = {"model": "count_down", "quantization": "Q8_0", "seed": 7, "settings": SETTINGS, "statistics": STATISTICS}


def answered(thoughts=("First.\n", "Alternatively, so.\n"), answer="39", state="stop") -> Entry:
    turn = Turn(seed=7, alpha=3.0, beta=float("inf"))
    turn.take([Event(1, 0, 1, text, "thinking", index, True, -0.1, -0.1, 1)
               for index, text in enumerate(thoughts)], now=1.0)
    if answer:
        turn.take([Event(1, 0, 2, answer, "answer", -1, False, -0.1, -0.1, 0)], now=1.0)
    turn.end(state)
    return Entry("assistant", turn=turn, details=dict(DETAILS))


def markdown(question=QUESTION, **answer) -> str:
    return as_markdown("A title", [Entry("user", question), answered(**answer)])


def client_of_nobody():
    raise AssertionError("an export needs no engine")


class Silent:
    """A client that is never asked anything."""

    start = send = close = staticmethod(lambda *_: client_of_nobody())

    def receive(self):
        return []


@pytest.fixture
def history(home):
    with History(home / "data" / "history.sqlite") as history:
        yield history


@pytest.fixture
def kept(history):
    """A session with a stored conversation of two branches, the second of which is seen."""
    conversation = history.create(QUESTION)
    question = history.add_message(conversation, None, "user", QUESTION)
    for answer in ("first", "second"):
        number = history.begin_answer(conversation, question, {})
        history.finish(number, answer, "One.Two.", [ThoughtSpan(4, 2, 0.5, 1.0, (1,)), ThoughtSpan(4, 3, 0.0, 2.0)],
                       "stop", DETAILS)
    session = Session(Silent(), history, ChatSettings())
    session.open(conversation)
    return session


# Markdown


def test_markdown_has_question_thoughts_answer_and_figures():
    text = markdown()
    assert text.startswith("# A title\n\n## Question\n\n> Use 4, 7 and 11 to make 39.\n\n## Answer\n\n<details>\n")
    assert "<summary>Thinking: 2 thoughts, 2 tokens</summary>" in text
    assert "**Thought 2** · 1 token · 0.0 s · 1 switch held\n\n> Alternatively, so.\n\n</details>\n\n39\n" in text
    assert text.splitlines()[-1] == ("*count\\_down Q8\\_0 · seed 7 · α 3, β inf · from token 4 on α 5, β 40, asked to "
                                     "answer · 3 tokens · 2 switches held*")


def test_an_answer_that_speaks_of_tags_is_written_as_it_is():
    entry = answered(answer=TAGGED)
    assert f"\n\n</details>\n\n{TAGGED}\n\n" in as_markdown("A title", [entry])
    [message] = as_object(Conversation(0, "t", 0, 0, 0), unsaved_messages([entry]))["messages"]
    assert message["content"] == TAGGED


def test_an_answer_without_thinking_has_no_section_for_it():
    assert "details" not in markdown(thoughts=())


def test_an_answer_that_ended_early_says_so():
    assert "cut off" in markdown(state="length")
    assert "stopped" in markdown(state="cancelled")
    assert "interrupted" in markdown(state="interrupted")
    assert "stopped" not in markdown()


@given(st.text(), st.text())
def test_whatever_a_thought_or_a_question_says_stays_a_quotation(thought, question):
    hostile = f"</details><script>\n```\n# heading\r## another\n<!-- {thought}"
    text = as_markdown("t", [Entry("user", question + hostile), answered((hostile,), "39")])
    lines = text.replace("\r", "\n").split("\n")
    assert sum(line.startswith("#") for line in lines) == 3  # the title, the question, the answer
    assert not any(line.startswith("`") for line in lines)
    assert re.findall("<[A-Za-z/!?]+", text) == ["<details", "<summary", "</summary", "</details"]


def test_an_answer_is_as_it_is_and_a_block_that_it_left_open_is_closed():
    assert "\n\n**b** `c` <i>\n\n*" in markdown(answer="**b** `c` <i>")
    assert "\n\n```py\nx = 1\n```\n\n*count" in markdown(answer="```py\nx = 1", state="length")


# JSON


def test_json_has_every_branch_with_ids_parents_thoughts_settings_and_figures(kept, tmp_path):
    path = export_session(kept, "json", tmp_path)
    value = json.loads(path.read_text(encoding="utf-8"))
    question, first, second = value["messages"]
    assert value["title"] == QUESTION and value["id"] == kept.transcript.conversation
    assert value["created"].endswith("+00:00")
    assert (question["role"], question["parent"], question["content"]) == ("user", None, QUESTION)
    assert [first["parent"], second["parent"]] == [question["id"]] * 2
    assert (first["content"], second["content"]) == ("first", "second")
    assert [thought["text"] for thought in first["thoughts"]] == ["One.", "Two."]
    assert first["thoughts"][0]["held_at"] == [1]
    assert first["settings"]["beta"] == "inf" and first["seed"] == 7
    assert first["statistics"] == STATISTICS


def test_markdown_of_a_stored_conversation_is_what_is_seen(kept, tmp_path):
    text = export_session(kept, "md", tmp_path).read_text(encoding="utf-8")
    assert "second" in text and "first" not in text
    assert "answer 2 of 2" in text


def test_what_is_not_kept_is_exported_from_the_screen(tmp_path):
    session = Session(Silent(), None, ChatSettings())
    session.transcript.entries = [Entry("user", QUESTION), answered()]
    session.transcript.title = QUESTION
    value = json.loads(export_session(session, "json", tmp_path).read_text(encoding="utf-8"))
    assert value["id"] is None and value["created"] is None
    assert [(message["id"], message["parent"]) for message in value["messages"]] == [(1, None), (2, 1)]
    assert value["messages"][1]["thinking"] == "First.\nAlternatively, so.\n"


def test_a_penalty_without_bounds_that_was_turned_while_it_wrote_is_still_json():
    entry = answered()
    entry.turn.steered = (Adjustment(3, float("inf"), float("inf"), "free"),)
    entry.details["statistics"] = entry.turn.statistics()
    text = json.dumps(as_object(Conversation(0, "t", 0, 0, 0), unsaved_messages([entry])), allow_nan=False)
    assert '"alpha": "inf"' in text
    assert "from token 3 on α inf, β inf" in as_markdown("t", [entry])


def test_an_empty_conversation_and_an_unknown_kind_are_refused(tmp_path):
    session = Session(Silent(), None, ChatSettings())
    with pytest.raises(UsageError, match="nothing to export"):
        export_session(session, "md", tmp_path)
    with pytest.raises(UsageError, match="'pdf' is no kind"):
        export_session(session, "pdf", tmp_path)


# Files


@pytest.mark.parametrize(("title", "name"), [
    (QUESTION, "use-4-7-and-11-to-make-39"), ("../../etc/passwd", "etc-passwd"), ("CON", "conversation-con"),
    ("com1.txt", "com1-txt"), ("Com¹", "conversation-com1"), ("  ", "conversation"), ("…", "conversation"),
    ("a\x00b\nc\u202ed", "a-b-c-d"), ("Grüße, 世界!", "grüße-世界"), (".hidden", "hidden"), ("\ud800x", "x"),
])
def test_a_title_becomes_a_name_that_every_system_takes(title, name):
    assert file_name(title) == name


@given(st.text())
def test_every_name_is_short_plain_and_the_same_in_lower_case(title):
    name = file_name(title)
    assert 0 < len(name.encode()) <= NAME_BYTES + len("conversation-")
    assert all(letter.isprintable() and letter not in '<>:"/\\|?*. ' for letter in name)
    assert not name.startswith("-") and not name.endswith("-")


def test_nothing_is_overwritten(tmp_path):
    paths = [write_export(text, tmp_path, "Title", ".md") for text in ("one", "two", "three")]
    assert [path.name for path in paths] == ["title.md", "title-2.md", "title-3.md"]
    assert [path.read_text(encoding="utf-8") for path in paths] == ["one", "two", "three"]


def test_text_is_utf_8_without_changed_line_ends(tmp_path):
    assert write_export("ä\n世\r\n\ud800", tmp_path, "t", ".md").read_bytes() == "ä\n世\r\n?".encode()


@pytest.mark.parametrize("folder", ["missing", "file", "nul\x00"])
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, folder):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        write_export("text", tmp_path / folder, "Title", ".md")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0,
                    reason="permissions do not bind here")
def test_a_folder_without_permission_is_one_line(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied"):
        write_export("text", tmp_path, "Title", ".md")
    tmp_path.chmod(0o700)


def test_half_a_file_is_not_left_behind(tmp_path, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def write(self, _):
            raise OSError(28, "No space left on device")

    real = Path.open

    def opened(path, mode):
        real(path, mode).close()
        return Full()

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(UsageError, match="No space left"):
        write_export("text", tmp_path, "Title", ".md")
    assert list(tmp_path.iterdir()) == []
