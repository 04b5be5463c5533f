"""The cases of a result are its thoughts, its lines or its answer, each with what stood before it."""
from __future__ import annotations

from judge.making import PUZZLE
from localthink.judge.cases import case_key, cases_of

RESULT = {"key": "ab12", "question": "Use 13, 1 and 5 to make 60.", "answer": "60.",
          "thoughts": [{"text": "First, 13 + 5 = 18.\n\n18 + 1 = 19, no."}, {"text": "Or 13 - 1 = 12.\n12 * 5 = 60."}],
          "item": {"numbers": [13, 1, 5], "target": 60}}


def test_thoughts_have_all_earlier_thoughts_before_them():
    first, second = cases_of(RESULT, "thought")
    assert (first.text, first.before) == (RESULT["thoughts"][0]["text"], "")
    assert (second.text, second.before) == (RESULT["thoughts"][1]["text"], RESULT["thoughts"][0]["text"])
    assert second.key == case_key("ab12", "thought", 1) == "ab12:thought:1"
    assert second.known == PUZZLE and second.question == RESULT["question"]


def test_steps_are_the_lines_of_thoughts_with_all_that_was_said_before():
    steps = cases_of(RESULT, "step")
    assert [step.text for step in steps] == [
        "First, 13 + 5 = 18.", "18 + 1 = 19, no.", "Or 13 - 1 = 12.", "12 * 5 = 60."]
    assert steps[0].before == "" and steps[1].before == "First, 13 + 5 = 18."
    assert steps[3].before.endswith("18 + 1 = 19, no.\n\nOr 13 - 1 = 12.")
    assert [step.key for step in steps] == [case_key("ab12", "step", place) for place in range(4)]


def test_an_answer_is_one_case_and_a_blank_one_is_none():
    (answer,) = cases_of(RESULT, "answer")
    assert (answer.text, answer.before) == ("60.", "")
    assert cases_of({**RESULT, "answer": " \n"}, "answer") == []


def test_without_thoughts_the_steps_are_those_of_the_answer():
    steps = cases_of({**RESULT, "thoughts": [], "answer": "One.\nTwo.\n \nThree.\n\n\n\\boxed{4}"}, "step")
    assert [(step.text, step.before) for step in steps] == [
        ("One.\nTwo.", ""), ("Three.", "One.\nTwo."), ("\\boxed{4}", "One.\nTwo.\nThree.")]
    assert cases_of({**RESULT, "thoughts": [], "answer": " "}, "step") == []
