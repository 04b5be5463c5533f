"""Labels on the disk: nothing is lost, nothing is mixed up, and everything can be taken back."""
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label.making import label, run_of, sample, unit, write
from localthink.errors import UsageError
from localthink.label.file import LabelFile, Said, check_name, labellers, read_said, read_those_of
from localthink.label.labels import RATINGS, Label
from localthink.label.run import read_run


@pytest.fixture
def run(tmp_path):
    return run_of(tmp_path / "run")


def test_what_was_rated_is_there_again_with_the_latest_rating_of_each(run):
    label(run, "me", {unit("p0", 0): "wrong", unit("p0", 1): "right"})
    label(run, "me", {unit("p0", 0): "unsure"})
    assert read_said(run, "me").ratings == {unit("p0", 0): "unsure", unit("p0", 1): "right"}


def test_undo_reaches_back_into_earlier_sessions_and_keeps_its_record(run):
    label(run, "me", {unit("p0", 0): "wrong"})
    label(run, "me", {unit("p0", 0): "right"})
    with LabelFile(run, "me") as file:
        assert file.undo() == unit("p0", 0)
        assert file.said.ratings == {unit("p0", 0): "wrong"}
    with LabelFile(run, "me") as file:
        assert file.undo() == unit("p0", 0)
        assert file.undo() is None
        assert not read_said(run, "me").labels
    assert len(file.path.read_text().splitlines()) == 5  # the header, two ratings, two undone


OPERATIONS = st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 3), st.sampled_from(RATINGS))), max_size=30)


@given(OPERATIONS)
def test_undo_is_the_inverse_of_a_rating(operations):
    said, states = Said(), [{}]
    for operation in operations:
        if operation is None:
            said.take_back()
            states = states[:-1] or [{}]
        else:
            thought, rating = operation
            said.take(Label(unit("p", thought), rating, ""))
            states.append({**states[-1], unit("p", thought): rating})
        assert said.ratings == states[-1]


def test_a_torn_last_line_is_dropped_and_what_follows_is_whole(run):
    label(run, "me", {unit("p0", 0): "wrong", unit("p0", 1): "right"})
    path = run.folder / "labels-me.jsonl"
    data = path.read_bytes()
    for cut in range(1, len(data.splitlines()[-1])):
        path.write_bytes(data[:-cut])
        assert read_said(run, "me").ratings == {unit("p0", 0): "wrong"}
    label(run, "me", {unit("p0", 2): "unsure"})
    assert read_said(run, "me").ratings == {unit("p0", 0): "wrong", unit("p0", 2): "unsure"}


def test_a_torn_first_line_is_written_anew(run):
    path = run.folder / "labels-me.jsonl"
    path.write_bytes(b'{"labels": 1, "ru')
    label(run, "me", {unit("p0", 0): "wrong"})
    assert read_said(run, "me").ratings == {unit("p0", 0): "wrong"}


def test_whoever_only_looks_leaves_no_labels(run):
    with LabelFile(run, "me"):
        pass
    assert labellers(run.folder) == []


def test_labels_of_another_run_are_refused_with_both_named(run, tmp_path):
    label(run, "me", {unit("p0", 0): "wrong"})
    other = read_run(write(tmp_path / "other", sample("p0"), created="2026-12-01"))
    (other.folder / "labels-me.jsonl").write_bytes((run.folder / "labels-me.jsonl").read_bytes())
    with pytest.raises(UsageError, match=r"labels of another run \(tiny, begun 2026-11.*this is tiny, begun 2026-12"):
        LabelFile(other, "me")


def test_a_run_that_was_moved_keeps_its_labels(run, tmp_path):
    label(run, "me", {unit("p0", 0): "wrong"})
    moved = read_run(run.folder.rename(tmp_path / "moved"))
    assert read_said(moved, "me").ratings == {unit("p0", 0): "wrong"}


def test_everybody_has_a_file_and_one_process_at_a_time_writes_it(run):
    with LabelFile(run, "me") as mine, LabelFile(run, "anna") as hers:
        mine.rate({unit("p0", 0): "wrong"})
        hers.rate({unit("p0", 0): "right"})
        with pytest.raises(UsageError, match=r"me is labelling .* in another process"):
            LabelFile(run, "me")
    assert labellers(run.folder) == ["anna", "me"]
    assert read_said(run, "anna").ratings == {unit("p0", 0): "right"}


def test_a_file_under_anothers_name_is_refused(run):
    label(run, "anna", {unit("p0", 0): "wrong"})
    (run.folder / "labels-anna.jsonl").rename(run.folder / "labels-ben.jsonl")
    with pytest.raises(UsageError, match='labels of "anna", and not of "ben"'):
        read_said(run, "ben")


@pytest.mark.parametrize(("line", "words"), [
    ({"key": "ab", "thought": 0, "rating": "good", "at": ""}, "its 'rating' is \"good\""),
    ({"key": "ab", "thought": "1", "rating": "right", "at": ""}, "its 'thought' is \"1\""),
    ({"key": "ab", "thought": 0, "step": None, "rating": "right", "at": ""}, "its 'step' is null"),
])
def test_a_line_that_is_no_label_is_named(run, line, words):
    label(run, "me", {unit("p0", 0): "wrong"})
    with (run.folder / "labels-me.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    with pytest.raises(UsageError, match=f"line 3, is no label: {words}"):
        read_said(run, "me")


@pytest.mark.parametrize(("header", "words"), [
    ({"rating": "right"}, "line 1, does not say of which run"),
    ({"labels": 9, "run": "x", "name": "", "by": "me"}, "has the format 9"),
])
def test_a_first_line_that_is_no_header_is_named(run, header, words):
    (run.folder / "labels-me.jsonl").write_text(json.dumps(header) + "\n")
    with pytest.raises(UsageError, match=words):
        read_said(run, "me")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 41, "oracle", "Judge", "a\n"])
def test_a_name_that_is_no_part_of_a_file_name_is_refused(name):
    with pytest.raises(UsageError, match="is no name for who labels"):
        check_name(name)


def test_somebody_who_said_nothing_is_refused_and_those_who_did_are_named(run):
    with pytest.raises(UsageError, match=r"me has labelled nothing .*; who has: nobody"):
        read_those_of(run, "me")
    label(run, "anna", {unit("p0", 0): "wrong"})
    with pytest.raises(UsageError, match=r"who has: anna"):
        read_those_of(run, "me")
