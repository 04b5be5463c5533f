"""A run as it is labelled: which samples, in which order, and by what it is known again."""
from __future__ import annotations

import json

import pytest

from batch.ledgers import manifest
from label.making import DEAD_END, LEADS_ON, run_of, sample, unit, write
from localthink.errors import UsageError
from localthink.label.run import identity_of, read_run


def test_samples_of_a_question_stand_together_and_their_order_tells_nothing_of_their_settings(tmp_path):
    texts = ("first", "second")
    samples = [sample(f"{question} {cell}", question=question, line=line)
               for line, (question, cell) in enumerate([(q, c) for q in texts for c in "abcd"])]
    run = read_run(write(tmp_path / "run", *reversed(samples)))
    assert [each.question for each in run.samples] == ["first"] * 4 + ["second"] * 4
    for question in texts:
        keys = [each.key for each in run.samples if each.question == question]
        assert keys == sorted(keys)


def test_units_are_thoughts_or_their_steps(tmp_path):
    one = run_of(tmp_path / "run", 1, 2).samples[0]
    assert one.units("thoughts") == (unit("p0", 0), unit("p0", 1))
    assert [each.name for each in one.units("steps")] == ["1.1", "1.2", "1.3", "2.1", "2.2"]
    assert one.text(unit("p0", 0)) == DEAD_END
    assert one.text(unit("p0", 1, 0)) == LEADS_ON.split("\n")[0]


def test_only_right_wrong_or_cut_off_samples_are_shown(tmp_path):
    run = read_run(write(tmp_path / "run", sample("good"), sample("bad", correct=False),
                         sample("short", correct=False, finish_reason="length")))
    for only, wanted in (("right", "good"), ("wrong", "bad"), ("cut", "short")):
        assert [each.id for each in run.only(only)] == [wanted]
    assert len(run.only(None)) == 3


def test_where_there_are_no_such_samples_that_is_said(tmp_path):
    run = run_of(tmp_path / "run")
    with pytest.raises(UsageError, match=r"no sample of .* is cut off: leave --only out"):
        run.only("cut")
    ungraded = sample("p")
    del ungraded["correct"]
    with pytest.raises(UsageError, match="were not graded, so none is known to be wrong"):
        read_run(write(tmp_path / "ungraded", ungraded)).only("wrong")


@pytest.mark.parametrize(("samples", "words"), [
    ([], "has thoughts: there is nothing to be labelled"),
    ([sample("p", thoughts=())], "has thoughts: there is nothing to be labelled"),
    ([sample("p") | {"thoughts": [{"index": 0}]}], "has thoughts without a text"),
])
def test_a_run_without_thoughts_is_refused(tmp_path, samples, words):
    with pytest.raises(UsageError, match=words):
        read_run(write(tmp_path / "run", *samples))


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no run"):
        read_run(tmp_path)


def test_a_run_keeps_its_identity_when_it_is_extended_and_another_has_another():
    first = {**manifest(), "created": "today"}
    extended = json.loads(json.dumps(first))
    extended["settings"] |= {"samples": 99, "limit": 5}
    extended["data"]["sha256"] = "ff" * 32
    assert identity_of(extended) == identity_of(first)
    assert identity_of({**first, "created": "tomorrow"}) != identity_of(first)
    assert identity_of({**first, "model": {**first["model"], "sha256": "00" * 32}}) != identity_of(first)


@pytest.mark.parametrize(("item", "known"), [({"numbers": [4, 7, 11], "target": 39}, "39, of 4, 7, 11"),
                                             ({"answer": "204"}, "204"), ({"answer": 12}, "12"), ({}, "")])
def test_what_is_known_of_the_answer_is_said_in_a_line(tmp_path, item, known):
    assert read_run(write(tmp_path / "run", sample("p", item=item))).samples[0].known_text == known
