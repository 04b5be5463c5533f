"""Labels of a person, and verdicts of a judge, as what others rest on."""
from __future__ import annotations

import json

import pytest

from batch.ledgers import key
from label.making import DEAD_END, LEADS_ON, label, run_of, sample, unit, write
from localthink.errors import UsageError
from localthink.judge.cases import cases_of
from localthink.judge.interface import Case, Judgement
from localthink.label.run import read_run
from localthink.study.judgements import JudgeIdentity, Judgements
from localthink.study.labelled import is_judge, ratings_of_judge
from localthink.study.rightness import ThoughtsBy, find_source, with_thoughts_by
from localthink.study.samples import read_samples

QWEN, OTHER = JudgeIdentity("qwen", "ab" * 32, "cd" * 32), JudgeIdentity("smol", "ef" * 32, "cd" * 32)


def whole(own, number=0):
    """A result with all that a study reads."""
    thoughts = [{"index": index, "start": 6 * index, "end": 6 * index + 6, "tokens": 6, "held": 0, "text": text}
                for index, text in enumerate((DEAD_END, LEADS_ON))]
    return sample(own, number, seed=1, switches=1, seconds=0.1, token_ids=list(range(12))) | {"thoughts": thoughts}


def read(folder, source):
    samples = read_samples(folder / "results.jsonl")
    found = find_source(ThoughtsBy(source), samples, [folder])
    return found, [[thought.right for thought in each.thoughts] for each in with_thoughts_by(found, samples)]


def test_thoughts_are_right_as_a_person_said_and_unknown_where_nobody_did(tmp_path):
    folder = write(tmp_path / "run", whole("p"), whole("q"))
    label(read_run(folder), "anna", {unit("p", 0): "wrong", unit("p", 1): "right", unit("q", 1): "unsure"})
    source, right = read(folder, "labels:anna")
    assert right == [[False, True], [None, None]]
    assert source.name == "labeller anna"
    assert not source.why_not
    assert read(folder, "oracle")[1] == [[False, True], [False, True]]


def test_where_nobody_of_that_name_labelled_nothing_rests_on_it_and_those_who_did_are_named(tmp_path):
    folder = write(tmp_path / "run", whole("p"))
    label(read_run(folder), "anna", {unit("p", 0): "wrong"})
    source, right = read(folder, "labels")
    assert source.why_not.startswith("me has labelled no thoughts")
    assert source.why_not.endswith("who has labelled: anna")
    assert right == [[None, None]]


def test_labels_of_another_run_are_refused(tmp_path):
    folder = write(tmp_path / "run", whole("p"))
    other = write(tmp_path / "other", whole("p"), created="another day")
    label(read_run(other), "me", {unit("p", 0): "wrong"})
    (folder / "labels-me.jsonl").write_bytes((other / "labels-me.jsonl").read_bytes())
    with pytest.raises(UsageError, match="labels of another run"):
        read(folder, "labels")


def judge(folder, identity, kind, *probabilities):
    cases = [Case(f"{key('p0')}:{kind}:{place}", kind, "", "") for place in range(len(probabilities))]
    with Judgements(folder, identity) as kept:
        kept.append(list(zip(cases, map(Judgement, probabilities), strict=True)))


def test_a_judges_verdicts_are_ratings_of_the_same_units(tmp_path):
    run = run_of(tmp_path / "run")
    judge(run.folder, QWEN, "thought", 0.9, None, 0.2)
    judge(run.folder, QWEN, "step", 0.1, 0.2, 0.3, 0.8)
    assert ratings_of_judge(run, "judge", "thoughts") == {unit("p0", 0): "right", unit("p0", 2): "wrong"}
    assert ratings_of_judge(run, "judge:qwen", "steps") == {
        unit("p0", 0, 0): "wrong", unit("p0", 0, 1): "wrong", unit("p0", 0, 2): "wrong", unit("p0", 1, 0): "right"}


def test_which_of_several_judges_has_to_be_said(tmp_path):
    run = run_of(tmp_path / "run")
    with pytest.raises(UsageError, match=r"no thoughts of .* were judged: localthink judge --kind thought"):
        ratings_of_judge(run, "judge", "thoughts")
    judge(run.folder, QWEN, "thought", 0.9)
    judge(run.folder, OTHER, "thought", 0.1)
    with pytest.raises(UsageError, match=r"judged by qwen .* and by smol .*: say which"):
        ratings_of_judge(run, "judge", "thoughts")
    assert ratings_of_judge(run, "judge:smol", "thoughts") == {unit("p0", 0): "wrong"}
    with pytest.raises(UsageError, match='by a judge called "r1"'):
        ratings_of_judge(run, "judge:r1", "thoughts")


@pytest.mark.parametrize(("name", "judges"), [("judge", True), ("judge:x", True), ("judges", False), ("me", False)])
def test_a_judge_is_told_from_a_person_by_its_name(name, judges):
    assert is_judge(name) is judges


def test_the_steps_that_are_judged_are_those_that_are_labelled(tmp_path):
    texts = ("First:\n\nx = 3\n\nSo 3.", " ", "One.\nTwo.")
    folder = write(tmp_path / "run", sample("p", thoughts=texts))
    result = json.loads((folder / "results.jsonl").read_text())
    one = read_run(folder).samples[0]
    units = one.units("steps")
    cases = cases_of(result, "step")
    assert [case.text for case in cases] == [one.text(each) for each in units]
    assert [case.key for case in cases] == [f"{one.key}:step:{place}" for place in range(len(units))]
