"""The budget of thinking: where sentences end, how long a wish may wait, and that a limit is one."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.control.budget import EARLY, GRACE_TOKENS, SENTENCE_END, ThinkingBudget

PIECES = ["So", " 3", ".", "14", "\n", " it is", "?", "。", " )", '"', " 1", "!", "", " ", "..."]

pieces = st.lists(st.sampled_from(PIECES), max_size=300)
limits = st.integers(1, 260)


@pytest.mark.parametrize("text", [
    "So it is done.", "Is it?", "It is!", "It is done. ", "It is done.\t", "Done.\n", "\n", "\n\n",
    "是的。", "是吗？", "好！",
    'He said "no."', "He said “no.”", "(which holds.)", "[which holds.]", "**Done.**", "*Done.*", "so x = y.", "$x$.",
    "\\(x\\).", "Is it 57?", "Is it 57 ?", "（是的。）", "他说「好。」", "line\n    ",
])
def test_a_sentence_ends_here(text):
    assert SENTENCE_END.search(text)


@pytest.mark.parametrize("text", [
    "", " ", "So", "So it is", "3.14", "3.", "1.", "12. ", "\n1.", "leaving 8 and 12.", "57!",
    "so,", "so:", "and so...",
    "so ...", ".", "The end. And", "「", "(no", "Done.x", "3.14\" ",
])
def test_no_sentence_ends_here(text):
    assert not SENTENCE_END.search(text)


def closing_place(budget: ThinkingBudget, pieces: list[str], most: int = 1_000) -> int:
    """How many tokens of thinking there are when it is closed; `most` where it never is."""
    for position in range(most):
        tail = "".join(pieces[max(0, position - 4):position])
        if budget.closes(position, tail):
            return position
    return most


@given(limits, pieces)
def test_no_text_talks_past_a_limit_nor_is_cut_long_before_it(limit, pieces):
    place = closing_place(ThinkingBudget(limit), pieces)
    assert limit - min(GRACE_TOKENS, limit // EARLY) <= place <= limit
    if place < limit:
        assert SENTENCE_END.search("".join(pieces[max(0, place - 4):place]))


@given(limits)
def test_without_a_sentence_end_a_limit_holds_exactly(limit):
    assert closing_place(ThinkingBudget(limit), [" so"] * 300) == limit


@given(st.integers(0, 200), pieces, limits | st.none())
def test_an_answer_that_was_asked_for_waits_for_a_sentence_end_but_not_for_long(asked, pieces, limit):
    budget = ThinkingBudget(limit)
    budget.steer("answer", asked)
    places = [place for place in range(asked, asked + 2 * GRACE_TOKENS)
              if budget.closes(place, "".join(pieces[max(0, place - 4):place]))]
    ends = [place for place in range(asked, asked + GRACE_TOKENS)
            if SENTENCE_END.search("".join(pieces[max(0, place - 4):place]))]
    assert places[0] == min([*ends, asked + GRACE_TOKENS])
    assert set(range(asked + GRACE_TOKENS, asked + 2 * GRACE_TOKENS)) <= set(places)


def test_what_was_written_before_the_wish_does_not_close_at_once_in_mid_sentence():
    budget = ThinkingBudget(None)
    budget.steer("answer", 10)
    assert not budget.closes(10, "and so it")
    assert budget.closes(10, "so it is.")


@given(pieces, limits | st.none())
def test_thinking_that_is_to_go_on_never_closes_whatever_the_limit(pieces, limit):
    budget = ThinkingBudget(limit)
    budget.steer("think", 0)
    assert budget.goes_on(10_000)
    assert closing_place(budget, pieces) == 1_000


@given(limits)
def test_a_limit_that_was_overruled_counts_again_when_the_wish_is_taken_back(limit):
    budget = ThinkingBudget(limit)
    budget.steer("think", 0)
    budget.steer("free", limit + 5)
    assert budget.closes(limit + 5, " and")
    assert not budget.goes_on(limit + 5)


@given(st.integers(0, 10_000), pieces)
def test_thinking_takes_its_own_course_without_limit_or_wish(position, pieces):
    budget = ThinkingBudget(None)
    assert budget.free
    assert not budget.closes(position, "".join(pieces))
    assert not budget.goes_on(position)


@pytest.mark.parametrize(("limit", "wish", "free"), [(None, "free", True), (9, "free", False), (None, "answer", False),
                                                     (None, "think", False), (9, "think", False)])
def test_only_where_nothing_is_wanted_there_is_nothing_to_watch(limit, wish, free):
    budget = ThinkingBudget(limit)
    budget.steer(wish, 3)
    assert budget.free is free
