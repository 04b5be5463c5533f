"""Prompts are a file: what is put into them stays as it is, and what is wrong with one is said in a line."""
from __future__ import annotations

import pytest

from judge.making import case
from localthink.errors import UsageError
from localthink.judge.interface import KINDS
from localthink.judge.prompts import NOTHING_BEFORE, bundled_prompts, read_prompts


@pytest.fixture
def write(tmp_path):
    def written(text):
        (tmp_path / "own.toml").write_text(text, encoding="utf-8")
        return tmp_path / "own.toml"

    return written


@pytest.mark.parametrize("kind", KINDS)
def test_the_prompts_that_come_along_hold_the_question_and_the_text(kind):
    filled = bundled_prompts().filled(case("THE TEXT", kind=kind, question="THE QUESTION"), "")
    assert "THE QUESTION" in filled and "THE TEXT" in filled and "{" not in filled


def test_what_is_put_in_is_not_searched_for_places_of_its_own(write):
    own = read_prompts(write(r"thought = '{question}|{before}|{text}|\boxed{}'"))
    assert own.filled(case("{before} {nonsense}", question="{text}"), "b") == r"{text}|b|{before} {nonsense}|\boxed{}"


def test_where_nothing_stood_before_the_prompt_says_so(write):
    assert read_prompts(write("thought = '{question}{before}{text}'")).filled(case("t"), "") == f"Q {NOTHING_BEFORE}t"


def test_what_a_file_leaves_out_is_as_it_comes_along(write):
    own = read_prompts(write("answer = '{question} {text}'\nyes = ['Ja']"))
    assert (own.texts["step"], own.no) == (bundled_prompts().texts["step"], bundled_prompts().no)
    assert own.yes == ("Ja",) and own.texts["answer"] == "{question} {text}"


def test_the_digest_is_of_all_that_decides_a_verdict_of_its_kind(write):
    plain, ours = bundled_prompts(), read_prompts(write("answer = '{question} {text}'"))
    assert plain.sha256("thought") == ours.sha256("thought") != plain.sha256("step")
    assert plain.sha256("answer") != ours.sha256("answer")
    assert read_prompts(write("yes = ['Ja']")).sha256("thought") != plain.sha256("thought")


@pytest.mark.parametrize(("text", "said"), [
    ("thought = '{question} {text} {befor}'", "own.toml thought holds {befor}, which nothing goes into: did you mean"),
    ("thought = '{question} {zzz} {text}'", "it may hold {question}, {before}, {text}"),
    ("step = '{text}'", "own.toml step has no {question}: put it where the question is to stand"),
    ("step = '{question}'", "own.toml step has no {text}"),
    ("thougt = 'x'", "own.toml thougt is no field: did you mean thought?"),
    ("thought = 3", "own.toml thought is 3: give a text"),
    ("yes = ['Right']\nno = ['Right']", "has 'Right' in yes and in no"),
    ("yes = 'Yes'", "give a list of texts"),
    ("thought =", "own.toml is not TOML"),
])
def test_whatever_is_wrong_with_a_file_is_said_in_one_line(write, monkeypatch, tmp_path, text, said):
    with pytest.raises(UsageError) as error:
        read_prompts(write(text))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"nothing\.toml cannot be read"):
        read_prompts(tmp_path / "nothing.toml")
