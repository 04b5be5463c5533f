"""`localthink tokens`: text as tokens, and what the switch expressions resolve to."""
from __future__ import annotations

import json

import pytest

from cli.running import run
from localthink.cli.tokens import MOST_FORMS
from localthink.locations import user_markers
from tiny_gguf import write_tiny_gguf


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf", weights=False)


@pytest.fixture
def tokens(capsys, monkeypatch, model):
    return lambda *arguments: run(capsys, monkeypatch, "tokens", model, *arguments)


def test_a_pipe_gets_one_token_a_line_with_its_id(tokens):
    ran = tokens("Alternatively x")
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert [json.loads(piece) for _, piece in rows] == ["Alternatively", " ", "x"] or \
           [json.loads(piece) for _, piece in rows] == ["Alternatively", " x"]
    assert all(number.isdigit() for number, _ in rows)


def test_json_gives_ids_and_texts_that_join_to_the_text(tokens):
    rows = json.loads(tokens("Wait, <think> ok", "--json").out)
    assert "".join(row["text"] for row in rows) == "Wait, <think> ok"
    assert any(row["text"] == "<think>" for row in rows)


def test_special_tokens_are_recognised_and_shown(tokens):
    assert json.loads(tokens("<｜User｜>", "--json").out)[0]["text"] == "<｜User｜>"


def test_a_part_of_a_character_is_written_out(tokens):
    rows = json.loads(tokens("é", "--json").out)
    assert [row["text"] for row in rows] == ["\\xc3", "\\xa9"]


def test_markers_show_the_sequences_and_the_penalised_token(tokens):
    rows = json.loads(tokens("--markers", "--json").out)
    single = [row for row in rows if row["pieces"] == [" Alternatively"]]
    assert single and single[0]["group"] == "switch" and single[0]["penalised"] == single[0]["tokens"][0]
    assert {row["group"] for row in rows} == {"switch", "paraphrase", "wait"}
    text = tokens("--markers").out
    assert "[switch]" in text and "[paraphrase]" in text and "[wait]" in text and "markers.toml" in text


def test_markers_show_some_forms_of_an_expression_and_say_how_many_more_there_are(tokens):
    forms = [row for row in json.loads(tokens("--markers", "--json").out) if row["expression"] == "{kind} {number}"]
    shown = tokens("--markers").out.partition("  {kind} {number}\n")[2].splitlines()
    assert shown[MOST_FORMS] == f"      and {len(forms) - MOST_FORMS} more; --json has them all"
    assert all(str(row["penalised"]) in line for row, line in zip(forms[:MOST_FORMS], shown[:MOST_FORMS], strict=True))


def test_a_persons_own_markers_need_have_no_paraphrases(tokens):
    user_markers().parent.mkdir(parents=True)
    user_markers().write_text("[switch]\nexpressions = ['So']\n", encoding="utf-8")
    assert {row["group"] for row in json.loads(tokens("--markers", "--json").out)} == {"switch"}
    assert "[switch]" in tokens("--markers").out


def test_markers_and_a_text_together_are_refused(tokens):
    ran = tokens("--markers", "text")
    assert ran.code == 2
    assert "--markers" in ran.err


def test_a_model_is_needed(capsys, monkeypatch):
    assert run(capsys, monkeypatch, "tokens").code == 2
