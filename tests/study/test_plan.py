"""A plan says what a study takes and what it can see, by what is known so far."""
from __future__ import annotations

import pytest

from localthink.study.folder import StudyFolder
from localthink.study.plan import plan, plan_lines
from localthink.study.problems import read_problems
from localthink.study.statistics import detectable
from study.making import SMALL, study


def planned(text, folder, speed=None):
    wanted = study(text)
    problems = {name: read_problems(wanted, data) for name in ("choose", "test")
                if (data := wanted.data(name)) is not None}
    return wanted, plan(wanted, problems, folder, speed)


def test_before_the_first_start_the_plan_counts_and_says_what_is_expected(tmp_path):
    wanted, found = planned(SMALL + "[budget]\nexpected_tokens = 150\nhours = 2", StudyFolder(tmp_path), speed=86.0)
    assert [(each.name, each.total, each.comparisons) for each in found.sets] == [
        ("choose", 32, (2, 1)), ("test", 54, (1, 1))]
    assert found.sets[0].detectable == (detectable(4, 2, comparisons=2), detectable(4, 2))
    assert (found.samples, found.tokens) == (86, 86 * 150)
    assert found.hours == pytest.approx(150 / 3600)
    text = "\n".join(plan_lines(wanted, found))
    for part in ("4 problems × 4 settings × 2 samples = 32 samples", "54 samples", "points or more (any of 2 settings)",
                 "86 samples of 150 (expected) = 12,900", "2 minutes at 86 tokens/s", "stops after 2 hours"):
        assert part in text


def test_what_nobody_knows_is_said(tmp_path):
    wanted, found = planned(SMALL, StudyFolder(tmp_path))
    assert (found.tokens, found.hours) == (None, None)
    assert "expected_tokens = 6000" in "\n".join(plan_lines(wanted, found))


def test_a_study_that_has_begun_is_planned_by_what_it_measured(finished):
    wanted, folder = finished
    problems = {name: read_problems(wanted, wanted.data(name)) for name in ("choose", "test")}
    found = plan(wanted, problems, folder)
    assert found.measured and 60 < found.each < 400 and found.speed > 0 and found.hours > 0


def test_models_share_a_plan(tmp_path):
    wanted, found = planned(SMALL.replace("samples = 2", "samples = 2\nmodels = ['countdown', 'other']"),
                            StudyFolder(tmp_path))
    assert found.samples == 172 and "all of it for 2 models" in plan_lines(wanted, found)
