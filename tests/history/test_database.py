"""A file that cannot be used is left as it is, a disk that fails costs nothing that was saved, and both are told."""
from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from history.stores import asked, contents, everything, failing, piece, sql
from localthink.errors import HistoryError, UsageError
from localthink.history import History, ThoughtSpan, TokenRun, schema
from localthink.history.schema import APPLICATION, MIGRATIONS

HOUR, DAY = 3600, 86400


@pytest.fixture
def file(tmp_path):
    return tmp_path / "store" / "history.sqlite"


@pytest.fixture
def written(file):
    """A store with a question, which is closed."""
    with History(file) as store:
        asked(store, "a question")
    return file


def folder(file: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in file.parent.iterdir()}


def said(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


# files that are not for this localthink


def test_a_store_of_a_newer_version_is_refused_and_untouched(written):
    sql(written, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = folder(written)
    with pytest.raises(UsageError) as error:
        History(written)
    text = said(error)
    assert str(written) in text
    assert f"version {len(MIGRATIONS) + 1}; this one reads up to {len(MIGRATIONS)}" in text
    assert "install the newer localthink, or move the file away" in text
    assert folder(written) == before


@pytest.mark.parametrize("running", [True, False])
def test_a_newer_store_is_known_before_its_log_is_taken_in(written, tmp_path, running):
    with closing(sqlite3.connect(written)) as newer:
        newer.execute("PRAGMA user_version = 7")
        file = written
        if not running:  # it was killed: what it left, where nobody has it open
            file = tmp_path / "left" / written.name
            shutil.copytree(written.parent, file.parent)
        before = folder(file)
        assert before.keys() == {file.name, f"{file.name}-wal", f"{file.name}-shm"}
        with pytest.raises(UsageError, match="version 7"):
            History(file)
        after = folder(file)
    assert after.keys() == before.keys()
    for name in (file.name, f"{file.name}-wal"):
        assert after[name] == before[name]


def test_a_store_that_becomes_newer_while_it_is_opened_is_refused(written, monkeypatch):
    monkeypatch.setattr("localthink.history.database.look", lambda path: sql(path, "PRAGMA user_version = 7"))
    with pytest.raises(UsageError, match="version 7"):
        History(written)


@pytest.mark.parametrize("statement", ["CREATE TABLE songs (title)", "PRAGMA user_version = 1",
                                       "PRAGMA application_id = 5"])
def test_the_database_of_another_program_is_refused_and_untouched(file, statement):
    file.parent.mkdir()
    sql(file, statement)
    before = folder(file)
    with pytest.raises(UsageError) as error:
        History(file)
    assert f"{file} is the database of another program: move it away" in said(error)
    assert folder(file) == before


@pytest.mark.parametrize("content", [b"hello", b"not a database " * 1000, bytes(5000)])
def test_what_is_no_database_is_refused_and_untouched(file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(UsageError) as error:
        History(file)
    assert str(file) in said(error)
    assert "move it away" in said(error)
    assert folder(file) == {file.name: content}


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_store_that_was_cut_short_is_refused(written, part):
    with written.open("r+b") as opened:
        opened.truncate(int(written.stat().st_size * part))
    with pytest.raises(UsageError) as error:
        History(written)
    assert f"{written} cannot be opened: it is damaged" in said(error)


@pytest.mark.parametrize("page", range(20))
def test_damage_anywhere_is_told_in_one_line(written, page):
    with written.open("r+b") as opened:
        opened.seek(4096 * page + 100 * (page == 0))
        opened.write(b"\xa5" * 3000)
    with pytest.raises((UsageError, HistoryError)) as error, History(written) as store:
        for conversation in store.conversations():
            store.path(conversation.id)
        store.search("question")
        store.search("stion")
        asked(store)
        raise HistoryError(f"{written}: this page holds nothing that is needed")
    assert str(written) in said(error)


def test_an_empty_file_becomes_a_store(file):
    file.parent.mkdir()
    file.touch()
    with History(file) as store:
        assert store.conversations() == []


def test_a_folder_in_its_place_is_refused(file):
    file.mkdir(parents=True)
    with pytest.raises(UsageError) as error:
        History(file)
    assert f"{file} is a folder" in said(error)


def test_a_file_in_the_place_of_its_folder_is_refused(file):
    file.parent.write_text("a file")
    with pytest.raises(UsageError) as error:
        History(file)
    assert f"{file} cannot be opened: " in said(error)
    assert "LOCALTHINK_HOME" in said(error)


@pytest.mark.parametrize(("name", "mode"), [("store", 0o500), ("store", 0), ("store/history.sqlite", 0o400),
                                            ("store/history.sqlite", 0)])
def test_a_store_that_may_not_be_written_is_refused(written, tmp_path, name, mode):
    place = tmp_path / name
    before = place.stat().st_mode
    place.chmod(mode)
    try:
        if os.access(place, os.W_OK):
            pytest.skip("permissions do not bind this user")
        with pytest.raises(UsageError) as error:
            History(written)
        assert str(written) in said(error)
    finally:
        place.chmod(before)


@pytest.mark.parametrize("name", ["mkdir", "touch", "stat"])
def test_a_folder_that_may_not_be_used_is_refused(file, monkeypatch, name):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, name, forbidden)
    with pytest.raises(UsageError) as error:
        History(file)
    assert f"{file} cannot be opened: Permission denied" in said(error)


@pytest.mark.skipif(os.name == "nt", reason="files have no mode there")
def test_only_its_owner_may_read_a_new_store(file):
    with History(file) as store:
        asked(store)
        assert {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()} == {0o600}


def test_a_closed_store_is_one_file(written):
    assert list(folder(written)) == [written.name]


# versions


def test_a_new_store_says_whose_it_is_and_of_which_version(written):
    assert sql(written, "PRAGMA application_id") == [(APPLICATION,)]
    assert sql(written, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert sql(written, "PRAGMA journal_mode") == [("wal",)]


def test_an_older_store_is_brought_up_to_date_and_keeps_what_it_holds(written, monkeypatch):
    before = everything(written)
    more = "ALTER TABLE conversations ADD COLUMN colour TEXT\n\nUPDATE conversations SET colour = 'red'"
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, more))
    for _ in range(2):
        with History(written) as store:
            assert contents(store, 1) == ["a question"]
    assert sql(written, "PRAGMA user_version") == [(len(MIGRATIONS) + 1,)]
    conversations, *rest = everything(written)
    assert [[row[:-1] for row in conversations], *rest] == before
    assert conversations[0][-1] == "red"


def test_a_migration_that_fails_leaves_the_store_as_it_was(written, monkeypatch):
    before = everything(written)
    more = "ALTER TABLE conversations ADD COLUMN colour TEXT\n\nUPDATE nowhere SET colour = 'red'"
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, more))
    with pytest.raises(UsageError, match="no such table: nowhere"):
        History(written)
    monkeypatch.undo()
    assert everything(written) == before
    with History(written) as store:
        assert contents(store, 1) == ["a question"]


# trouble while it runs


def changes(store, conversation, question, answer):
    """Everything that writes."""
    return {
        "create": lambda: store.create("new"),
        "rename": lambda: store.rename(conversation, "renamed"),
        "delete": lambda: store.delete(conversation),
        "restore": lambda: store.restore(conversation),
        "add_message": lambda: store.add_message(conversation, question, "user", "more" * 5000),
        "begin_answer": lambda: store.begin_answer(conversation, question, {"note": "x" * 20000}),
        "append": lambda: store.append(answer, [piece("more" * 5000), piece("more", 0)],
                                       TokenRun(1, (8, 9), 5), {"seed": 3}),
        "finish": lambda: store.finish(answer, "whole" * 5000, "t", [ThoughtSpan(1, 1, 0, 0)], "cancelled", {"seed": 2},
                                       (7, 8)),
        "choose": lambda: store.choose(question),
    }


def readings(store, conversation, question):
    """Everything that reads."""
    return {
        "conversations": lambda: store.conversations(),
        "conversation": lambda: store.conversation(conversation),
        "latest": lambda: store.latest(),
        "path": lambda: store.path(conversation),
        "siblings": lambda: store.siblings(question),
        "messages": lambda: store.messages(conversation),
        "search": lambda: store.search("question"),
    }


CHANGES, READINGS = list(changes(None, 0, 0, 0)), list(readings(None, 0, 0))


def prepared(store):
    """A conversation with an answer under way, of which another branch is shown."""
    conversation, question = asked(store, "a question")
    answer = store.begin_answer(conversation, question, {"seed": 1})
    store.append(answer, [piece("half"), piece("thought", 0)], TokenRun(0, (7,), 4))
    store.add_message(conversation, None, "user", "other root")
    return conversation, question, answer


@pytest.mark.parametrize("rolls_back", [True, False])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_whole_or_not_at_all_wherever_the_disk_fails(file, monkeypatch, name, rolls_back):
    faults = failing(monkeypatch)
    with History(file) as store:
        numbers = prepared(store)
        change = changes(store, *numbers)[name]
        before = everything(file)
        steps = 0
        while True:
            faults.arm(steps, rolls_back=rolls_back)
            try:
                change()
            except HistoryError as error:
                faults.disarm()
                assert str(error) == f"{file} cannot be written: the disk fails, or is full: look at it, or make room"
            else:
                break
            assert [len(path) for path in (store.path(1), store.messages(1))] == [1, 3]
            assert everything(file) == before
            steps += 1
        faults.disarm()
        assert steps >= 3  # its beginning, what it does, and its end
        assert (everything(file) != before) == (name != "restore")
        store.close()


@pytest.mark.parametrize("name", READINGS)
def test_a_reading_that_fails_is_told_and_the_next_one_works(file, monkeypatch, name):
    faults = failing(monkeypatch)
    with History(file) as store:
        conversation, question, _ = prepared(store)
        read = readings(store, conversation, question)[name]
        expected, steps = read(), 0
        while True:
            faults.arm(steps, rolls_back=False)
            try:
                read()
            except HistoryError as error:
                faults.disarm()
                assert str(error) == f"{file} cannot be read: the disk fails, or is full: look at it, or make room"
            else:
                break
            assert read() == expected
            steps += 1
        assert steps >= 3


@pytest.mark.parametrize(("code", "words"), [
    (sqlite3.SQLITE_FULL, "the disk is full: make room"),
    (sqlite3.SQLITE_BUSY, "another program keeps it locked: wait for it"),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, "another program keeps it locked"),
    (sqlite3.SQLITE_IOERR_WRITE, "the disk fails"),
    (sqlite3.SQLITE_READONLY, "it may only be read: change the permissions"),
    (sqlite3.SQLITE_CANTOPEN, "it cannot be opened"),
    (sqlite3.SQLITE_CORRUPT, "it is damaged"),
    (sqlite3.SQLITE_INTERNAL, "a fault of the test")])
def test_what_sqlite_complains_of_is_said_in_words(file, monkeypatch, code, words):
    faults = failing(monkeypatch)
    with History(file) as store:
        for verb, method in (("read", store.conversations), ("written", lambda: store.create("x"))):
            faults.arm(0, code)
            with pytest.raises(HistoryError) as error:
                method()
            faults.disarm()
            assert f"{file} cannot be {verb}: {words}" in said(error)


@pytest.mark.parametrize("name", ["add_message", "begin_answer", "append", "finish"])
def test_a_full_disk_costs_nothing_that_was_saved_and_room_makes_it_work_again(file, monkeypatch, name):
    connections = failing(monkeypatch)
    with History(file) as store:
        numbers = prepared(store)
        change = changes(store, *numbers)[name]
        before, own = everything(file), connections[-2]  # the last one looked at everything
        [[pages]] = own.execute("PRAGMA page_count").fetchall()
        own.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        for _ in range(2):
            with pytest.raises(HistoryError) as error:
                change()
            assert f"{file} cannot be written: the disk is full: make room" in said(error)
            assert everything(file) == before
            assert [message.content for message in store.messages(1)] == ["a question", "half", "other root"]
        own.execute("PRAGMA max_page_count = 1000000").fetchall()
        change()
        assert everything(file) != before


def test_a_disk_without_room_for_the_log_costs_nothing_that_was_saved(file):
    resource = pytest.importorskip("resource")
    with History(file) as store:
        numbers = prepared(store)
        before = everything(file)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        log = file.with_name(f"{file.name}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (log + 5000, hard))
        try:
            for name in ("add_message", "append", "finish"):
                with pytest.raises(HistoryError, match="cannot be written: the disk"):
                    changes(store, *numbers)[name]()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert everything(file) == before
        store.append(numbers[2], [piece(" and half")])
        assert "half and half" in [message.content for message in store.messages(1)]


def test_a_store_that_another_program_keeps_locked_is_told_of_and_can_still_be_read(written):
    with History(written, lock_seconds=0.01) as store, closing(sqlite3.connect(written, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="cannot be written: another program keeps it locked"):
            store.create("x")
        with pytest.raises(HistoryError, match="cannot be opened: another program keeps it locked"):
            History(written, lock_seconds=0.01)
        assert contents(store, 1) == ["a question"]
        other.execute("ROLLBACK")
        store.create("x")


def test_a_new_store_that_another_program_keeps_locked_is_told_of(file):
    file.parent.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(HistoryError, match="cannot be opened: another program keeps it locked"):
            History(file, lock_seconds=0.01)


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be moved there")
def test_a_file_that_vanishes_is_told_of_until_it_is_back(written):
    away = written.with_name("away")
    with History(written) as store:
        written.rename(away)
        for verb, method in (("read", store.conversations), ("written", lambda: store.create("x"))):
            with pytest.raises(HistoryError) as error:
                method()
            assert f"{written} is gone" in said(error), verb
        shutil.copy(away, written)
        with pytest.raises(HistoryError, match="is another file than the one that was opened"):
            store.add_message(1, None, "user", "x")
        away.replace(written)
        assert contents(store, 1) == ["a question"]


@pytest.mark.parametrize("name", ["tidying", "migrating"])
def test_a_disk_that_fails_while_a_store_is_opened_changes_nothing(file, monkeypatch, name):
    faults, later = failing(monkeypatch), lambda: 2e9
    if name == "tidying":
        with History(file, lambda: 2e9 - 2 * DAY) as store:
            prepared(store)
            deleted, _ = asked(store)
            store.delete(deleted)
    steps = 0
    while True:
        faults.arm(steps)
        try:
            History(file, later).close()
        except HistoryError as error:
            assert str(error) == f"{file} cannot be opened: the disk fails, or is full: look at it, or make room"
        else:
            break
        finally:
            faults.disarm()
        if name == "tidying":
            assert [len(rows) for rows in everything(file)] == [2, 4, 2, 1]
        else:
            assert sql(file, "SELECT * FROM sqlite_master") == []
        steps += 1
    assert steps > 5
    assert [len(rows) for rows in everything(file)] == ([1, 3, 0, 1] if name == "tidying" else [0, 0, 0, 0])
