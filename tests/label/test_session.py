"""A session goes through a run's thoughts, and another begins exactly where it ended."""
from __future__ import annotations

import json

import pytest

from label.making import label, run_of, sample, unit, write
from localthink.errors import LocalthinkError, UsageError
from localthink.label.file import LabelFile, read_said
from localthink.label.run import read_run
from localthink.label.session import Labelling


@pytest.fixture
def run(tmp_path):
    return run_of(tmp_path / "run", items=3, thoughts=3)


def session(run, file, kind="thoughts", samples=None):
    return Labelling(run, samples or run.samples, file, kind)


def where(labelling):
    return labelling.place, labelling.cursor


def test_a_rating_goes_on_to_the_next_but_never_by_itself_to_another_question(run):
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        for _ in range(4):  # one more than there are
            labelling.rate("right")
        assert where(labelling) == (0, 2)
        assert labelling.progress() == (3, 9)
        assert labelling.move_sample(1)
        assert where(labelling) == (1, 0)


def test_moving_stays_within_what_there_is(run):
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        labelling.move(-1)
        assert where(labelling) == (0, 0)
        labelling.move(99)
        assert where(labelling) == (0, 2)
        assert not labelling.move_sample(-1)
        assert labelling.move_sample(2)
        assert not labelling.move_sample(1)
        assert where(labelling) == (2, 0)


def test_it_resumes_where_it_was_also_where_nothing_was_rated(run):
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        labelling.rate("wrong")
        labelling.move_sample(1)
        labelling.move(2)
    with LabelFile(run, "me") as file:
        assert where(session(run, file)) == (1, 2)
        assert where(session(run, file, "steps")) == (0, 0)
    with LabelFile(run, "anna") as file:
        assert where(session(run, file)) == (0, 0)


@pytest.mark.parametrize("damage", ["", "nonsense", "[]", '{"key": 3}', '{"key": "gone", "thought": 0, "step": -1}'])
def test_without_a_kept_place_it_resumes_behind_the_latest_rating(run, damage):
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        labelling.move_sample(1)
        labelling.rate("wrong")
    (run.folder / ".labels-me-thoughts.json").write_text(damage)
    with LabelFile(run, "me") as file:
        assert where(session(run, file)) == (1, 1)


def test_the_same_rating_again_changes_nothing_and_undo_takes_back_what_did(run):
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        for _ in range(5):
            labelling.rate("right")
        assert labelling.undo()
        assert labelling.progress() == (2, 9)


def test_undo_goes_to_what_it_took_back(run):
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        labelling.rate("wrong")
        labelling.rate("right")
        labelling.move_sample(2)
        assert labelling.undo()
        assert where(labelling) == (0, 1)
        assert labelling.undo()
        assert not labelling.undo()
        assert labelling.progress() == (0, 9)


def test_undo_leaves_what_is_not_shown_alone(run):
    label(run, "me", {unit("p0", 0): "wrong"})
    with LabelFile(run, "me") as file:
        assert not session(run, file, "steps").undo()
        assert not session(run, file, samples=run.samples[1:]).undo()
    assert read_said(run, "me").ratings == {unit("p0", 0): "wrong"}


def test_the_next_open_one_is_the_next_of_which_nothing_is_known(run):
    label(run, "me", {unit("p0", 1): "wrong", unit("p1", 0): "right", unit("p2", 0): "wrong"})
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        assert where(labelling) == (2, 1)
        seen = []
        for _ in range(4):
            assert labelling.next_open()
            seen.append(where(labelling))
        assert seen == [(0, 0), (1, 1), (1, 2), (0, 0)]
        for place, cursor in ((1, 1), (1, 2), (0, 0)):
            labelling.place = place
            labelling.go(cursor)
            labelling.rate("right")
        assert not labelling.next_open()


def test_another_sample_is_entered_at_its_first_thought_that_nobody_rated(run):
    label(run, "me", {unit("p1", 0): "wrong"})
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        labelling.place = 0
        labelling.move_sample(1)
        assert where(labelling) == (1, 1)


def test_what_cannot_be_written_is_not_rated(run, monkeypatch):
    with LabelFile(run, "me") as file:
        labelling = session(run, file)
        labelling.rate("right")

        def full(_):
            raise LocalthinkError("no space left")
        monkeypatch.setattr(file, "_append", full)
        with pytest.raises(LocalthinkError, match="no space"):
            labelling.rate("wrong")
        with pytest.raises(LocalthinkError, match="no space"):
            labelling.undo()
        assert where(labelling) == (0, 1)
        assert labelling.progress() == (1, 9)


def test_a_run_that_goes_on_keeps_the_place(run):
    with LabelFile(run, "me") as file:
        session(run, file).move_sample(1)
    with (run.folder / "results.jsonl").open("a") as results:
        results.write(json.dumps(sample("earlier", question="Question 0", line=1)) + "\n")
    grown = read_run(run.folder)
    with LabelFile(grown, "me") as file:
        labelling = session(grown, file)
        assert labelling.sample.id == "p1"
        assert len(labelling.samples) == 4


def test_thoughts_that_are_blank_have_no_steps(tmp_path):
    run = read_run(write(tmp_path / "run", sample("p", thoughts=(" ",))))
    with LabelFile(run, "me") as file, pytest.raises(UsageError, match="has steps: there is nothing to be labelled"):
        session(run, file, "steps")
