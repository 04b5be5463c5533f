"""Judges that err as often as stated, alike or not; and what was kept of real ones."""
from __future__ import annotations

import numpy as np
import pytest

from localthink.judge.interface import Case, Judgement
from localthink.solving.attempts import Attempt
from localthink.solving.pool import Pool
from localthink.study.judgements import JudgeIdentity, Judgements
from solve_coverage import coverage
from solve_judges import Kept, erring, with_giving_up
from solving.making import attempt, said

MANY = 4000
STEPS = (1.0, 0.0, None)  # the last but one is wrong, and so is the attempt; the oracle could not tell the last


def pool():
    attempts = tuple(Attempt(n, 5, said("1"), judged=(1.0, 1.0) if n % 2 else (1.0, 0.0)) for n in range(MANY))
    return Pool("p", attempts, frozenset(range(1, MANY, 2)), ({},) * MANY)


def errors(judged):
    """By attempt and case, whether the judge is wrong."""
    known = np.array([each.judged for each in pool().attempts]) > 0.5
    return (np.array([each.judged for each in judged.attempts]) > 0.5) != known


def test_errors_that_are_independent_are_as_many_as_stated_and_have_nothing_in_common():
    found = errors(erring(pool(), 0.8, alike=False))
    assert found.mean(axis=0) == pytest.approx([0.2, 0.2], abs=0.03)
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.06


def test_a_judge_that_errs_alike_errs_on_the_whole_of_a_right_attempt():
    found = errors(erring(pool(), 0.8, alike=True))[1::2]
    assert found.mean() == pytest.approx(0.2, abs=0.03)
    assert (found[:, 0] == found[:, 1]).all()


def test_one_that_is_taken_in_by_a_wrong_attempt_calls_all_of_it_right():
    judged = np.array([each.judged for each in erring(pool(), 0.8, alike=True).attempts])[::2]
    assert set(map(tuple, judged.round(6))) == {(0.8, 0.8), (0.8, 0.2)}


def test_what_the_oracle_could_not_tell_no_judge_can():
    one = Pool("p", (Attempt(0, 5, said("1"), judged=STEPS),), frozenset(), ({},))
    for alike in (False, True):
        assert erring(one, 0.7, alike).attempts[0].judged[-1] is None
        assert erring(one, 0.7, alike) == erring(one, 0.7, alike), "it is the same every time"


def test_giving_up_is_one_answer_and_what_was_cut_off_is_none():
    own = Pool("p", tuple(attempt(n, None) for n in range(3)), frozenset(),
               tuple({"sample": n, "finish_reason": reason} for n, reason in enumerate(("stop", "length", "stop"))))
    first, cut, second = with_giving_up(own).attempts
    assert first.said == second.said is not None and cut.said is None


def test_coverage_counts_stops_that_held():
    settled = Pool("p", tuple(attempt(n, "1") for n in range(8)), frozenset(), ({},) * 8)
    never = Pool("q", tuple(attempt(n, str(n)) for n in range(8)), frozenset(), ({},) * 8)
    assert coverage([settled, never], 8).startswith("consensus stopped as sure on 1 of 2 puzzles: it said 96.9 %")


def test_coverage_is_what_plain_counting_says():
    answers = "1111222222"
    held = []
    for start in range(10):
        order = answers[start:] + answers[:start]
        for k in range(1, 11):
            a, b = sorted((order[:k].count("1"), order[:k].count("2")))[::-1]
            if (a, b) in ((4, 0), (5, 0), (6, 1), (7, 1)) or a - b > 10 - k:
                break
        leader = max("12", key=order[:k].count)
        if (a, b) in ((4, 0), (6, 1)):  # the smallest at which the posterior reaches 95 %
            rest, other = order[k:].count(leader), len(order) - k - order[k:].count(leader)
            held.append((leader == "2", (rest > other) + 0.5 * (rest == other)))
    of_all, unseen = 100 * np.array(held, float).mean(axis=0)
    told = coverage([Pool("r", tuple(attempt(n, answer) for n, answer in enumerate(answers)), frozenset(),
                          ({},) * 10)] * 2, 10)
    assert 0 < of_all < 100
    assert f"all attempts in {of_all:.1f} " in told and f"it had not seen in {unseen:.1f} " in told


def kept(folder, kind, name, key):
    with Judgements(folder, JudgeIdentity(name, "a" * 64, kind * 4)) as file:
        file.append([(Case(key, kind, "Q", "A"), Judgement(0.7))])


def test_what_one_judge_has_said_of_each_kind_is_said_again(tmp_path):
    kept(tmp_path, "answer", "qwen", "k:answer:0")
    kept(tmp_path, "step", "qwen", "k:step:0")
    kept(tmp_path, "thought", "another", "k:thought:0")
    judge = Kept(tmp_path)
    assert (judge.name, judge.kinds) == ("qwen", {"answer", "step"})
    said_again = judge.judge([Case("k:step:0", "step", "Q", "A"), Case("k:step:1", "step", "Q", "A")])
    assert [each.probability for each in said_again] == [0.7, None]


def test_two_judges_of_one_kind_are_refused_though_they_have_one_name(tmp_path):
    kept(tmp_path, "answer", "qwen", "k:answer:0")
    with Judgements(tmp_path, JudgeIdentity("qwen", "b" * 64, "answer")) as file:
        file.append([(Case("k:answer:1", "answer", "Q", "A"), Judgement(0.2))])
    with pytest.raises(SystemExit, match="keep one of them"):
        Kept(tmp_path)
