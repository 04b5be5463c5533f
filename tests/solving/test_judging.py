"""What a verifier is shown of an attempt."""
from __future__ import annotations

from localthink.solving.judging import cases_to_judge, kinds_judged


def result(answer, *thoughts):
    return {"key": "k", "question": "Q", "answer": answer, "item": {"answer": 5},
            "thoughts": [{"text": text} for text in thoughts]}


def test_of_one_that_thinks_the_steps_are_those_of_the_last_thought_and_the_answer():
    cases = cases_to_judge(result("It is 5.", "One.\n\nTwo.", "Three.\n\nFour.\n\nFive."), "steps")
    assert [(case.kind, case.text) for case in cases] == [
        ("step", "Three."), ("step", "Four."), ("step", "Five."), ("answer", "It is 5.")]
    assert [case.key for case in cases] == ["k:step:2", "k:step:3", "k:step:4", "k:answer:0"], "as localthink judge has"
    assert cases[1].before.endswith("Three.") and "One." in cases[1].before


def test_of_one_that_does_not_think_they_are_those_of_its_answer():
    cases = cases_to_judge(result("First.\n\nSo it is 5."), "steps")
    assert [case.text for case in cases] == ["First.", "So it is 5.", "First.\n\nSo it is 5."]


def test_a_last_thought_that_is_blank_has_no_steps():
    assert [case.kind for case in cases_to_judge(result("5", "One.", " "), "steps")] == ["answer"]


def test_the_kinds_are_those_of_the_cases():
    for what in ("answer", "steps"):
        assert {case.kind for case in cases_to_judge(result("5", "One."), what)} == set(kinds_judged(what))
