"""A plan says what a study takes and what it can see, by what is known so far."""
from __future__ import annotations

import pytest

from batch.running import Watch
from localthink.batch.figures import Figures
from localthink.batch.status import write_status
from localthink.study.folder import StudyFolder, counted_problems
from localthink.study.plan import left, plan, plan_lines
from localthink.study.samples import read_samples
from localthink.study.statistics import detectable
from study.making import SMALL, study
from study.running import begun


def planned(text, folder, speed=None):
    wanted = study(text)
    return wanted, plan(wanted, {"choose": 4, "test": 9}, folder, speed)


def test_before_the_first_start_the_plan_counts_and_says_what_is_expected(tmp_path):
    wanted, found = planned(SMALL + "[budget]\nexpected_tokens = 150\nhours = 2", StudyFolder(tmp_path), speed=86.0)
    assert [(each.name, each.total, each.comparisons) for each in found.sets] == [
        ("choose", 32, (2, 1)), ("test", 54, (1, 1))]
    assert found.sets[0].detectable == (detectable(4, 2, comparisons=2), detectable(4, 2))
    assert (found.samples, found.tokens) == (86, 86 * 150)
    assert found.hours == pytest.approx(150 / 3600)
    text = "\n".join(plan_lines(wanted, found))
    for part in ("4 problems × 4 settings × 2 samples = 32 samples", "54 samples", "points or more (any of 2 settings)",
                 "86 samples of 150 (expected) = 12,900", "2 minutes, at 86 tokens/s", "stops after 2 hours"):
        assert part in text


def test_what_nobody_knows_is_said(tmp_path):
    wanted, found = planned(SMALL, StudyFolder(tmp_path))
    assert (found.tokens, found.hours) == (None, None)
    assert "expected_tokens = 6000" in "\n".join(plan_lines(wanted, found))


def test_a_study_that_has_begun_is_planned_by_what_it_measured(finished):
    wanted, folder = finished
    found = plan(wanted, counted_problems(folder), folder)
    assert found.done == found.samples == 86 and 60 < found.each < 400 and found.speed > 0 and found.hours == 0
    assert left(found) == "all 86 samples are done"


def test_what_is_left_is_counted_over_all_starts_while_a_resumed_study_runs(tmp_path):
    wanted, folder = begun(tmp_path, watch=Watch(stop_after=12))
    done = len(read_samples(folder.results("countdown", "choose")))
    tokens = sum(sample.tokens for sample in read_samples(folder.results("countdown", "choose")))
    live = Figures("running", samples=32, samples_done=done, tokens=40, speed=100.0)  # 40 of the latest start
    write_status(folder.run("countdown", "choose"), live)
    found = plan(wanted, counted_problems(folder), folder)
    assert (found.done, found.each, found.speed) == (done, tokens / done, 100.0)
    assert found.hours == pytest.approx((86 - done) * tokens / done / 100 / 3600)
    assert f"for the {86 - done} of 86 samples that are left, at 100 tokens/s" in left(found)


def test_models_share_a_plan(tmp_path):
    wanted, found = planned(SMALL.replace("samples = 2", "samples = 2\nmodels = ['countdown', 'other']"),
                            StudyFolder(tmp_path))
    assert found.samples == 172 and "all of it for 2 models" in plan_lines(wanted, found)
