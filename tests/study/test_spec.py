"""A study's file is understood whole or refused in one line that says what to do."""
from __future__ import annotations

import pytest

from localthink.errors import UsageError
from localthink.study.spec import bundled_studies, find_study, stem
from study.making import SMALL, study


def test_a_small_study_is_what_it_says():
    found = study()
    assert (found.samples, found.seed, found.models) == (2, 3, ("countdown",))
    assert [cell.name for cell in found.cells] == ["plain", "alpha 1", "alpha 3", "inviting"]
    assert found.choose is not None and (found.choose.split, found.test.split) == ("choose", "test")
    assert all(cell.generation.max_tokens == 400 for cell in found.cells)


@pytest.mark.parametrize("name", bundled_studies())
def test_every_bundled_study_can_be_read(name):
    found = find_study(name)
    assert found.about and found.expected
    assert any(cell.role == "grid" for cell in found.cells) and any(cell.role == "arm" for cell in found.cells)


def test_the_bundled_studies_are_these():
    assert bundled_studies() == ("aime", "calibration", "countdown", "family", "family-4", "gpqa", "gsm8k", "math500")


@pytest.mark.parametrize(("text", "said"), [
    (SMALL.replace("[test]", "[tests]"), "tests is no field: did you mean test?"),
    (SMALL.replace("[test]", "[other]"), "test is missing: give a set of problems"),
    (SMALL.replace("[grid]", "[gird]"), "gird is no field: did you mean grid?"),
    ("= 3", "is not TOML"),
    (SMALL.replace("samples = 2", "samples = 0"), "samples is 0: give a whole number of at least 1"),
    (SMALL.replace("samples = 2", "samples = 99_999"), "at most 10,000"),
    (SMALL.replace("seed = 3", "sead = 3"), "sead is no field: did you mean seed?"),
    (SMALL.replace("items = 9", "itmes = 9"), "itmes is no field: did you mean items?"),
    (SMALL.replace("items = 9", ""), "test.items is missing"),
    (SMALL.replace("alpha = [1, 3]", "alpha = 3"), "nothing to choose from"),
    (SMALL + "split = 'tset'", "it is one of train, choose, test"),
    (SMALL + "numbers = 2", "numbers is 2: give a whole number of at least 3"),
    (SMALL + "numbers = 5", "numbers is 5: give a whole number of at most 4"),
    ("[grid]\nalpha=3\n[test]\nsource='x.jsonl'\nnumbers = 4", "numbers is no field"),
    (SMALL + "[budget]\nhours = 0", "hours is 0: give a number above 0"),
    (SMALL.replace("samples = 2", "samples = 2\nmodels = ['a/m.gguf', 'b/m.gguf']"), "'m' twice"),
    (SMALL.replace("[arms.inviting]\nalpha = -2", "[arms]\ninviting = -2"), "give a table of settings"),
    ("[grid]\nalpha=3\n[test]\nsource='x.jsonl'\nonly.day = 2024-01-01", "is to be a text, a number"),
    ("[grid]\nalpha=3\n[test]\nsource='x.jsonl'\nrows.gold = 'a'", "question, answer, id and level"),
])
def test_a_file_that_is_wrong_is_refused_in_one_line(text, said):
    with pytest.raises(UsageError) as refused:
        study(text)
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_an_unknown_study_is_told_the_nearest_known_one():
    with pytest.raises(UsageError, match="did you mean countdown"):
        find_study("countdwon")
    with pytest.raises(UsageError, match="or one of aime, calibration, countdown"):
        find_study("zzz")


def test_what_does_not_decide_results_is_no_part_of_the_identity():
    longer = study(SMALL.replace("samples = 2", "about = 'more words'\nsamples = 2") + "[budget]\nhours = 3")
    assert longer.sha256 == study().sha256
    assert study(SMALL.replace("seed = 3", "seed = 4")).sha256 != study().sha256


def test_a_study_that_names_no_model_takes_one_from_the_command():
    found = find_study("math500")
    with pytest.raises(UsageError, match="names no model: give one with -m"):
        found.with_models(())
    given = found.with_models(("a/one.gguf",))
    assert given.models == ("a/one.gguf",) and given.sha256 != found.with_models(("two",)).sha256
    with pytest.raises(UsageError, match="'one' twice"):
        found.with_models(("a/one.gguf", "one"))


@pytest.mark.parametrize(("model", "folder"), [
    ("/models/qwen2.5-coder-0.5b.gguf", "qwen2.5-coder-0.5b"), ("qwen2.5-coder-0.5b", "qwen2.5-coder-0.5b"),
    ("deepseek-r1-distill-qwen-1.5b:Q4_K_M", "deepseek-r1-distill-qwen-1.5b-Q4_K_M"), ("countdown", "countdown")])
def test_models_that_differ_behind_a_point_have_folders_of_their_own(model, folder):
    assert stem(model) == stem(stem(model)) == folder
