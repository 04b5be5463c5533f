"""What holds for units that nobody rated."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localthink.label.labels import RATINGS, Label, Unit, resolved

UNITS = [Unit("k", thought, step) for thought in range(3) for step in range(3)]
WHOLE = [Unit("k", thought) for thought in range(6)]


def shown(units, said):
    """A letter each: capital for what was said."""
    labels = {unit: Label(unit, rating, "") for unit, rating in said.items()}
    return "".join("." if not each.rating else each.rating[0].upper() if each.said else each.rating[0]
                   for each in resolved(units, labels))


def test_behind_a_wrong_thought_the_rest_is_wrong_by_default():
    assert shown(WHOLE, {WHOLE[0]: "right", WHOLE[2]: "wrong"}) == "R.Wwww"


def test_a_right_one_ends_the_default_and_an_unsure_one_does_not():
    assert shown(WHOLE, {WHOLE[0]: "wrong", WHOLE[2]: "right", WHOLE[4]: "unsure"}) == "WwR.U."
    assert shown(WHOLE, {WHOLE[0]: "wrong", WHOLE[1]: "unsure"}) == "WUwwww"


def test_a_wrong_step_spoils_its_own_thought_alone():
    assert shown(UNITS, {UNITS[1]: "wrong"}) == ".Ww......"
    assert shown(UNITS, {UNITS[2]: "wrong", UNITS[4]: "wrong"}) == "..W.Ww..."


@given(st.dictionaries(st.sampled_from(WHOLE), st.sampled_from(RATINGS)))
def test_what_was_said_stands_and_a_default_is_only_ever_wrong_behind_a_wrong_one(said):
    labels = {unit: Label(unit, rating, "") for unit, rating in said.items()}
    found = resolved(WHOLE, labels)
    for place, (unit, rated) in enumerate(zip(WHOLE, found, strict=True)):
        assert rated.said == (unit in said)
        if rated.said:
            assert rated.rating == said[unit]
        decided = [said[before] for before in WHOLE[:place] if said.get(before, "unsure") != "unsure"]
        if not rated.said:
            assert (rated.rating == "wrong") == (decided[-1:] == ["wrong"])
