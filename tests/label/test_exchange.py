"""Labels go out in the form of PRM800K, and come back as they were."""
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.ledgers import key
from label.making import DEAD_END, LEADS_ON, label, run_of, sample, unit, write
from localthink.errors import UsageError
from localthink.label.exchange import export_labels, import_labels, ratings_of
from localthink.label.file import Said, read_said
from localthink.label.labels import RATINGS, Label
from localthink.label.prm import prm_object, read_solution
from localthink.label.run import read_run, sample_of


@pytest.fixture
def run(tmp_path):
    return run_of(tmp_path / "run", items=2, thoughts=3)


def exported(run, target, kind="thoughts", by="me"):
    export_labels(run, by, kind, target)
    return [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]


def test_a_line_has_all_that_prm800k_has(run, tmp_path):
    label(run, "me", {unit("p0", 0): "right", unit("p0", 1): "wrong"})
    line, = exported(run, tmp_path / "out.jsonl")
    assert line.keys() == {"labeler", "timestamp", "generation", "is_quality_control_question",
                           "is_initial_screening_question", "question", "label", "localthink"}
    assert line["question"] == {
        "problem": "Question 0", "ground_truth_solution": None, "ground_truth_answer": None,
        "pre_generated_steps": [DEAD_END, DEAD_END, LEADS_ON], "pre_generated_answer": r"\boxed{7 * 4 + 11}",
        "pre_generated_verifier_score": None}
    assert line["label"]["finish_reason"] == "found_error"
    assert [step["completions"] for step in line["label"]["steps"]] == [
        [{"text": DEAD_END, "rating": 1, "flagged": False}], [{"text": DEAD_END, "rating": -1, "flagged": False}],
        [{"text": LEADS_ON, "rating": -1, "flagged": False}]]
    assert all(step["chosen_completion"] == 0 and step["human_completion"] is None for step in line["label"]["steps"])
    assert line["localthink"] == {"key": key("p0"), "unit": "thoughts", "by_default": [2]}


@pytest.mark.parametrize(("ratings", "numbers", "reason"), [
    (["right", "right", "right"], [1, 1, 1], "solution"),
    (["right", "unsure", None], [1, 0], "give_up"),
    ([None, "right", None], [None, 1], "give_up"),
    (["wrong", "right", "right"], [-1, 1, 1], "found_error"),
    (["right", "right", "unsure"], [1, 1, 0], "give_up"),
])
def test_how_labelling_ended_follows_from_what_was_said(run, tmp_path, ratings, numbers, reason):
    label(run, "me", {unit("p0", place): rating for place, rating in enumerate(ratings) if rating})
    line, = exported(run, tmp_path / "out.jsonl")
    assert [step["completions"][0]["rating"] for step in line["label"]["steps"]] == numbers
    assert line["label"]["finish_reason"] == reason


ONE = sample_of(sample("p", thoughts=(DEAD_END, LEADS_ON, "one\n\ntwo:\n\nthree")))


@given(st.sampled_from(["thoughts", "steps"]).flatmap(lambda kind: st.tuples(st.just(kind), st.dictionaries(
    st.sampled_from(ONE.units(kind)), st.sampled_from(RATINGS), min_size=1))))
def test_what_was_said_comes_back_and_defaults_do_not(what):
    kind, ratings = what
    said = Said()
    for each, rating in ratings.items():
        said.take(Label(each, rating, "2026-11-28T10:00:00+00:00"))
    line = json.loads(json.dumps(prm_object(ONE, kind, said, "me")))
    assert ratings_of(read_solution(line), [ONE]) == ratings


def test_a_file_goes_from_one_copy_of_a_run_to_another_and_only_once(run, tmp_path):
    ratings = {unit("p0", 0): "right", unit("p1", 1): "wrong", unit("p0", 2): "unsure"}
    label(run, "anna", ratings)
    exported(run, tmp_path / "out.jsonl", by="anna")
    other = run_of(tmp_path / "copy", items=2, thoughts=3)
    assert import_labels(other, tmp_path / "out.jsonl", None) == {"anna": 3}
    assert read_said(other, "anna").ratings == ratings
    assert import_labels(other, tmp_path / "out.jsonl", None) == {"anna": 0}
    assert import_labels(other, tmp_path / "out.jsonl", "me") == {"me": 3}


def test_steps_come_back_as_steps_also_where_a_thought_is_one(tmp_path):
    run = read_run(write(tmp_path / "run", sample("p", thoughts=("One.", "Two."))))
    label(run, "me", {unit("p", 1, 0): "wrong"})
    exported(run, tmp_path / "out.jsonl", "steps")
    import_labels(run, tmp_path / "out.jsonl", "anna")
    assert read_said(run, "anna").ratings == {unit("p", 1, 0): "wrong"}


def foreign(texts=(DEAD_END, LEADS_ON), ratings=(-1, 1), **more):
    """A line as others write it, without a field of ours and with more completions than one."""
    steps = [{"completions": [{"text": "another", "rating": 0}, {"text": text, "rating": rating}],
              "chosen_completion": 1} for text, rating in zip(texts, ratings, strict=True)]
    return {"labeler": "340d89bc-f5b7-45e9-b272-909ba68ee363", "question": {"problem": "Use 4, 7 and 11 to make 39."},
            "label": {"steps": steps}, **more}


def test_labels_of_others_are_found_by_their_texts(tmp_path):
    run = read_run(write(tmp_path / "run", sample("p"), sample("q", thoughts=("something else",))))
    (tmp_path / "in.jsonl").write_text(json.dumps(foreign()))  # and without a newline at its end
    assert import_labels(run, tmp_path / "in.jsonl", "me") == {"me": 2}
    assert read_said(run, "me").ratings == {unit("p", 0): "wrong", unit("p", 1): "right"}


@pytest.mark.parametrize(("line", "words"), [
    ("{", "not JSON"),
    ("3", "the line is 3: give an object"),
    ({"question": {}, "label": {}}, "question.problem is null"),
    ({"question": {"problem": "x"}, "label": {"steps": []}}, "label.steps is a list"),
    (foreign() | {"label": {"steps": [{"completions": []}]}}, r"label.steps\[0\] has no completion that was chosen"),
    (foreign() | {"label": {"steps": [{"completions": [{"text": 3}]}]}}, r"completions\[0\].text is 3"),
    (foreign(ratings=(-1, 2)), r"label.steps\[1\].completions\[1\].rating is 2: it is 1, 0, -1 or null"),
    (foreign(texts=("x", "y")), "these are the steps of no sample of this run"),
    (foreign(labeler="a b"), "is no name for who labels"),
    (foreign(labeler=None), "is no name for who labels"),
])
def test_a_line_that_cannot_be_taken_is_named_and_nothing_is_taken(tmp_path, line, words):
    run = read_run(write(tmp_path / "run", sample("p")))
    text = line if isinstance(line, str) else json.dumps(line)
    (tmp_path / "in.jsonl").write_text(json.dumps(foreign(labeler="me")) + "\n" + text + "\n")
    with pytest.raises(UsageError, match=f"line 2: .*{words}"):
        import_labels(run, tmp_path / "in.jsonl", None)
    assert not read_said(run, "me").labels


def test_where_two_samples_have_the_same_text_only_a_key_says_which_is_meant(tmp_path):
    run = read_run(write(tmp_path / "run", sample("p"), sample("p", 1)))
    (tmp_path / "in.jsonl").write_text(json.dumps(foreign()) + "\n")
    with pytest.raises(UsageError, match="2 samples of this run have these steps"):
        import_labels(run, tmp_path / "in.jsonl", "me")
    label(run, "me", {unit("p", 0, number=1): "right"})
    exported(run, tmp_path / "out.jsonl")
    import_labels(run, tmp_path / "out.jsonl", "anna")
    assert read_said(run, "anna").ratings == {unit("p", 0, number=1): "right"}


@pytest.mark.parametrize(("content", "words"), [(None, "there is no file"), ("\n", "has no labels")])
def test_a_file_without_labels_is_refused(run, tmp_path, content, words):
    if content is not None:
        (tmp_path / "in.jsonl").write_text(content)
    with pytest.raises(UsageError, match=words):
        import_labels(run, tmp_path / "in.jsonl", "me")


def test_an_export_takes_the_place_of_nothing_that_the_run_lives_on(run):
    label(run, "me", {unit("p0", 0): "right"})
    for name in ("results.jsonl", "labels-me.jsonl", "manifest.json"):
        before = (run.folder / name).read_bytes()
        with pytest.raises(UsageError, match="belongs to the run"):
            export_labels(run, "me", "thoughts", run.folder / name)
        assert (run.folder / name).read_bytes() == before


def test_whoever_labelled_thoughts_alone_is_told_so_when_steps_are_wanted(run, tmp_path):
    label(run, "me", {unit("p0", 0): "right"})
    with pytest.raises(UsageError, match=r"me has labelled thoughts of .*, and no steps: leave --steps out"):
        export_labels(run, "me", "steps", tmp_path / "out.jsonl")
