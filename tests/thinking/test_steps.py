"""A thought falls into steps, of which nothing is lost."""
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.thinking.steps import steps_of

TEXTS = st.text(st.sampled_from("ab:. \t\n"), max_size=60)


def test_paragraphs_are_steps_and_breaks_within_them_are_not():
    assert steps_of("Let me see.\n\nFirst:\n- one\n- two\n \nSo it is 3.\n") == (
        "Let me see.", "First:\n- one\n- two", "So it is 3.")


def test_without_a_blank_line_lines_are():
    assert steps_of("\nTry 11 - 4 = 7.\n7 * 7 = 49, no.\n") == ("Try 11 - 4 = 7.", "7 * 7 = 49, no.")


def test_a_formula_belongs_to_the_words_before_its_colon():
    assert steps_of("Divide both sides by 3:\n\nm = 4k\n\nwhich is:\n\n\\[m\\]\n\nDone.") == (
        "Divide both sides by 3:\n\nm = 4k", "which is:\n\n\\[m\\]", "Done.")


@pytest.mark.parametrize("blank", ["", " ", "\n\n \t"])
def test_what_is_blank_has_none(blank):
    assert steps_of(blank) == ()


@given(TEXTS)
def test_all_that_is_written_is_in_one_step_and_none_is_blank(text):
    steps = steps_of(text)
    assert "".join("".join(steps).split()) == "".join(text.split())
    assert all(step and step == step.strip() for step in steps)


@given(TEXTS)
def test_only_the_last_step_may_end_in_a_colon(text):
    assert not any(step.endswith(":") for step in steps_of(text)[:-1])


def test_steps_of_r1_are_sentences_or_a_few(shared):
    lengths = []
    for line in (shared / "data/traces/hybrid_r1-distill-llama-8b_aime.jsonl").read_text(encoding="utf-8").splitlines():
        thinking = json.loads(line)["response"].partition("</think>")[0]
        lengths += map(len, steps_of(thinking))
    lengths.sort()
    assert 60 < lengths[len(lengths) // 2] < 250
    assert lengths[len(lengths) * 9 // 10] < 600
