"""Math-Verify is asked in a process: started once, ended when it hangs, and replaced after whatever befalls it."""
from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from localthink.grade import mathematics
from localthink.grade.exact import read_gold
from localthink.grade.grading import Grader
from localthink.grade.mathematician import Mathematician, NoVerdictError

TOWER = "9^{9^{9^{9^{9}}}}"


def acted(orders: Connection[Any, Any], replies: Connection[Any, Any], seconds: float) -> None:
    """A process that does what it is asked: hang, die, fail, babble, or say whether two texts are the same."""
    replies.send_bytes(mathematics.READY)
    while True:
        gold, given = json.loads(orders.recv_bytes())
        if given == "hang":
            time.sleep(60)
        if given == "die":
            os._exit(3)
        reply = {"fail": b'"it failed"', "babble": b"\xff{"}.get(given, json.dumps(gold == given).encode())
        replies.send_bytes(reply)


def dead(orders: Connection[Any, Any], replies: Connection[Any, Any], seconds: float) -> None:
    os._exit(4)


@pytest.fixture
def actor() -> Iterator[Mathematician]:
    with Mathematician(0.5, acted) as started:
        yield started


@pytest.mark.parametrize(("given", "reason"), [
    ("hang", r"took more than 0\.5 s"), ("die", r"ended its process \(exit code 3\)"), ("fail", "it failed"),
    ("babble", "is no reply"),
])
def test_what_befalls_it_is_said_and_the_next_question_is_answered(
        actor: Mathematician, given: str, reason: str) -> None:
    assert actor.equal("a", "a")
    with pytest.raises(NoVerdictError, match=reason):
        actor.equal("a", given)
    assert actor.equal("a", "a") and not actor.equal("a", "b")


def test_a_process_that_was_ended_between_two_questions_is_replaced(actor: Mathematician) -> None:
    assert actor.equal("a", "a")
    assert actor._child is not None
    actor._child.process.kill()
    actor._child.process.join()
    assert actor.equal("a", "a")


def test_a_process_that_does_not_load_is_a_reason() -> None:
    with Mathematician(serve=dead) as mathematician, pytest.raises(NoVerdictError, match="exit code 4"):
        mathematician.equal("a", "a")


def test_no_process_starts_before_it_is_asked_and_one_serves_many(actor: Mathematician) -> None:
    assert actor._child is None
    actor.equal("a", "b")
    first = actor._child
    actor.equal("a", "a")
    assert actor._child is first is not None


def test_an_answer_without_a_verdict_counts_as_wrong_with_the_reason(actor: Mathematician) -> None:
    grader = Grader(actor)
    verdict = grader.grade(read_gold("x+1"), r"\boxed{hang}")
    assert (verdict.correct, verdict.grader, verdict.failure) == (False, "mathematics", "grading took more than 0.5 s")
    assert grader.grade(read_gold("x+1"), r"\boxed{x+1}").correct


@pytest.mark.parametrize("given", [TOWER, f"{TOWER}!", "(" * 400], ids=lambda text: text[:20])
def test_a_formula_that_never_ends_is_given_up_and_the_next_one_is_graded(given: str) -> None:
    with Mathematician(1.0) as mathematician:
        assert mathematician.equal("x+1", "1+x")  # loaded
        begun = time.monotonic()
        try:
            assert not mathematician.equal(r"\sqrt{2}", given)
        except NoVerdictError as error:
            assert "took more than 1 s" in str(error) or "ended its process" in str(error)
        assert time.monotonic() - begun < 10
        assert mathematician.equal("x+1", "1+x")
