"""Figures of settings and of pairs are what counting by hand gives."""
from __future__ import annotations

from array import array

import pytest

from localthink.study.metrics import accuracy, cell_figures, compare, figure, held_at, parting
from localthink.study.samples import ThoughtSpan
from study.making import sample, thoughts


def test_accuracy_counts_every_problem_the_same_however_many_samples_it_has():
    samples = [sample("a", number=n) for n in range(9)] + [sample("b", outcome="wrong")]
    assert accuracy(samples).value == pytest.approx(0.5)
    assert figure(samples, lambda each: each.right).value == pytest.approx(0.9)


def test_figures_of_no_samples_are_none():
    assert accuracy([]).samples == figure([], lambda each: 1.0).samples == 0


def test_a_setting_has_its_outcomes_and_its_accuracy_without_what_was_cut_off():
    samples = [sample("a"), sample("b", outcome="cut off"), sample("c", outcome="loop"), sample("d", outcome="wrong")]
    found = cell_figures("plain", samples)
    assert (found.accuracy.value, found.finished.value) == (0.25, 0.5)
    assert found.outcomes == {"right": 1, "wrong": 1, "no answer": 0, "cut off": 1, "loop": 1}
    assert found.problems == found.samples == 4


def test_right_and_not_right_and_levels_have_means_of_their_own():
    samples = [sample("a", tokens=10, level="1"), sample("b", tokens=30, level="2", outcome="wrong"),
               sample("c", tokens=50, level="2")]
    groups = {group.name: group.figures["tokens"].value for group in cell_figures("x", samples).groups}
    assert groups == {"right": 30, "not right": 30, "level 1": 10, "level 2": 40}


def test_intervals_between_switches_are_the_thoughts_that_were_left():
    samples = [sample(thoughts=thoughts(None, None, None, each=7)), sample("q", thoughts=thoughts(None))]
    found = cell_figures("x", samples)
    assert found.intervals == (7, 7)


def test_pass_and_majority_are_by_as_many_samples_as_every_problem_has():
    samples = [sample("a", number=n, outcome="right" if n < 2 else "wrong", said="1" if n < 2 else str(n))
               for n in range(5)] + [sample("b", number=n) for n in range(4)]
    found = cell_figures("x", samples)
    assert list(found.passed) == [1, 2, 4]
    assert found.passed[1] == pytest.approx((0.4 + 1) / 2)
    assert found.majority[1] == pytest.approx((0.4 + 1) / 2, abs=0.05)


def test_a_comparison_is_paired_by_problem_and_seed():
    samples = []
    for place in range(10):
        samples += [sample(f"p{place}", "plain", outcome="wrong", tokens=100),
                    sample(f"p{place}", "tip", outcome="right" if place < 6 else "wrong", tokens=120, switches=0)]
    samples.append(sample("alone", "tip"))
    found = compare("tip", "plain", samples)
    assert found is not None
    assert (found.problems, found.pairs, found.gained, found.lost) == (10, 10, 6, 0)
    assert (found.difference.value, found.tokens.value, found.switches.value) == pytest.approx((0.6, 20, -1))
    assert found.difference.interval is not None and found.difference.interval[0] > 0 and found.significant
    assert found.alike == 1.0  # all wrote the same three tokens


def test_there_is_no_comparison_without_a_pair():
    assert compare("tip", "plain", [sample("a", "tip"), sample("b", "plain")]) is None


@pytest.mark.parametrize(("left", "right", "place"), [
    ([1, 2, 3], [1, 2, 3], None), ([1, 2, 3], [1, 9, 3], 1), ([1, 2], [1, 2, 3], 2), ([], [1], 0)])
def test_texts_part_at_the_first_token_that_differs(left, right, place):
    assert parting(sample(token_ids=array("i", left)), sample(token_ids=array("i", right))) == place


def test_they_part_at_a_hold_where_a_switch_was_held_in_that_thought():
    plain = sample(token_ids=array("i", [1, 2, 3, 4]), thoughts=(ThoughtSpan(0, 2, 0), ThoughtSpan(2, 4, 0)))
    held = sample(token_ids=array("i", [1, 2, 9, 4]), thoughts=(ThoughtSpan(0, 4, 2),))
    other = sample(token_ids=array("i", [1, 2, 9, 4]), thoughts=(ThoughtSpan(0, 4, 0),))
    assert held_at(plain, held) and not held_at(plain, other) and not held_at(plain, plain)


def test_figures_of_thoughts_are_left_out_where_other_markers_tell_thoughts_apart():
    samples = [each for place in range(9) for each in (sample(f"p{place}", "plain"), sample(f"p{place}", "wait"))]
    found = cell_figures("wait", [each for each in samples if each.cell == "wait"], follows=False)
    assert found.counts["switches"].samples == 0 and found.counts["tokens"].samples == 9
    compared = compare("wait", "plain", samples, follows=False)
    assert compared is not None and compared.switches.samples == 0 and compared.tokens.samples == 9
