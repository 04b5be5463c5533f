"""Bytes of a store that mean nothing: text is shown as far as it can be read, and the rest is said in one line."""
from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from history.stores import Clock, asked, piece
from localthink.chat.export import as_markdown, as_object
from localthink.chat.transcript import Transcript
from localthink.errors import HistoryError, LocalthinkError, UsageError
from localthink.history import History, ThoughtSpan

HOUR = 3600


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A closed store: a question with one answer that has ended, and one that was never finished."""
    path = tmp_path / "history.sqlite"
    with History(path, Clock()) as store:
        conversation, question = asked(store, "the question", "the title")
        answer = store.begin_answer(conversation, question, {"model": "the model", "statistics": {
            "steered": [{"position": 1, "alpha": "inf", "beta": 3, "wish": "free"}]}})
        store.append(answer, [piece("the pieces"), piece("their thoughts", 0)])
        answer = store.begin_answer(conversation, question, {"model": "the model"})
        thoughts = [ThoughtSpan(12, 1, 0, 0, (2,))]
        store.finish(answer, "the answer", "the thinking", thoughts, "stop", {"model": "a model", "its key": 1})
    return path


def damage(file: Path, written: bytes, read: bytes) -> None:
    content = file.read_bytes()
    assert written in content and len(written) == len(read)
    file.write_bytes(content.replace(written, read))


def read_all(file: Path) -> list[object]:
    """All that is in the store, as it is looked at."""
    with History(file, Clock()) as store:
        seen: list[object] = [store.deleted(), store.latest(), *map(store.search, ("the", "h", "的"))]
        for conversation in store.conversations():
            messages = store.messages(conversation.id)
            transcript = Transcript(store)
            transcript.open(conversation.id)
            seen += [conversation, messages, as_object(conversation, messages),
                     as_markdown(transcript.title, transcript.entries)]
        return seen


def change_all(file: Path) -> None:
    """Everything that writes; the store is put in order before it."""
    with History(file, Clock(2_000_000)) as store:
        conversation, question = asked(store)
        answer = store.begin_answer(conversation, question, {})
        store.append(answer, [piece("a")])
        store.finish(answer, "a", "", (), "stop", {})
        for change in (store.delete, store.restore, lambda number: store.rename(number, "other")):
            change(1)
        store.choose(1)


@pytest.mark.parametrize(("written", "read"), [
    (b"the title", b"the t\xfftle"), (b"the question", b"the quest\xc3on"), (b"the answer", b"the answe\xe2"),
    (b"the thinking", b"\x80he thinking"), (b"the pieces", b"the \xf0\x9fpces"),
    (b"their thoughts", b"their\xfethoughts"), (b"its key", b"its\xffkey"), (b"the model", b"the mo\xffel"),
    (b"a model", b"a mod\xffl")])
def test_damaged_text_is_shown_as_far_as_it_can_be_read_and_its_bytes_stay(file, written, read):
    damage(file, written, read)
    assert read.decode(errors="replace") in str(read_all(file))
    assert read in file.read_bytes()


def test_an_answer_whose_state_is_damaged_has_its_pieces(file):
    damage(file, b"writing", b"wr\xffting")
    assert "the pieces" in str(read_all(file))


@pytest.mark.parametrize(("written", "read", "said"), [
    (b"assistant", b"ass\xffstant", "is damaged (it is by 'ass\ufffdstant')"),
    (b"[[12,1,", b"[[12\xff1,", "is damaged (Expecting ',' delimiter"),
    (b'"alpha":"inf"', b'"alpha":"in\xff"', "is damaged (could not convert string to float: 'in\ufffd')"),
    (b'"position":1', b'"posit\xffon":1', "is damaged ('position')")])
def test_words_of_a_message_that_mean_nothing_are_told_in_one_line(file, written, read, said):
    damage(file, written, read)
    with pytest.raises(HistoryError) as error:
        read_all(file)
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(("written", "read"), [
    (b"CREATE TABLE messages", b"CREATE TABL\xff messages"), (b"    title TEXT", b"  \n\xfftitle TEXT"),
    (b"SQLite format 3\0", b"SQLite form\xff\xff 3\0"), (b"CREATE TRIGGER text_in", b"CREATE TRIGGER\n\xffext_in"),
    (b"tokenize = 'unicode61", b"tokenize = 'unic\n\xffe61")])
def test_a_damaged_schema_or_header_is_told_in_one_line(file, written, read):
    damage(file, written, read)
    before = file.read_bytes()
    with pytest.raises((UsageError, HistoryError)) as error:
        read_all(file)
        change_all(file)
    assert str(file) in str(error.value) and "\n" not in str(error.value)
    assert file.read_bytes() == before


@pytest.mark.parametrize("look", [read_all, change_all])
@pytest.mark.parametrize("seed", range(100))
def test_bytes_that_are_damaged_anywhere_are_never_a_traceback(file, seed: int, look: Callable[[Path], object]):
    choice = random.Random(seed)
    content = bytearray(file.read_bytes())
    written = [place for place, byte in enumerate(content) if byte]
    for place in choice.sample(written, choice.choice((1, 2, 5))):
        content[place] = choice.choice((0xFF, 0xC3, 0x80, 0x0A))
    file.write_bytes(content)
    try:
        look(file)
    except LocalthinkError as error:
        assert "\n" not in str(error)
