"""The options of a question are read in the forms that data sets have, and stand below it once."""
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.grade.options import read_options, with_options

BELOW = "Which?\n\nA) 5\nB) $x$"


@pytest.mark.parametrize("row", [
    {"options": ["5", "$x$"]}, {"choices": [5, "$x$"]}, {"options": ["A) 5", "B) $x$"]},
    {"options": ["(A) 5", "B. $x$"]},
    {"options": {"A": 5, "B": "$x$"}}, {"choices": {"text": ["5", "$x$"], "label": ["A", "B"]}},
    {"options": None, "choices": ["5", "$x$"]},
])
def test_options_of_every_form_stand_below_the_question(row: dict[str, Any]) -> None:
    assert read_options(row) == {"A": "5", "B": "$x$"}
    assert with_options("Which?", row) == BELOW
    assert with_options(BELOW, row) == BELOW, "once"


def test_options_that_are_a_text_stay_as_they_are() -> None:
    row = {"options": "A) $f(-6)=0$ B) $f(6)=-6$"}
    assert read_options(row) == {}
    assert with_options("Which?", row) == "Which?\n\nA) $f(-6)=0$ B) $f(6)=-6$"


@pytest.mark.parametrize("value", [None, "", " ", [], {}, 4, True, [["A"]], [None], [""], {"shuffle": True}, {"a": "5"},
                                   {"A": []}, {"text": ["5"], "label": [1]}, list(range(27)), {"AB": "5"}])
def test_what_lists_no_options_changes_nothing(value: object) -> None:
    for field in ("options", "choices"):
        assert read_options({field: value}) == {}
        assert with_options("Which?", {field: value}) == "Which?"


json = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from("AB"), inner),
                    max_leaves=8)


@given(st.dictionaries(st.sampled_from(["options", "choices"]), json), st.text())
def test_no_value_makes_it_raise_or_lose_the_question(row: dict[str, Any], question: str) -> None:
    assert with_options(question, row).startswith(question)
