"""What raters say of a run: people, and the oracle."""
from __future__ import annotations

import pytest

from label.making import label, run_of, sample, unit, write
from localthink.errors import UsageError
from localthink.label.raters import ratings_by, read_labels
from localthink.label.run import read_run


def test_the_oracle_rates_the_thoughts_of_puzzles(tmp_path):
    run = read_run(write(tmp_path / "run", sample("p"), sample("q", thoughts=("Hm.",))))
    assert ratings_by(run, "oracle", "thoughts") == {unit("p", 0): "wrong", unit("p", 1): "right"}


def test_the_oracle_rates_steps_by_their_arithmetic_on_numbers_that_are_there(tmp_path):
    run = read_run(write(tmp_path / "run", sample("p", thoughts=("11 + 7 = 18.\n18 * 4 = 73.", "18 + 4 = 22.\nHm."))))
    assert ratings_by(run, "oracle", "steps") == {
        unit("p", 0, 0): "right", unit("p", 0, 1): "wrong", unit("p", 1, 0): "right"}


def test_the_oracle_says_what_it_knows_nothing_of(tmp_path):
    run = read_run(write(tmp_path / "run", sample("p", item={"answer": 3})))
    for kind in ("thoughts", "steps"):
        with pytest.raises(UsageError, match="knows Countdown puzzles"):
            ratings_by(run, "oracle", kind)


def test_a_person_said_what_was_said_and_no_default(tmp_path):
    run = run_of(tmp_path / "run")
    label(run, "me", {unit("p0", 0): "wrong", unit("p0", 2, 1): "right", unit("p1", 1): "unsure"})
    assert ratings_by(run, "me", "thoughts") == {unit("p0", 0): "wrong", unit("p1", 1): "unsure"}
    assert ratings_by(run, "me", "steps") == {unit("p0", 2, 1): "right"}


def test_labels_for_a_study_are_true_false_or_unknown_by_key_and_index(tmp_path):
    run = run_of(tmp_path / "run")
    label(run, "me", {unit("p0", 0): "wrong", unit("p0", 1): "right", unit("p1", 1): "unsure"})
    keys = [unit(item, 0).key for item in ("p0", "p1")]
    assert read_labels(run.folder, "me") == {(keys[0], 0): False, (keys[0], 1): True, (keys[1], 1): None}


def test_labels_of_steps_alone_are_none_of_thoughts(tmp_path):
    run = run_of(tmp_path / "run")
    label(run, "me", {unit("p0", 0, 0): "wrong"})
    assert read_labels(run.folder, "me") == {}
