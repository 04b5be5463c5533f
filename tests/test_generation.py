"""How a sample is written: every field is read by its name, written as JSON, and found again."""
from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import localthink
from localthink.errors import UsageError
from localthink.generation import FIELDS, LATER, field_of, generation_object, read_generation, with_field, with_fields
from localthink.records import Generation, Sampling, Tip

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "alpha": st.floats(-50, 50) | st.just("inf"), "beta": st.integers(0, 5000) | st.just("inf"),
    "grace": st.integers(0, 99), "markers": st.lists(st.sampled_from(["switch", "check"]), min_size=1, unique=True),
    "where": st.sampled_from(["thinking", "everywhere"]), "temperature": st.floats(0, 3),
    "top_p": st.floats(0.01, 1), "min_p": st.floats(0, 0.99), "top_k": st.integers(0, 100),
    "max_tokens": st.integers(1, 9999), "max_thinking": st.integers(100, 9999), "min_thinking": st.integers(1, 100),
    "landing": st.floats(0, 9), "closing_message": st.sampled_from(["", "So.\n"]), "answer_room": st.integers(0, 999),
    "controls": st.lists(st.sampled_from(["loop-guard:rounds=4", "no-wait", "cyclic-reflex:amplitude=2.5,period=90"]),
                         max_size=3, unique=True),
    "stop": st.lists(st.text("ab\n", min_size=1), max_size=3), "think": st.sampled_from(["auto", "open", "free"]),
}
given_fields = st.fixed_dictionaries({}, optional=VALUES)


def test_every_field_of_a_generation_has_a_name_and_every_name_a_field():
    kept = {("tip", field.name) for field in fields(Tip)} | {("sampling", field.name) for field in fields(Sampling)}
    kept |= {("own", field.name) for field in fields(Generation) if field.name not in ("tip", "sampling")}
    assert {(field.part, field.name) for field in FIELDS.values()} == kept and VALUES.keys() == FIELDS.keys()


@given(given_fields)
def test_what_was_read_is_written_and_found_again(named):
    generation = read_generation(named)
    written = json.loads(json.dumps(generation_object(generation)))
    written["markers"] = written.pop("groups")
    assert read_generation(written) == generation
    for name, value in named.items():
        held = field_of(generation, name)
        if name == "controls":
            assert [str(each) for each in held] == value
        else:
            assert held == (math.inf if value == "inf" else tuple(value) if isinstance(value, list) else value)


@given(given_fields, given_fields)
def test_fields_that_are_not_given_stay(before, named):
    old = read_generation(before)
    new = with_fields(old, {**named, "somebody's": "own", "seed": 3})
    for name in FIELDS.keys() - named.keys():
        assert field_of(new, name) == field_of(old, name)
    assert with_fields(old, dict.fromkeys(FIELDS)) is old


@pytest.mark.parametrize("name", FIELDS)
def test_none_puts_one_field_back_to_what_it_is_by_itself(name):
    changed = read_generation({"alpha": 1, "beta": 2, "grace": 3, "markers": "check", "where": "everywhere",
                               "temperature": 1, "top_p": 0.5, "min_p": 0.1, "top_k": 4, "max_tokens": 5,
                               "max_thinking": 6, "min_thinking": 2, "landing": 1.5, "closing_message": "So.",
                               "answer_room": 9, "controls": "no-wait", "stop": "x", "think": "free"})
    again = with_field(changed, name, None)
    assert field_of(again, name) == field_of(Generation(), name) != field_of(changed, name)
    assert all(field_of(again, other) == field_of(changed, other) for other in FIELDS if other != name)


@pytest.mark.parametrize(("named", "said"), [
    ({"temprature": 1}, "did you mean temperature?"), ({"max_thinkin": 9}, "did you mean max_thinking?"),
    ({"zzz": 1}, "the fields are alpha, beta"), ({"alpha": "strong"}, 'alpha is "strong": give a number, or "inf"'),
    ({"top_p": 2}, "top-p is 2.0"), ({"max_thinking": 0}, "max-thinking is 0"),
    ({"stop": [""]}, "a stop string is empty"), ({"min_thinking": 0}, "min-thinking is 0"),
    ({"min_thinking": 9, "max_thinking": 8}, "min-thinking is 9, and max-thinking only 8"),
    ({"landing": -1}, "landing is -1.0"), ({"answer_room": -1}, "answer-room is -1"),
    ({"closing_message": 3}, "closing_message is 3: give a text"),
    ({"controls": "no-wiat"}, "did you mean no-wait?"), ({"controls": ["no-wait", "no-wait"]}, "is there twice"),
    ({"where": "here"}, 'where is "here"'), ({"think": "hard"}, 'think is "hard"'), ({"markers": []}, "an empty list"),
    ({"top_k": 1.5}, "top_k is 1.5: give a whole number"), ({"max_tokens": True}, "max_tokens is true"),
])
def test_what_is_wrong_is_said_with_its_value_and_the_nearest_known_name(named, said):
    with pytest.raises(UsageError) as error:
        localthink.read_generation(named)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_what_the_first_version_did_not_have_is_written_only_where_it_is_set():
    assert not {*LATER} & generation_object(Generation()).keys()
    assert {*LATER} <= generation_object(read_generation({
        "min_thinking": 2, "landing": 1.5, "closing_message": "So.", "answer_room": 9, "controls": "no-wait"})).keys()
