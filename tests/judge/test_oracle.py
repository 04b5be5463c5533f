"""The oracle is certain where the truth is known, and a simulated judge errs as often as it was told to."""
from __future__ import annotations

import statistics

import pytest

from judge.making import PUZZLE, case
from localthink.errors import UsageError
from localthink.grade.exact import read_gold
from localthink.grade.grading import Grader
from localthink.judge.interface import Judgement
from localthink.judge.oracle import Oracle
from localthink.judge.simulated import SimulatedJudge


@pytest.fixture
def oracle():
    with Grader() as grader:
        yield Oracle(grader)


@pytest.mark.parametrize(("judged", "right"), [
    (case("Try 13 - 1 = 12.", known=PUZZLE), True),
    (case("Try 13 * 5 = 65.", known=PUZZLE), False),
    (case("Hm.", known=PUZZLE), None),
    (case("Hm.", known=read_gold(4)), None),
    (case(r"\boxed{(13 - 1) * 5}", kind="answer", known=PUZZLE), True),
    (case(r"\boxed{13 * 5 - 1}", kind="answer", known=PUZZLE), False),
    (case(r"\boxed{4}", kind="answer", known=read_gold(4)), True),
    (case(r"\boxed{4}", kind="answer"), None),
    (case("13 * 5 = 65, no.", kind="step", known=PUZZLE), True),
    (case("12 * 5 = 60, yes.", kind="step", before="13 - 1 = 12", known=PUZZLE), True),
    (case("12 * 5 = 60, yes.", kind="step", known=PUZZLE), False),
])
def test_what_is_known_is_certain_and_all_else_is_nobodys_to_say(oracle, judged, right):
    (found,) = oracle.judge([judged])
    assert found.right is right and found.probability in (0, 1, None) and bool(found.failure) == (right is None)


CASES = [case("Try 13 - 1 = 12." if place % 2 else "Try 13 * 5 = 65.", f"case {place}", known=PUZZLE)
         for place in range(2000)]


@pytest.mark.parametrize("accuracy", [0.6, 0.75, 0.9])
def test_a_simulated_judge_is_right_as_often_as_it_says(oracle, accuracy):
    found, truth = SimulatedJudge(oracle, accuracy).judge(CASES), oracle.judge(CASES)
    share = statistics.fmean(one.right == other.right for one, other in zip(found, truth, strict=True))
    assert share == pytest.approx(accuracy, abs=4 * (accuracy * (1 - accuracy) / len(CASES)) ** 0.5)
    assert {each.probability for each in found} == {accuracy, 1 - accuracy}


def test_a_simulated_judge_says_the_same_of_a_case_whenever_and_beside_whatever_it_is_asked(oracle):
    judge = SimulatedJudge(oracle, 0.7, seed=4)
    assert judge.judge(CASES)[100:120] == judge.judge(CASES[100:120]) != SimulatedJudge(oracle, 0.7, 5).judge(
        CASES[100:120])


def test_a_simulated_judge_knows_no_more_than_the_oracle(oracle):
    assert SimulatedJudge(oracle, 1).judge([case("Hm.", known=PUZZLE)])[0].probability is None
    assert SimulatedJudge(oracle, 1).judge(CASES[:4]) == [Judgement(0.0), Judgement(1.0)] * 2


@pytest.mark.parametrize("accuracy", [0.49, 1.01, float("nan")])
def test_an_accuracy_below_luck_or_above_certainty_is_refused(oracle, accuracy):
    with pytest.raises(UsageError, match=r"give a number from 0\.5 to 1"):
        SimulatedJudge(oracle, accuracy)
