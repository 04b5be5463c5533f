"""`localthink label` without its screen: export, import, comparison, and what is wrong said in a line."""
from __future__ import annotations

import pytest

from cli.running import run
from label.making import cycled, label, run_of, write


@pytest.fixture
def folder(tmp_path):
    """Nine samples of three thoughts, labelled by two people who differ here and there."""
    labelled = run_of(tmp_path / "run", items=9)
    units = [each for one in labelled.samples for each in one.units("thoughts")]
    label(labelled, "me", cycled(units, ["wrong", "wrong", "right"]))
    label(labelled, "anna", cycled(units, ["wrong", "wrong", "right", "wrong", "unsure", "right", "right"]))
    return labelled.folder


def refused(ran, *words):
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert all(word in ran.err for word in words), ran.err


def test_labels_go_out_and_into_a_copy_of_the_run(capsys, monkeypatch, folder, tmp_path):
    out = tmp_path / "out.jsonl"
    assert run(capsys, monkeypatch, "label", folder, "--export", out).out == f"9 samples in {out}\n"
    copy = run_of(tmp_path / "copy", items=9).folder
    assert run(capsys, monkeypatch, "label", copy, "--import", out).out == "27 new ratings by me\n"
    assert run(capsys, monkeypatch, "label", copy, "--import", out, "--by", "ben").out == "27 new ratings by ben\n"
    assert run(capsys, monkeypatch, "label", copy, "--compare", "me", "ben").out.endswith(
        "the same on 27 of 27 that both decided (100.0 %)\nCohen's kappa: 1.00 [0.33, 1.00], 95 % over 9 samples\n")


def test_two_people_are_compared_and_a_person_with_the_oracle(capsys, monkeypatch, folder):
    ran = run(capsys, monkeypatch, "label", folder, "--compare", "me", "anna")
    assert ran.code == 0
    assert "27 thoughts that both me and anna rated" in ran.out
    assert "Cohen's kappa: 0." in ran.out
    ran = run(capsys, monkeypatch, "label", folder, "--compare", "me", "oracle")
    assert "the same on 27 of 27 that both decided" in ran.out


def test_without_a_terminal_it_says_what_to_do(capsys, monkeypatch, folder):
    refused(run(capsys, monkeypatch, "label", folder), "not all a terminal", "--import")


@pytest.mark.parametrize(("options", "words"), [
    (["--export", "x", "--import", "y"], "--export and --import are given"),
    (["--export", "x", "--only", "cut"], "--only chooses what is shown"),
    (["--compare", "me", "ben"], "who has: anna, me"),
    (["--compare", "me", "judge"], "no thoughts of"),
    (["--export", "x", "--by", "a/b"], "is no name for who labels"),
    (["--export", "x", "--steps"], "leave --steps out"),
    (["--import", "nothing.jsonl"], "there is no file nothing.jsonl"),
    (["--only", "cut"], "is cut off"),
    (["--export", "x.csv"], "end it in .jsonl"),
    (["--compare", "me", "anna", "--by", "ben"], "leave --by out"),
    (["--import", "x.jsonl", "--steps"], "leave --steps out"),
])
def test_what_cannot_be_is_said_in_a_line(capsys, monkeypatch, folder, tmp_path, options, words):
    monkeypatch.chdir(tmp_path)
    refused(run(capsys, monkeypatch, "label", folder, *options), words)


def test_labels_of_another_run_are_refused(capsys, monkeypatch, folder, tmp_path):
    other = write(tmp_path / "other", *[], created="later")
    (other / "results.jsonl").write_bytes((folder / "results.jsonl").read_bytes())
    (other / "labels-me.jsonl").write_bytes((folder / "labels-me.jsonl").read_bytes())
    refused(run(capsys, monkeypatch, "label", other, "--compare", "me", "oracle"), "labels of another run")


@pytest.mark.parametrize("arguments", [[], ["run", "--chat"]])
def test_a_run_or_the_chat_is_labelled(capsys, monkeypatch, arguments):
    refused(run(capsys, monkeypatch, "label", *arguments), "give the folder of a run that is to be labelled, or --chat")


def test_a_chat_without_answers_has_nothing_to_label(capsys, monkeypatch):
    refused(run(capsys, monkeypatch, "label", "--chat"), "no finished answer with thoughts")
