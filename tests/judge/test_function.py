"""A person's function judges in a process of its own: what it does wrong costs its case and no other."""
from __future__ import annotations

import pytest

from judge.making import case
from localthink.errors import UsageError
from localthink.judge.function import FunctionJudge

FUNCTION = '''
import os, sys, time
print("noise")

def score(question, text, before):
    print("more noise", file=sys.stderr)
    if "raise" in text: raise ValueError("no\\nidea")
    if "exit" in text: sys.exit(3)
    if "die" in text: os._exit(9)
    if "hang" in text: time.sleep(60)
    if "wrong" in text: return 7
    if "text" in text: return "0.5"
    if "none" in text: return None
    if "bool" in text: return question == "Q " and before == "b"
    return 0.25

broken = 3
'''


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("functions") / "mine.py"
    path.write_text(FUNCTION, encoding="utf-8")
    return path


def test_numbers_and_truths_are_judgements_and_whatever_else_happens_is_told(path):
    texts = ["fine", "raise", "exit", "die", "wrong", "text", "none", "bool", "fine"]
    with FunctionJudge(f"{path}:score") as judge:
        found = judge.judge([case(text, before="b") for text in texts])
    assert [each.probability for each in found] == [0.25, *[None] * 6, 1.0, 0.25]
    said = dict(zip(texts, (each.failure for each in found), strict=True))
    assert said["raise"] == "mine.py:score ValueError: no idea"
    assert "SystemExit: 3" in said["exit"] and "ended its process (exit code 9)" in said["die"]
    assert "returned 7, and no number from 0 to 1" in said["wrong"] and 'returned "0.5"' in said["text"]
    assert "returned null" in said["none"]


def test_a_case_on_which_it_hangs_is_given_up_and_the_next_is_judged(path):
    with FunctionJudge(f"{path}:score", time_limit=0.3) as judge:
        hung, fine = judge.judge([case("hang"), case("fine")])
    assert (hung.probability, hung.failure) == (None, "mine.py:score took more than 0.3 s")
    assert fine.probability == 0.25


@pytest.mark.parametrize(("written", "said"), [
    ("{path}", "give a file and a function in it, as judge.py:score"),
    ("{path}x:score", "there is no file"),
    ("{path}:nothing", "mine.py:nothing cannot be used: ImportError: it has no function nothing"),
    ("{path}:broken", "it has no function broken"),
    ("{path}:a b", "give a file and a function"),
])
def test_a_function_that_is_not_there_is_said_in_one_line(path, written, said):
    with pytest.raises(UsageError, match=said):
        FunctionJudge(written.format(path=path))


def test_a_file_that_fails_as_it_is_loaded_is_said(tmp_path):
    (tmp_path / "bad.py").write_text("import nothing_of_that_name", encoding="utf-8")
    with pytest.raises(UsageError, match=r"bad\.py:score cannot be used: ModuleNotFoundError: No module named"):
        FunctionJudge(f"{tmp_path / 'bad.py'}:score")


def test_a_function_that_cannot_be_started_again_fails_its_cases_and_raises_nothing(tmp_path):
    path = tmp_path / "gone.py"
    path.write_text(FUNCTION, encoding="utf-8")
    with FunctionJudge(f"{path}:score") as judge:
        path.write_text("import nothing_of_that_name", encoding="utf-8")
        dead, *later = judge.judge([case("die"), case("fine"), case("fine too")])
    assert "ended its process" in dead.failure
    assert all(each.probability is None and "gone.py:score could not be started again: " in each.failure
               and "nothing_of_that_name" in each.failure for each in later)
