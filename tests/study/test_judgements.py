"""Judgements are kept once, whole, by judge; nothing that was kept is lost."""
from __future__ import annotations

from dataclasses import replace

import pytest

from judge.making import case
from localthink.errors import UsageError
from localthink.judge.interface import Judgement
from localthink.study.judgements import JUDGEMENTS, JudgeIdentity, Judgements, read_judgements, said_by

ONE = JudgeIdentity("one", "1" * 64, "2" * 64)


def keep(folder, judge, **said):
    with Judgements(folder, judge) as kept:
        kept.append([(case(key), judgement) for key, judgement in said.items()])


def test_what_is_kept_is_read_as_it_was_with_why_a_case_could_not_be_judged(tmp_path):
    said = {"a": Judgement(0.25), "b": Judgement(None, "too long"), "c": Judgement(1.0, cut=120)}
    keep(tmp_path, ONE, **said)
    assert said_by(tmp_path, ONE) == said
    assert {each.kind for each in read_judgements(tmp_path)} == {"thought"}


def test_another_file_or_another_prompt_is_another_judge(tmp_path):
    keep(tmp_path, ONE, a=Judgement(0.1))
    keep(tmp_path, replace(ONE, prompt="3" * 64), a=Judgement(0.9), b=Judgement(0.8))
    assert said_by(tmp_path, ONE) == {"a": Judgement(0.1)}
    assert said_by(tmp_path, replace(ONE, model="3" * 64)) == {}


def test_a_line_that_was_torn_is_dropped_and_the_next_is_whole(tmp_path):
    keep(tmp_path, ONE, a=Judgement(0.1), b=Judgement(0.2))
    path = tmp_path / JUDGEMENTS
    path.write_bytes(path.read_bytes()[:-7])
    assert said_by(tmp_path, ONE) == {"a": Judgement(0.1)}
    keep(tmp_path, ONE, b=Judgement(0.3))
    assert said_by(tmp_path, ONE) == {"a": Judgement(0.1), "b": Judgement(0.3)}


def test_two_cannot_judge_one_run_at_once(tmp_path):
    with Judgements(tmp_path, ONE), pytest.raises(UsageError, match="another process is judging"):
        Judgements(tmp_path, ONE)
    keep(tmp_path, ONE, a=Judgement(0.1))


@pytest.mark.parametrize(("old", "new", "wrong"), [
    ('"probability": 0.1', '"probability": 1.1', "'probability' is 1.1"),
    ('"probability": 0.1', '"probability": "no"', "'probability' is 'no'"),
    ('"name": "one"', '"nam": "one"', "'judge' is {'nam'"),
    ('"key": "a"', '"key": 3', "'key' is 3"),
])
def test_a_line_that_is_no_judgement_is_said_with_its_number(tmp_path, old, new, wrong):
    keep(tmp_path, ONE, a=Judgement(0.1))
    path = tmp_path / JUDGEMENTS
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(UsageError) as error:
        list(read_judgements(tmp_path))
    assert "line 1, is no judgement: its " + wrong in str(error.value)
