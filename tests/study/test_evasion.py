"""What is done is told apart from what is said, and both have paired differences."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.clusters import ratio_interval
from localthink.grade.countdown import Puzzle
from localthink.grade.countdown_thoughts import ideas
from localthink.study.countdown import first_operations, operations
from localthink.study.evasion import changes, distinct, evasion, repeats, sequence, unmarked
from localthink.study.samples import ThoughtSpan
from localthink.study.statistics import ratio_difference_interval
from study.making import sample, thoughts

PUZZLE = Puzzle((4, 13, 1), 48)


@pytest.mark.parametrize(("thought", "tried"), [
    ("Alternatively, try 13 - 1 = 12, leaving 12 and 4.\n12 * 4 = 48, yes.", ("13 - 1",)),
    ("We have 4 + 13 = 17. Then 17 + 1 = 18. Next, let us see 4 × 13 = 52.", ("4 + 13", "4 * 13")),
    (r"Take \(13 \times 4 = 52\), or \(13 \div 1 = 13\). \(4 \cdot 1 = 4\)", ("4 * 13", "13 / 1", "1 * 4")),
    ("13 - 1 = 12. Again: 13 - 1 = 12.", ("13 - 1",)), ("13 - 1 = 11, I think.", ("13 - 1",)),
    ("5 + 6 = 11 and 4 + 4 = 8", ()), ("I have no idea.", ()),
])
def test_ideas_are_equations_on_two_of_the_puzzles_numbers_however_they_are_worded(thought, tried):
    assert ideas(thought, PUZZLE) == tried


def test_what_goes_on_with_what_is_left_is_no_idea_though_its_numbers_are_the_puzzles():
    assert ideas("8 - 4 = 4, leaving 4 and 2. 4 * 2 = 8, no.", Puzzle((2, 4, 8), 10)) == ("8 - 4",)


@given(st.lists(st.integers(1, 13), min_size=3, max_size=3), st.data())
def test_every_line_of_the_bundled_models_search_is_told_for_what_it_is(numbers, data):
    tried = first_operations(tuple(numbers))
    first, (rest,) = tried[data.draw(st.integers(0, len(tried) - 1))]
    lines = [f"Alternatively, try {first}, leaving {first.value} and {rest}.",
             *(f"{line}, no." for line in operations(first.value, rest))]
    assert len(ideas("\n".join(lines), Puzzle(tuple(numbers), 99))) == 1


def with_ideas(*tried, **more):
    return sample(thoughts=tuple(ThoughtSpan(place * 10, place * 10 + 10, 0, None, each)
                                 for place, each in enumerate(tried)), **more)


def test_changes_are_counted_however_they_are_announced_and_repeats_by_thought():
    found = with_ideas(("1 + 2", "1 * 2"), (), ("1 + 2",), ("1 + 2", "1 * 2", "2 - 1"))
    assert sequence(found) == ["1 + 2", "1 * 2", "1 + 2", "1 + 2", "1 * 2", "2 - 1"]
    assert (distinct(found), changes(found), unmarked(found), repeats(found)) == (3, 4, 3, 2)


def study_of(held):
    """Ten problems: `held` says the same as plain decoding with half the markers."""
    plain = [with_ideas(("1 + 2",), ("1 * 2",), ("2 - 1",), problem=f"p{n}", tokens=90 + n, switches=2)
             for n in range(10)]
    return plain + [replace(held(each), cell="held") for each in plain]


def test_a_change_of_words_alone_is_seen_as_one():
    def reworded(each):
        first, second, third = each.thoughts
        return replace(each, thoughts=(replace(first, ideas=first.ideas + second.ideas), third), switches=1,
                       paraphrases=1)

    plain, held = evasion(study_of(reworded), ["plain", "held"])
    differences = {name: figure.value for name, figure in held.differences.items()}
    assert differences == pytest.approx({"switches": -1, "paraphrases": 1, "waits": 0, "ideas": 0, "changes of idea": 0,
                                         "unmarked": 0.5, "repeats": 0, "tokens an idea": 0})
    assert plain.differences == {} and plain.figures["tokens an idea"].value == pytest.approx(945 / 30)


def test_a_change_of_deeds_is_seen_as_one_with_its_interval():
    plain, held = evasion(study_of(lambda each: replace(each, thoughts=each.thoughts[:2], switches=1)),
                          ["plain", "held"])
    assert held.differences["changes of idea"].value == held.differences["ideas"].value == -1
    assert held.differences["changes of idea"].interval == (-1, -1)
    assert held.differences["tokens an idea"].interval[0] > 0 and "unmarked" in plain.figures


def test_where_nothing_is_known_of_ideas_words_alone_are_told():
    [found] = evasion([sample(f"p{n}", thoughts=thoughts(None, None)) for n in range(9)], ["plain"])
    assert list(found.figures) == ["switches", "paraphrases", "waits"]


def test_the_interval_of_a_difference_of_ratios_is_paired():
    rng = np.random.default_rng(3)
    sums, counts = rng.poisson(40, 60).astype(float), rng.poisson(10, 60).astype(float) + 1
    low, high = ratio_difference_interval((sums, counts), (sums + counts, counts))
    assert low == pytest.approx(1) and high == pytest.approx(1)  # though either ratio's own interval is wide
    assert np.ptp(ratio_interval(sums, counts)) > 0.3
    assert ratio_difference_interval((sums[:7], counts[:7]), (sums[:7], counts[:7])) is None
